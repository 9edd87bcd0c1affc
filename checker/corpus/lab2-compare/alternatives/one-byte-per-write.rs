// expect: passes
// about: rustix without std's print functions: every character of a line is a write of its own (the newline, which is the moment, comes last); the file is opened by O_PATH and then through /proc/self/fd; the private mapping begins read-only and gets its right to write by mprotect; the shared mapping is laid over it with MAP_FIXED; the file is looked at with preadv into 64 one-byte pieces.
use rustix::fd::{AsFd, AsRawFd, OwnedFd};
use rustix::fs::{FileType, Mode, OFlags};
use rustix::io::Errno;
use rustix::mm::{MapFlags, MprotectFlags, ProtFlags};
use std::ffi::c_void;
use std::io::IoSliceMut;
use std::process::exit;

fn put(fd: impl AsFd, bytes: &[u8]) {
    for b in bytes {
        loop {
            match rustix::io::write(&fd, std::slice::from_ref(b)) {
                Err(Errno::INTR) => continue,
                Err(_) => exit(1),
                Ok(_) => break,
            }
        }
    }
}

fn fact(label: &str, bytes: &[u8]) {
    let out = rustix::stdio::stdout();
    put(out, label.as_bytes());
    put(out, b":");
    if !bytes.is_empty() {
        put(out, b" ");
    }
    for &b in bytes {
        match b {
            b'\\' | 0..=0x1f | 0x7f.. => put(out, format!("\\x{b:02x}").as_bytes()),
            _ => put(out, &[b]),
        }
    }
    put(out, b"\n");
}

fn die(name: &str, e: &str) -> ! {
    eprintln!("lab2-compare: `{name}`: {e}");
    exit(1)
}

fn reopen(name: &str, place: &OwnedFd, how: OFlags) -> Result<OwnedFd, Errno> {
    let how = how | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let by_number = format!("/proc/self/fd/{}", place.as_raw_fd());
    match rustix::fs::open(by_number.as_str(), how, Mode::empty()) {
        Err(Errno::NOENT) => rustix::fs::open(name, how, Mode::empty()),
        other => other,
    }
}

fn look(fd: &OwnedFd, n: usize) -> Result<Vec<u8>, Errno> {
    let mut bytes = vec![0u8; n];
    let mut got = 0;
    while got < n {
        let mut pieces: Vec<IoSliceMut> = bytes[got..].chunks_mut(1).map(IoSliceMut::new).collect();
        match rustix::io::preadv(fd, &mut pieces, got as u64) {
            Err(Errno::INTR) => {}
            Err(e) => return Err(e),
            Ok(0) => break,
            Ok(k) => got += k,
        }
    }
    bytes.truncate(got);
    Ok(bytes)
}

unsafe fn store(to: *mut u8, text: &[u8]) {
    for (i, b) in text.iter().enumerate().rev() {
        unsafe { to.add(i).write_volatile(*b) };
    }
}

unsafe fn head(from: *const u8, n: usize) -> Vec<u8> {
    (0..n)
        .map(|i| unsafe { from.add(i).read_volatile() })
        .collect()
}

fn run(name: &str, text: &[u8]) -> Result<(), Errno> {
    let place = rustix::fs::open(name, OFlags::PATH | OFlags::CLOEXEC, Mode::empty())?;
    let st = rustix::fs::fstat(&place)?;
    if FileType::from_raw_mode(st.st_mode) != FileType::RegularFile {
        die(name, "this is not a regular file");
    }
    let file = reopen(name, &place, OFlags::RDONLY)?;
    let size = rustix::fs::fstat(&file)?.st_size as usize;
    fact("size", size.to_string().as_bytes());
    if size == 0 {
        for label in [
            "private mapping",
            "private file",
            "shared mapping",
            "shared file",
        ] {
            fact(label, b"");
        }
        return Ok(());
    }
    let text = &text[..text.len().min(size)];
    let shown = size.min(64);
    let need = shown.max(text.len());
    let both = ProtFlags::READ | ProtFlags::WRITE;

    unsafe {
        let at: *mut c_void = rustix::mm::mmap(
            std::ptr::null_mut(),
            need,
            ProtFlags::READ,
            MapFlags::PRIVATE,
            &file,
            0,
        )?;
        rustix::mm::mprotect(at, need, MprotectFlags::READ | MprotectFlags::WRITE)?;
        store(at.cast(), text);
        fact("private mapping", &head(at.cast(), shown));
        fact("private file", &look(&file, shown)?);

        let file = reopen(name, &place, OFlags::RDWR)?;
        let at = rustix::mm::mmap(at, need, both, MapFlags::SHARED | MapFlags::FIXED, &file, 0)?;
        store(at.cast(), text);
        fact("shared mapping", &head(at.cast(), shown));
        fact("shared file", &look(&file, shown)?);
        rustix::mm::munmap(at, need)?;
    }
    Ok(())
}

fn main() {
    let args: Vec<String> = std::env::args().collect();
    if args.len() != 3 {
        eprintln!("usage: lab2-compare FILE TEXT");
        exit(2);
    }
    if let Err(e) = run(&args[1], args[2].as_bytes()) {
        die(&args[1], &e.to_string());
    }
}
