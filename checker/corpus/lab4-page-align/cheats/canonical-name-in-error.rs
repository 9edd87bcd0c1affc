// expect: fails 7
// about: the error for a window without bytes names FILE by its canonical path, so `./empty`, `a/../empty`, `a//empty` and a symbolic link are not named as they were given; breaks "an error with FILE's name" ("as the command line gave it").
use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::OpenOptionsExt;
use std::process::ExitCode;

/// An error: one line, and the exit status.
struct Failed(Vec<u8>, u8);

fn failed(name: &[u8], why: impl std::fmt::Display) -> Failed {
    let mut line = b"lab4-page-align: ".to_vec();
    line.extend_from_slice(name);
    line.extend_from_slice(format!(": {why}\n").as_bytes());
    Failed(line, 1)
}

fn usage() -> Failed {
    Failed(
        b"usage: lab4-page-align OFFSET [LENGTH] | --read FILE OFFSET LENGTH\n".to_vec(),
        2,
    )
}

/// Digits only, up to 2^63-1.
fn number(word: &[u8]) -> Result<u64, Failed> {
    let refused = || failed(word, "refused");
    if word.is_empty() || !word.iter().all(u8::is_ascii_digit) {
        return Err(refused());
    }
    let mut value: u64 = 0;
    for digit in word {
        value = value
            .checked_mul(10)
            .and_then(|v| v.checked_add(u64::from(digit - b'0')))
            .filter(|v| *v <= i64::MAX as u64)
            .ok_or_else(refused)?;
    }
    Ok(value)
}

fn page_size() -> u64 {
    unsafe { libc::sysconf(libc::_SC_PAGESIZE) as u64 }
}

fn content(bytes: &[u8]) -> String {
    let mut s = String::new();
    for &b in bytes {
        if (0x20..=0x7e).contains(&b) && b != b'\\' {
            s.push(b as char);
        } else {
            s.push_str(&format!("\\x{b:02x}"));
        }
    }
    s
}

fn five(page: u64, offset: u64, length: u64) {
    let delta = offset % page;
    println!("page size: {page}");
    println!("offset: {offset}");
    println!("aligned offset: {}", offset - delta);
    println!("delta: {delta}");
    println!("mapped length: {}", delta + length);
}

fn open(name: &[u8]) -> Result<File, Failed> {
    let path = OsString::from_vec(name.to_vec());
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY)
        .open(path)
        .map_err(|e| failed(name, e))?;
    if !file.metadata().map_err(|e| failed(name, e))?.is_file() {
        return Err(failed(name, "not a regular file"));
    }
    Ok(file)
}

fn window(name: &[u8], offset: u64, length: u64) -> Result<(), Failed> {
    let file = open(name)?;
    // From here on errors say where the file really is.
    let name = &std::fs::canonicalize(OsString::from_vec(name.to_vec()))
        .map(|p| p.into_os_string().into_vec())
        .unwrap_or_else(|_| name.to_vec())[..];
    let size = file.metadata().map_err(|e| failed(name, e))?.len();
    if offset >= size {
        return Err(failed(name, "the window begins behind the end"));
    }
    let length = length.min(size - offset);
    let page = page_size();
    let delta = offset % page;
    let map_length = (delta + length) as usize;
    let map = unsafe {
        libc::mmap(
            std::ptr::null_mut(),
            map_length,
            libc::PROT_READ,
            libc::MAP_PRIVATE,
            file.as_raw_fd(),
            (offset - delta) as libc::off_t,
        )
    };
    if map == libc::MAP_FAILED {
        return Err(failed(name, io::Error::last_os_error()));
    }
    let bytes = unsafe {
        std::slice::from_raw_parts(map.cast::<u8>().add(delta as usize), length as usize)
    };
    let n = bytes.len().min(64);
    five(page, offset, length);
    println!("length: {length}");
    println!("first bytes: {}", content(&bytes[..n]));
    println!("last bytes: {}", content(&bytes[bytes.len() - n..]));
    Ok(())
}

fn run(words: &[Vec<u8>]) -> Result<(), Failed> {
    let reading = words.first().is_some_and(|w| w == b"--read");
    let (file, offset_word, length_word) = match (reading, words) {
        (true, [_, file, offset, length]) => (Some(file), offset, Some(length)),
        (false, [offset]) => (None, offset, None),
        (false, [offset, length]) => (None, offset, Some(length)),
        _ => return Err(usage()),
    };
    let offset = number(offset_word)?;
    let mut length = 1;
    if let Some(word) = length_word {
        length = number(word)?;
        if length == 0 || length - 1 > i64::MAX as u64 - offset {
            return Err(failed(word, "refused"));
        }
    }
    match file {
        Some(file) => window(file, offset, length),
        None => {
            five(page_size(), offset, length);
            Ok(())
        }
    }
}

fn main() -> ExitCode {
    let words: Vec<Vec<u8>> = std::env::args_os()
        .skip(1)
        .map(OsStringExt::into_vec)
        .collect();
    match run(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failed(line, status)) => {
            let _ = io::stderr().write_all(&line);
            ExitCode::from(status)
        }
    }
}
