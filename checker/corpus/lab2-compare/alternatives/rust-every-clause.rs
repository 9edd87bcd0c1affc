// expect: passes
// about: Every clause in Rust with std and libc: looks through a fresh read-only private mapping each time, holds the private mapping until the end.

use std::ffi::{OsStr, c_int};
use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;

struct Map(*mut u8, usize);

impl Map {
    fn of(file: &File, length: usize, prot: c_int, flags: c_int) -> io::Result<Self> {
        if length == 0 {
            return Ok(Map(std::ptr::null_mut(), 0));
        }
        let p = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                length,
                prot,
                flags,
                file.as_raw_fd(),
                0,
            )
        };
        if p == libc::MAP_FAILED {
            Err(io::Error::last_os_error())
        } else {
            Ok(Map(p.cast(), length))
        }
    }

    fn preview(&self) -> String {
        (0..self.1.min(64))
            .map(|i| unsafe { self.0.add(i).read_volatile() })
            .map(|b| {
                if (0x20..=0x7e).contains(&b) && b != 0x5c {
                    (b as char).to_string()
                } else {
                    format!("\\x{b:02x}")
                }
            })
            .collect()
    }

    fn store(&self, bytes: &[u8]) {
        for (i, b) in bytes.iter().enumerate().take(self.1) {
            unsafe { self.0.add(i).write_volatile(*b) }
        }
    }
}

impl Drop for Map {
    fn drop(&mut self) {
        if self.1 > 0 {
            unsafe { libc::munmap(self.0.cast(), self.1) };
        }
    }
}

fn open(path: &OsStr, write: bool) -> io::Result<File> {
    let file = OpenOptions::new()
        .read(true)
        .write(write)
        .custom_flags(libc::O_NONBLOCK)
        .open(path)?;
    if file.metadata()?.is_file() {
        Ok(file)
    } else {
        Err(io::Error::from_raw_os_error(libc::ENODEV))
    }
}

fn look(file: &File) -> io::Result<String> {
    let length = file.metadata()?.len().min(64) as usize;
    Ok(Map::of(file, length, libc::PROT_READ, libc::MAP_PRIVATE)?.preview())
}

fn compare(path: &OsStr, text: &[u8]) -> io::Result<()> {
    let both = libc::PROT_READ | libc::PROT_WRITE;
    let file = open(path, false)?;
    let size = file.metadata()?.len();
    let text = &text[..text.len().min(size as usize)];
    let length = (size as usize).min(text.len().max(64));
    println!("size: {size}");

    let own = Map::of(&file, length, both, libc::MAP_PRIVATE)?;
    own.store(text);
    println!("private mapping: {}", own.preview());
    println!("private file: {}", look(&file)?);

    let file = open(path, true)?;
    let common = Map::of(&file, length, both, libc::MAP_SHARED)?;
    common.store(text);
    println!("shared mapping: {}", common.preview());
    println!("shared file: {}", look(&file)?);
    Ok(())
}

fn main() {
    let arguments: Vec<_> = std::env::args_os().collect();
    let [_, path, text] = &arguments[..] else {
        eprintln!("usage: lab2-compare FILE TEXT");
        std::process::exit(2);
    };
    if let Err(e) = compare(path, text.as_bytes()) {
        eprintln!("{}: {e}", path.to_string_lossy());
        std::process::exit(1);
    }
}
