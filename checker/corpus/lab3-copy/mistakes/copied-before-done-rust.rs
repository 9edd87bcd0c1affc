// expect: fails 12 with copied-before-done
// stretch: fails 8, 10, 11, 14
// about: Both facts are printed as soon as the bytes are copied; then the source turns out to be shorter than it was.

use std::fs::{File, OpenOptions};
use std::io::{Error, ErrorKind, Result};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::os::unix::io::AsRawFd;

fn map(file: &File, length: usize, protection: i32) -> Result<*mut u8> {
    let p = unsafe {
        libc::mmap(
            std::ptr::null_mut(),
            length,
            protection,
            libc::MAP_SHARED,
            file.as_raw_fd(),
            0,
        )
    };
    match p {
        libc::MAP_FAILED => Err(Error::last_os_error()),
        p => Ok(p.cast()),
    }
}

fn regular(file: File) -> Result<File> {
    match file.metadata()?.is_file() {
        true => Ok(file),
        false => Err(Error::new(ErrorKind::Other, "not a regular file")),
    }
}

fn main() {
    let a: Vec<_> = std::env::args_os().collect();
    if a.len() != 3 {
        eprintln!("usage: lab3-copy SOURCE DESTINATION");
        std::process::exit(2);
    }
    let name = std::cell::Cell::new(1);
    let copy = || -> Result<()> {
        let mut options = OpenOptions::new();
        options.read(true).custom_flags(libc::O_NONBLOCK);
        let source = regular(options.open(&a[1])?)?;
        let s = source.metadata()?;
        let length = s.len() as usize;
        let from = match length {
            0 => None,
            _ => Some(map(&source, length, libc::PROT_READ)?),
        };

        name.set(2);
        options.write(true).create(true).mode(s.mode() & 0o777);
        let target = regular(options.open(&a[2])?)?;
        let d = target.metadata()?;
        if (s.dev(), s.ino()) == (d.dev(), d.ino()) {
            return Err(Error::new(ErrorKind::Other, "is the source itself"));
        }
        target.set_len(s.len())?;
        if let Some(from) = from {
            let to = map(&target, length, libc::PROT_READ | libc::PROT_WRITE)?;
            unsafe { std::ptr::copy_nonoverlapping(from, to, length) };
        }
        println!("size: {length}");
        println!("copied: {length}");

        name.set(1);
        if source.metadata()?.len() != s.len() {
            return Err(Error::new(ErrorKind::Other, "changed its length meanwhile"));
        }
        Ok(())
    };
    if let Err(e) = copy() {
        eprintln!("lab3-copy: {}: {e}", a[name.get()].to_string_lossy());
        std::process::exit(1);
    }
}
