// expect: passes
// about: rustix, which makes its system calls without the C library; windows of three pages, stored from the last to the first, each through an inaccessible mapping that mprotect opens for the time of the copy; all windows stay and are synced afterwards, one by one; show maps the whole file.
use std::ffi::OsString;
use std::io::Write;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::ptr::{copy_nonoverlapping, null_mut};

use rustix::fs::{
    CWD, FallocateFlags, FileType, FlockOperation, Mode, OFlags, fallocate, flock, fstat,
    ftruncate, openat,
};
use rustix::io::{Errno, retry_on_intr};
use rustix::mm::{MapFlags, MprotectFlags, MsyncFlags, ProtFlags, mmap, mprotect, msync, munmap};
use rustix::process::{Resource, getrlimit};

const WINDOW: u64 = 3 * 4096;

fn open(path: &OsString, mode: OFlags) -> Result<(OwnedFd, u64), Errno> {
    let flags = mode | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let fd = retry_on_intr(|| openat(CWD, path, flags, Mode::empty()))?;
    let st = fstat(&fd)?;
    match FileType::from_raw_mode(st.st_mode) {
        FileType::RegularFile => Ok((fd, st.st_size as u64)),
        FileType::Directory => Err(Errno::ISDIR),
        _ => Err(Errno::INVAL),
    }
}

/// Where a window lies: its mapping starts on the page of its first byte.
struct Window {
    base: *mut core::ffi::c_void,
    len: usize,
}

/// Stores `text` at `at`, the last window first.
fn store(fd: &OwnedFd, at: u64, text: &[u8]) -> Result<Vec<Window>, Errno> {
    let mut windows = Vec::new();
    let end = at + text.len() as u64;
    let mut low = (end - 1) / WINDOW * WINDOW;
    loop {
        let from = low.max(at);
        let to = (low + WINDOW).min(end);
        let page = from / 4096 * 4096;
        let len = (to - page) as usize;
        let part = &text[(from - at) as usize..(to - at) as usize];
        unsafe {
            let base = mmap(
                null_mut(),
                len,
                ProtFlags::empty(),
                MapFlags::SHARED,
                fd,
                page,
            )?;
            mprotect(base, len, MprotectFlags::READ | MprotectFlags::WRITE)?;
            copy_nonoverlapping(
                part.as_ptr(),
                base.cast::<u8>().add((from - page) as usize),
                part.len(),
            );
            mprotect(base, len, MprotectFlags::READ)?;
            windows.push(Window { base, len });
        }
        if from == at {
            return Ok(windows);
        }
        low -= WINDOW;
    }
}

fn sync(windows: Vec<Window>) -> Result<(), Errno> {
    for w in windows {
        unsafe {
            msync(w.base, w.len, MsyncFlags::SYNC)?;
            munmap(w.base, w.len)?;
        }
    }
    Ok(())
}

fn show(path: &OsString) -> Result<(), Errno> {
    let (fd, size) = open(path, OFlags::RDONLY)?;
    let mut content = String::new();
    if size > 0 {
        let base = unsafe {
            mmap(
                null_mut(),
                size as usize,
                ProtFlags::READ,
                MapFlags::SHARED,
                &fd,
                0,
            )?
        };
        drop(fd);
        let bytes = unsafe { std::slice::from_raw_parts(base.cast::<u8>(), size.min(64) as usize) };
        for b in bytes {
            content += &match b {
                0x5c => "\\x5c".to_string(),
                0x20..0x7f => char::from(*b).to_string(),
                _ => format!("\\x{:02x}", b),
            };
        }
        content.insert(0, ' ');
    }
    println!("size: {size}");
    println!("content:{content}");
    Ok(())
}

fn overwrite(path: &OsString, text: &[u8]) -> Result<(), Errno> {
    let (fd, size) = open(path, OFlags::RDWR)?;
    let room = usize::try_from(size).unwrap().min(text.len());
    let (now, cut) = text.split_at(room);
    println!("size: {size}");
    let windows = if now.is_empty() {
        Vec::new()
    } else {
        store(&fd, 0, now)?
    };
    println!("written: {}", now.len());
    println!("cut: {}", cut.len());
    sync(windows)?;
    println!("synced: {}", now.len());
    Ok(())
}

fn append(path: &OsString, text: &[u8]) -> Result<(), Errno> {
    let (fd, _) = open(path, OFlags::RDWR)?;
    retry_on_intr(|| flock(&fd, FlockOperation::LockExclusive))?;
    let old = fstat(&fd)?.st_size as u64;
    println!("size: {old}");
    let mut windows = Vec::new();
    if !text.is_empty() {
        // asked before, so that nothing is touched in vain
        if getrlimit(Resource::Fsize)
            .current
            .is_some_and(|most| old + text.len() as u64 > most)
        {
            return Err(Errno::FBIG);
        }
        let grown =
            retry_on_intr(|| fallocate(&fd, FallocateFlags::empty(), old, text.len() as u64));
        windows = match grown.and_then(|()| store(&fd, old, text)) {
            Ok(w) => w,
            Err(e) => {
                if fstat(&fd)?.st_size as u64 != old {
                    ftruncate(&fd, old)?;
                }
                return Err(e);
            }
        };
    }
    // stored for good or not yet: the place is taken, and the next one may come
    flock(&fd, FlockOperation::Unlock)?;
    println!("appended: {}", text.len());
    sync(windows)?;
    println!("synced: {}", text.len());
    println!("new size: {}", old + text.len() as u64);
    Ok(())
}

fn main() {
    let args: Vec<OsString> = std::env::args_os().collect();
    let words: Vec<&[u8]> = args.iter().map(|a| a.as_bytes()).collect();
    let result = match words.as_slice() {
        [_, b"show", _] => show(&args[2]),
        [_, b"overwrite", _, text] => overwrite(&args[2], text),
        [_, b"append", _, text] => append(&args[2], text),
        _ => {
            eprintln!("usage:  lab1-editor ( show FILE | overwrite FILE TEXT | append FILE TEXT )");
            std::process::exit(2)
        }
    };
    if let Err(e) = result {
        let mut line = b"cannot edit <".to_vec();
        line.extend_from_slice(words[2]);
        line.extend_from_slice(format!(">: {e}\n").as_bytes());
        let _ = std::io::stderr().write_all(&line);
        std::process::exit(1)
    }
}
