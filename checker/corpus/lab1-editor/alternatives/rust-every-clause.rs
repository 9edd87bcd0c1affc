// expect: passes
// about: Every clause in Rust with std and libc: a Mapping that unmaps itself, flock, fallocate, errors as values.

use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::{self, Error, ErrorKind};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::io::AsRawFd;
use std::process::ExitCode;
use std::ptr;

struct Mapping {
    base: *mut u8,
    length: usize,
    lead: usize,
}

impl Mapping {
    /// Maps `length` bytes (not 0) from `offset` on; the offset need not be aligned.
    fn new(
        file: &File,
        offset: u64,
        length: usize,
        protection: libc::c_int,
    ) -> io::Result<Mapping> {
        let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) } as u64;
        let lead = (offset % page) as usize;
        let start = offset - lead as u64;
        let base = unsafe {
            libc::mmap(
                ptr::null_mut(),
                lead + length,
                protection,
                libc::MAP_SHARED,
                file.as_raw_fd(),
                start as i64,
            )
        };
        if base == libc::MAP_FAILED {
            return Err(Error::last_os_error());
        }
        Ok(Mapping {
            base: base.cast(),
            length: lead + length,
            lead,
        })
    }

    fn load(&self, out: &mut [u8]) {
        assert!(out.len() <= self.length - self.lead);
        unsafe { ptr::copy_nonoverlapping(self.base.add(self.lead), out.as_mut_ptr(), out.len()) }
    }

    fn store(&self, bytes: &[u8]) {
        assert!(bytes.len() <= self.length - self.lead);
        unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), self.base.add(self.lead), bytes.len()) }
    }

    fn sync(&self) -> io::Result<()> {
        match unsafe { libc::msync(self.base.cast(), self.length, libc::MS_SYNC) } {
            0 => Ok(()),
            _ => Err(Error::last_os_error()),
        }
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        unsafe { libc::munmap(self.base.cast(), self.length) };
    }
}

const READ_WRITE: libc::c_int = libc::PROT_READ | libc::PROT_WRITE;

fn open(path: &std::ffi::OsStr, write: bool) -> io::Result<(File, u64)> {
    let file = OpenOptions::new()
        .read(true)
        .write(write)
        .custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY)
        .open(path)?;
    if !file.metadata()?.is_file() {
        return Err(Error::new(ErrorKind::InvalidInput, "not a regular file"));
    }
    if write && unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_EX) } != 0 {
        return Err(Error::last_os_error());
    }
    let size = file.metadata()?.len();
    Ok((file, size))
}

fn grow(file: &File, old: u64, by: u64) -> io::Result<()> {
    if unsafe { libc::fallocate(file.as_raw_fd(), 0, old as i64, by as i64) } == 0 {
        return Ok(());
    }
    let error = Error::last_os_error();
    match error.raw_os_error() {
        Some(libc::EOPNOTSUPP) | Some(libc::ENOSYS) => file.set_len(old + by),
        _ => Err(error),
    }
}

fn run(arguments: &[std::ffi::OsString]) -> io::Result<()> {
    let path = &arguments[1];
    let text = arguments.get(2).map(|t| t.as_bytes()).unwrap_or(b"");
    match arguments[0].as_bytes() {
        b"show" => {
            let (file, size) = open(path, false)?;
            let mut head = vec![0; size.min(64) as usize];
            if size > 0 {
                Mapping::new(&file, 0, head.len(), libc::PROT_READ)?.load(&mut head);
            }
            let mut content = String::new();
            for &b in &head {
                match b {
                    b'\\' | 0..=0x1f | 0x7f..=0xff => write!(content, "\\x{b:02x}").unwrap(),
                    _ => content.push(b as char),
                }
            }
            println!("size: {size}");
            println!("content: {content}");
        }
        b"overwrite" => {
            let (file, size) = open(path, true)?;
            let kept = &text[..text.len().min(size as usize)];
            println!("size: {size}");
            let mapping = match kept.len() {
                0 => None,
                n => Some(Mapping::new(&file, 0, n, READ_WRITE)?),
            };
            mapping.iter().for_each(|m| m.store(kept));
            println!("written: {}", kept.len());
            println!("cut: {}", text.len() - kept.len());
            mapping.iter().try_for_each(|m| m.sync())?;
            println!("synced: {}", kept.len());
        }
        _ => {
            let (file, size) = open(path, true)?;
            if !text.is_empty() {
                let attempt = grow(&file, size, text.len() as u64).and_then(|()| {
                    let mapping = Mapping::new(&file, size, text.len(), READ_WRITE)?;
                    mapping.store(text);
                    mapping.sync()
                });
                if attempt.is_err() && file.metadata()?.len() != size {
                    file.set_len(size)?;
                }
                attempt?;
            }
            println!("size: {size}");
            println!("appended: {}", text.len());
            println!("synced: {}", text.len());
            println!("new size: {}", size + text.len() as u64);
        }
    }
    Ok(())
}

fn main() -> ExitCode {
    unsafe { libc::signal(libc::SIGXFSZ, libc::SIG_IGN) };
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    let right = match arguments.first().map(|a| a.as_bytes()) {
        Some(b"show") => arguments.len() == 2,
        Some(b"overwrite" | b"append") => arguments.len() == 3,
        _ => false,
    };
    if !right {
        eprintln!("usage: lab1-editor show FILE | overwrite FILE TEXT | append FILE TEXT");
        return ExitCode::from(2);
    }
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("lab1-editor: {}: {error}", arguments[1].to_string_lossy());
            ExitCode::FAILURE
        }
    }
}
