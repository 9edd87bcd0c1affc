// expect: fails 3, 5 with panicked
// also: 6, 13
// stretch: fails 8, 10, 11, 14
// about: The copy goes page by page and indexes past the end with the last, partial page; on an empty file a length that cannot be 0 is unwrapped.

use std::fs::{File, OpenOptions};
use std::io::{Error, ErrorKind, Result};
use std::num::NonZeroUsize;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::os::unix::io::AsRawFd;

fn map(file: &File, length: NonZeroUsize, protection: i32) -> Result<*mut u8> {
    let p = unsafe {
        libc::mmap(
            std::ptr::null_mut(),
            length.get(),
            protection,
            libc::MAP_SHARED,
            file.as_raw_fd(),
            0,
        )
    };
    if p == libc::MAP_FAILED {
        Err(Error::last_os_error())
    } else {
        Ok(p.cast())
    }
}

fn regular(file: File) -> Result<File> {
    if file.metadata()?.is_file() {
        Ok(file)
    } else {
        Err(Error::new(ErrorKind::Other, "not a regular file"))
    }
}

fn main() {
    let a: Vec<_> = std::env::args_os().collect();
    if a.len() != 3 {
        eprintln!("usage: lab3-copy SOURCE DESTINATION");
        std::process::exit(2);
    }
    let name = std::cell::Cell::new(1);
    let copy = || -> Result<usize> {
        let source = regular(
            OpenOptions::new()
                .read(true)
                .custom_flags(libc::O_NONBLOCK)
                .open(&a[1])?,
        )?;
        let s = source.metadata()?;
        name.set(2);
        let target = regular(
            OpenOptions::new()
                .read(true)
                .write(true)
                .create(true)
                .mode(s.mode() & 0o777)
                .custom_flags(libc::O_NONBLOCK)
                .open(&a[2])?,
        )?;
        let d = target.metadata()?;
        if (s.dev(), s.ino()) == (d.dev(), d.ino()) {
            return Err(Error::new(ErrorKind::Other, "is the source itself"));
        }
        target.set_len(s.len())?;
        let length = NonZeroUsize::new(s.len() as usize).unwrap();
        let from = unsafe {
            std::slice::from_raw_parts(map(&source, length, libc::PROT_READ)?, length.get())
        };
        let to = map(&target, length, libc::PROT_READ | libc::PROT_WRITE)?;
        let to = unsafe { std::slice::from_raw_parts_mut(to, length.get()) };
        for at in (0..length.get()).step_by(4096) {
            to[at..at + 4096].copy_from_slice(&from[at..at + 4096]);
        }
        if source.metadata()?.len() != s.len() {
            return Err(Error::new(ErrorKind::Other, "changed its length meanwhile"));
        }
        Ok(length.get())
    };
    match copy() {
        Ok(n) => println!("size: {n}\ncopied: {n}"),
        Err(e) => {
            eprintln!("lab3-copy: {}: {e}", a[name.get()].to_string_lossy());
            std::process::exit(1);
        }
    }
}
