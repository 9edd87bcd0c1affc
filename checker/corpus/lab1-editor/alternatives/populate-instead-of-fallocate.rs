// expect: passes
// about: append grows by ftruncate and then asks madvise(MADV_POPULATE_WRITE) whether the pages can be had (an error, never a SIGBUS, if the disk is full) and takes the length back if not; whole-file lock by F_OFD_SETLKW from SEEK_CUR, file mapped with MAP_FIXED into an address range reserved before, each line by writev of its pieces.

use std::ffi::{CStr, CString, OsString};
use std::os::unix::ffi::OsStringExt;
use std::ptr::null_mut;

const PAGE: usize = 4096;

struct Failure(&'static str, i32);

fn errno() -> i32 {
    std::io::Error::last_os_error()
        .raw_os_error()
        .unwrap_or(libc::EIO)
}

fn check(what: &'static str, r: i64) -> Result<i64, Failure> {
    if r < 0 {
        Err(Failure(what, errno()))
    } else {
        Ok(r)
    }
}

/// One line, one writev.
fn line(fd: i32, pieces: &[&[u8]]) {
    let mut v: Vec<libc::iovec> = pieces
        .iter()
        .map(|p| libc::iovec {
            iov_base: p.as_ptr() as *mut _,
            iov_len: p.len(),
        })
        .collect();
    v.push(libc::iovec {
        iov_base: b"\n".as_ptr() as *mut _,
        iov_len: 1,
    });
    unsafe { libc::writev(fd, v.as_ptr(), v.len() as i32) };
}

fn fact(name: &str, value: u64) {
    line(1, &[name.as_bytes(), b": ", value.to_string().as_bytes()]);
}

fn size(fd: i32) -> Result<u64, Failure> {
    unsafe {
        let mut st: libc::stat = std::mem::zeroed();
        check("fstat", libc::fstat(fd, &mut st) as i64)?;
        if st.st_mode & libc::S_IFMT != libc::S_IFREG {
            return Err(Failure("not a regular file", libc::EINVAL));
        }
        Ok(st.st_size as u64)
    }
}

fn open(name: &CStr, mode: i32) -> Result<i32, Failure> {
    let flags = mode | libc::O_NONBLOCK | libc::O_NOCTTY | libc::O_CLOEXEC;
    check("open", unsafe { libc::open(name.as_ptr(), flags) } as i64).map(|fd| fd as i32)
}

/// Maps the bytes at..at+n (n > 0) of the file; gives the address of the page and that of the byte.
fn map(fd: i32, prot: i32, at: u64, n: usize) -> Result<(*mut u8, *mut u8, usize), Failure> {
    let skip = (at % PAGE as u64) as usize;
    let len = (skip + n).next_multiple_of(PAGE);
    unsafe {
        // a place with a free page on each side, so that a store beside it would be noticed
        let hold = libc::mmap(
            null_mut(),
            len + 2 * PAGE,
            libc::PROT_NONE,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE,
            -1,
            0,
        );
        if hold == libc::MAP_FAILED {
            return Err(Failure("mmap", errno()));
        }
        let here = hold.cast::<u8>().add(PAGE);
        let off = (at - skip as u64) as i64;
        let p = libc::mmap(
            here.cast(),
            len,
            prot,
            libc::MAP_SHARED | libc::MAP_FIXED,
            fd,
            off,
        );
        if p == libc::MAP_FAILED {
            return Err(Failure("mmap", errno()));
        }
        Ok((here, here.add(skip), len))
    }
}

fn store(to: *mut u8, text: &[u8]) {
    for (i, b) in text.iter().enumerate() {
        unsafe { to.add(i).write_volatile(*b) };
    }
}

fn show(name: &CStr) -> Result<(), Failure> {
    let fd = open(name, libc::O_RDONLY)?;
    let size = size(fd)?;
    fact("size", size);
    let mut text = Vec::new();
    if size > 0 {
        let n = size.min(64) as usize;
        let (_, p, _) = map(fd, libc::PROT_READ, 0, n)?;
        for i in 0..n {
            let b = unsafe { p.add(i).read_volatile() };
            if (0x20..0x7f).contains(&b) && b != 0x5c {
                text.push(b);
            } else {
                text.extend(format!("\\x{b:02x}").into_bytes());
            }
        }
    }
    line(1, &[b"content: ", &text]);
    Ok(())
}

fn overwrite(name: &CStr, text: &[u8]) -> Result<(), Failure> {
    let fd = open(name, libc::O_RDWR)?;
    let size = size(fd)?;
    let n = size.min(text.len() as u64) as usize;
    fact("size", size);
    fact("written", n as u64);
    fact("cut", (text.len() - n) as u64);
    if n > 0 {
        let (page, p, len) = map(fd, libc::PROT_READ | libc::PROT_WRITE, 0, n)?;
        store(p, &text[..n]);
        check(
            "msync",
            unsafe { libc::msync(page.cast(), len, libc::MS_SYNC) } as i64,
        )?;
    }
    fact("synced", n as u64);
    Ok(())
}

fn append(name: &CStr, text: &[u8]) -> Result<(), Failure> {
    let fd = open(name, libc::O_RDWR)?;
    size(fd)?;
    unsafe {
        // the position is 0: from there to the end, however far that moves
        let mut l: libc::flock = std::mem::zeroed();
        l.l_type = libc::F_WRLCK as i16;
        l.l_whence = libc::SEEK_CUR as i16;
        while libc::fcntl(fd, libc::F_OFD_SETLKW, &l) < 0 {
            if errno() != libc::EINTR {
                return Err(Failure("lock", errno()));
            }
        }
    }
    let old = size(fd)?;
    fact("size", old);
    let len = text.len();
    if len > 0 {
        let back = |f: Failure| {
            unsafe { libc::ftruncate(fd, old as i64) };
            f
        };
        check(
            "cannot grow",
            unsafe { libc::ftruncate(fd, old as i64 + len as i64) } as i64,
        )?;
        let (page, p, whole) =
            map(fd, libc::PROT_READ | libc::PROT_WRITE, old, len).map_err(back)?;
        loop {
            let r = unsafe { libc::madvise(page.cast(), whole, libc::MADV_POPULATE_WRITE) };
            match (r, errno()) {
                (0, _) => break,
                (_, libc::EINTR | libc::EAGAIN) => continue,
                (_, libc::EFAULT) => return Err(back(Failure("no room", libc::ENOSPC))),
                (_, e) => return Err(back(Failure("no pages", e))),
            }
        }
        store(p, text);
        fact("appended", len as u64);
        check(
            "msync",
            unsafe { libc::msync(page.cast(), whole, libc::MS_SYNC) } as i64,
        )?;
    } else {
        fact("appended", 0);
    }
    fact("synced", len as u64);
    fact("new size", old + len as u64);
    Ok(())
}

fn main() {
    let args: Vec<CString> = std::env::args_os()
        .map(|a: OsString| CString::new(a.into_vec()).unwrap())
        .collect();
    let words: Vec<&[u8]> = args.iter().map(|a| a.as_bytes()).collect();
    let done = match words.as_slice() {
        [_, b"show", _] => show(&args[2]),
        [_, b"overwrite", _, text] => overwrite(&args[2], text),
        [_, b"append", _, text] => append(&args[2], text),
        _ => {
            line(
                2,
                &[b"usage: lab1-editor show FILE, overwrite FILE TEXT, append FILE TEXT"],
            );
            std::process::exit(2);
        }
    };
    if let Err(Failure(what, e)) = done {
        let why = std::io::Error::from_raw_os_error(e).to_string();
        line(
            2,
            &[
                b"lab1-editor: ",
                words[2],
                b": ",
                what.as_bytes(),
                b": ",
                why.as_bytes(),
            ],
        );
        std::process::exit(1);
    }
}
