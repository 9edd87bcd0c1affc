// expect: fails 4 with panicked
// also: 6
// stretch: fails 11, 12
// about: overwrite slices the mapping by the length of the text: where the text is longer than the file, or the file is empty, it panics.

use std::fs::{File, OpenOptions};
use std::io::{self, Error};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::io::AsRawFd;

fn map(file: &File, length: usize, offset: usize, write: bool) -> io::Result<&'static mut [u8]> {
    let protection = libc::PROT_READ | if write { libc::PROT_WRITE } else { 0 };
    if length == 0 {
        return Ok(&mut []);
    }
    let p = unsafe {
        libc::mmap(
            std::ptr::null_mut(),
            length,
            protection,
            libc::MAP_SHARED,
            file.as_raw_fd(),
            offset as i64,
        )
    };
    if p == libc::MAP_FAILED {
        return Err(Error::last_os_error());
    }
    Ok(unsafe { std::slice::from_raw_parts_mut(p.cast(), length) })
}

fn sync(bytes: &[u8]) -> io::Result<()> {
    if !bytes.is_empty()
        && unsafe { libc::msync(bytes.as_ptr() as *mut _, bytes.len(), libc::MS_SYNC) } != 0
    {
        return Err(Error::last_os_error());
    }
    Ok(())
}

fn edit(verb: &str, path: &std::ffi::OsStr, text: &[u8]) -> io::Result<()> {
    let write = verb != "show";
    let file = OpenOptions::new()
        .read(true)
        .write(write)
        .custom_flags(libc::O_NONBLOCK)
        .open(path)?;
    let meta = file.metadata()?;
    if !meta.is_file() {
        return Err(io::Error::new(io::ErrorKind::Other, "not a regular file"));
    }
    let size = meta.len() as usize;
    if verb == "show" {
        let bytes = map(&file, size, 0, false)?;
        let mut line = String::new();
        for b in bytes.iter().take(64) {
            if (0x20..0x7f).contains(b) && *b != b'\\' {
                line.push(*b as char);
            } else {
                line += &format!("\\x{:02x}", b);
            }
        }
        println!("size: {}\ncontent: {}", size, line);
    } else if verb == "overwrite" {
        let bytes = map(&file, size.min(text.len()), 0, true)?;
        println!("size: {}", size);
        bytes[..text.len()].copy_from_slice(text);
        println!("written: {}\ncut: 0", text.len());
        sync(bytes)?;
        println!("synced: {}", text.len());
    } else {
        let start = size / 4096 * 4096;
        println!("size: {}", size);
        if !text.is_empty() {
            file.set_len((size + text.len()) as u64)?;
            let bytes = map(&file, size - start + text.len(), start, true)?;
            bytes[size - start..].copy_from_slice(text);
            sync(bytes)?;
        }
        println!(
            "appended: {}\nsynced: {}\nnew size: {}",
            text.len(),
            text.len(),
            size + text.len()
        );
    }
    Ok(())
}

fn main() {
    unsafe { libc::signal(libc::SIGXFSZ, libc::SIG_IGN) };
    let a: Vec<_> = std::env::args_os().collect();
    let verb = a.get(1).and_then(|v| v.to_str()).unwrap_or("").to_string();
    if !(a.len() == 3 && verb == "show"
        || a.len() == 4 && (verb == "overwrite" || verb == "append"))
    {
        eprintln!("usage: lab1-editor show FILE | overwrite FILE TEXT | append FILE TEXT");
        std::process::exit(2);
    }
    let text = a.get(3).map_or(&b""[..], |t| t.as_bytes());
    if let Err(e) = edit(&verb, &a[2], text) {
        eprintln!("{}: {}", a[2].to_string_lossy(), e);
        std::process::exit(1);
    }
}
