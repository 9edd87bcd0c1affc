// expect: fails 11
// about: the lock of append is made from the canonical name of the file, not from the file, so that two processes that reach one file by two hard links do not exclude each other; breaks "When two processes of your program append to one file at the same time, both texts are there afterwards".
use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Error, ErrorKind, Write};
use std::os::fd::AsRawFd;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::path::Path;
use std::process::ExitCode;
use std::thread::sleep;
use std::time::Duration;

use memmap2::{MmapMut, MmapOptions};

fn open(path: &Path, write: bool) -> io::Result<(File, u64)> {
    let file = OpenOptions::new()
        .read(true)
        .write(write)
        .custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY)
        .open(path)?;
    let meta = file.metadata()?;
    if !meta.is_file() {
        return Err(Error::new(ErrorKind::InvalidInput, "not a regular file"));
    }
    Ok((file, meta.len()))
}

fn show(path: &Path) -> io::Result<()> {
    let (file, size) = open(path, false)?;
    let mut text = String::new();
    if size > 0 {
        let map = unsafe { MmapOptions::new().len(size.min(64) as usize).map(&file)? };
        for &b in map.iter() {
            match b {
                b'\\' => text.push_str("\\x5c"),
                0x20..=0x7e => text.push(b as char),
                _ => text.push_str(&format!("\\x{b:02x}")),
            }
        }
    }
    println!("size: {size}");
    println!("content: {text}");
    Ok(())
}

/// `len` bytes at `at`, to be written.
fn map(file: &File, at: u64, len: usize) -> io::Result<MmapMut> {
    unsafe { MmapOptions::new().offset(at).len(len).map_mut(file) }
}

/// One process at a time per file: who has the abstract socket of that name may append.
/// It goes by itself when the process ends.
fn lock(path: &Path) -> io::Result<UnixListener> {
    let mut h = DefaultHasher::new();
    std::fs::canonicalize(path)?.hash(&mut h);
    let address = SocketAddr::from_abstract_name(format!("lab1-editor-{:016x}", h.finish()))?;
    loop {
        match UnixListener::bind_addr(&address) {
            Err(e) if e.kind() == ErrorKind::AddrInUse => sleep(Duration::from_millis(10)),
            other => return other,
        }
    }
}
fn overwrite(path: &Path, text: &[u8]) -> io::Result<()> {
    let (file, size) = open(path, true)?;
    println!("size: {size}");
    let n = text.len().min(size as usize);
    if n == 0 {
        println!("written: 0\ncut: {}\nsynced: 0", text.len());
        return Ok(());
    }
    let mut m = map(&file, 0, n)?;
    m.copy_from_slice(&text[..n]);
    println!("written: {n}");
    println!("cut: {}", text.len() - n);
    m.flush()?;
    println!("synced: {n}");
    Ok(())
}

fn grow(file: &File, old: u64, n: usize) -> io::Result<()> {
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    let known = unsafe { libc::getrlimit(libc::RLIMIT_FSIZE, &mut limit) } == 0;
    if known && old + n as u64 > limit.rlim_cur {
        return Err(Error::from_raw_os_error(libc::EFBIG));
    }
    loop {
        if unsafe { libc::fallocate(file.as_raw_fd(), 0, old as i64, n as i64) } == 0 {
            return Ok(());
        }
        let e = Error::last_os_error();
        if e.kind() != ErrorKind::Interrupted {
            return Err(e);
        }
    }
}

fn append(path: &Path, text: &[u8]) -> io::Result<()> {
    let (file, _) = open(path, true)?;
    let _lock = lock(path)?;
    let old = file.metadata()?.len();
    println!("size: {old}");
    if text.is_empty() {
        println!("appended: 0\nsynced: 0\nnew size: {old}");
        return Ok(());
    }
    let mut m = match grow(&file, old, text.len()).and_then(|()| map(&file, old, text.len())) {
        Ok(m) => m,
        Err(e) => {
            if file.metadata()?.len() != old {
                file.set_len(old)?;
            }
            return Err(e);
        }
    };
    m.copy_from_slice(text);
    println!("appended: {}", text.len());
    m.flush()?;
    println!("synced: {}", text.len());
    println!("new size: {}", old + text.len() as u64);
    Ok(())
}

fn main() -> ExitCode {
    let args: Vec<OsString> = std::env::args_os().skip(1).collect();
    let command = args.first().map_or(&b""[..], |a| a.as_bytes());
    let result = match (command, args.len()) {
        (b"show", 2) => show(Path::new(&args[1])),
        (b"overwrite", 3) => overwrite(Path::new(&args[1]), args[2].as_bytes()),
        (b"append", 3) => append(Path::new(&args[1]), args[2].as_bytes()),
        _ => {
            eprintln!("usage: lab1-editor show FILE | overwrite FILE TEXT | append FILE TEXT");
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            let mut line = b"lab1-editor: ".to_vec();
            line.extend(args[1].as_bytes());
            line.extend(format!(": {e}\n").bytes());
            let _ = io::stderr().write_all(&line);
            ExitCode::FAILURE
        }
    }
}
