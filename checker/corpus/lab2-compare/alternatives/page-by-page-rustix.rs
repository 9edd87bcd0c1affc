// expect: passes
// about: No libc calls for files or memory (rustix with raw system calls); the part that is shown and stored into is mapped page by page with MAP_FIXED into reserved address space, TEXT is stored from its last byte to its first, the file is looked at through a fresh private read-only mapping, and the private mapping stands to the end.
use rustix::fs::{FileType, Mode, OFlags};
use rustix::mm::{MapFlags, ProtFlags};
use std::ffi::{OsStr, OsString};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::process::exit;
use std::ptr;

const PAGE: usize = 4096;

fn put(fd: std::os::fd::BorrowedFd<'_>, mut bytes: &[u8]) {
    while !bytes.is_empty() {
        match rustix::io::write(fd, bytes) {
            Ok(n) => bytes = &bytes[n..],
            Err(rustix::io::Errno::INTR) => {}
            Err(_) => exit(1),
        }
    }
}

fn fail(name: &OsStr, what: &str, e: Option<rustix::io::Errno>) -> ! {
    let mut line = Vec::new();
    line.extend_from_slice(what.as_bytes());
    line.extend_from_slice(b" <");
    line.extend_from_slice(name.as_bytes());
    line.push(b'>');
    if let Some(e) = e {
        line.extend_from_slice(format!(" gave error number {}", e.raw_os_error()).as_bytes());
    }
    line.push(b'\n');
    put(rustix::stdio::stderr(), &line);
    exit(1)
}

fn fact(label: &str, at: *const u8, len: usize) {
    let mut line = Vec::with_capacity(300);
    line.extend_from_slice(label.as_bytes());
    line.push(b':');
    for i in 0..len.min(64) {
        if i == 0 {
            line.push(b' ');
        }
        let b = unsafe { ptr::read_volatile(at.add(i)) };
        if (0x20..0x7f).contains(&b) && b != b'\\' {
            line.push(b);
        } else {
            line.extend_from_slice(b"\\x");
            line.push(b"0123456789abcdef"[(b >> 4) as usize]);
            line.push(b"0123456789abcdef"[(b & 15) as usize]);
        }
    }
    line.push(b'\n');
    put(rustix::stdio::stdout(), &line);
}

/// Maps the first `len` bytes of the file, one page at a time.
fn pages(name: &OsStr, fd: &OwnedFd, len: usize, flags: MapFlags) -> *mut u8 {
    let room = len.next_multiple_of(PAGE);
    unsafe {
        let base = rustix::mm::mmap_anonymous(
            ptr::null_mut(),
            room,
            ProtFlags::empty(),
            MapFlags::PRIVATE | MapFlags::NORESERVE,
        )
        .unwrap_or_else(|e| fail(name, "no address space for", Some(e)));
        let mut off = 0;
        while off < room {
            rustix::mm::mmap(
                base.cast::<u8>().add(off).cast(),
                PAGE,
                ProtFlags::READ | ProtFlags::WRITE,
                flags | MapFlags::FIXED,
                fd,
                off as u64,
            )
            .unwrap_or_else(|e| fail(name, "mapping a page of", Some(e)));
            off += PAGE;
        }
        base.cast()
    }
}

fn store_backwards(to: *mut u8, text: &[u8]) {
    for i in (0..text.len()).rev() {
        unsafe { ptr::write_volatile(to.add(i), text[i]) };
    }
}

fn fact_of_file(label: &str, name: &OsStr, fd: &OwnedFd, len: usize) {
    let len = len.min(64);
    unsafe {
        let view = rustix::mm::mmap(
            ptr::null_mut(),
            len,
            ProtFlags::READ,
            MapFlags::PRIVATE,
            fd,
            0,
        )
        .unwrap_or_else(|e| fail(name, "looking at", Some(e)));
        fact(label, view.cast(), len);
        let _ = rustix::mm::munmap(view, len);
    }
}

fn main() {
    let args: Vec<OsString> = std::env::args_os().collect();
    if args.len() != 3 {
        put(rustix::stdio::stderr(), b"usage: lab2-compare FILE TEXT\n");
        exit(2);
    }
    let name = args[1].as_os_str();
    let text = args[2].as_bytes();
    let quiet = OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let fd = rustix::fs::open(name, OFlags::RDONLY | quiet, Mode::empty())
        .unwrap_or_else(|e| fail(name, "opening", Some(e)));
    let st = rustix::fs::fstat(&fd).unwrap_or_else(|e| fail(name, "stat of", Some(e)));
    if FileType::from_raw_mode(st.st_mode) != FileType::RegularFile {
        fail(name, "this is no regular file:", None);
    }
    let size = st.st_size as u64;
    put(
        rustix::stdio::stdout(),
        format!("size: {size}\n").as_bytes(),
    );
    if size == 0 {
        for label in [
            "private mapping",
            "private file",
            "shared mapping",
            "shared file",
        ] {
            fact(label, ptr::null(), 0);
        }
        exit(0);
    }
    let text = &text[..(text.len() as u64).min(size) as usize];
    let len = (text.len().max(64) as u64).min(size) as usize;

    let private = pages(name, &fd, len, MapFlags::PRIVATE);
    store_backwards(private, text);
    fact("private mapping", private, len);
    fact_of_file("private file", name, &fd, len);

    let fd = rustix::fs::open(name, OFlags::RDWR | quiet, Mode::empty())
        .unwrap_or_else(|e| fail(name, "opening for writing", Some(e)));
    let shared = pages(name, &fd, len, MapFlags::SHARED);
    store_backwards(shared, text);
    fact("shared mapping", shared, len);
    fact_of_file("shared file", name, &fd, len);
    // the mappings go with the process
}
