// expect: passes
// about: Rust with libc alone, and a thread that reads; unmaps from the page that the window's address lies in.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::io::AsRawFd;
use std::process::exit;

fn sorry(what: &OsString, why: impl std::fmt::Display) -> ! {
    eprintln!("{}: {why}", what.to_string_lossy());
    exit(1)
}

fn number(word: &OsString, least: i64) -> i64 {
    let bytes = word.as_bytes();
    let value = bytes.iter().try_fold(0i64, |sum, byte| match byte {
        b'0'..=b'9' => sum.checked_mul(10)?.checked_add(i64::from(byte - b'0')),
        _ => None,
    });
    match value {
        Some(value) if !bytes.is_empty() && value >= least => value,
        _ => sorry(word, "not such a number"),
    }
}

fn text(bytes: &[u8]) -> String {
    let mut out = String::new();
    for &b in bytes {
        match b {
            b' '..=b'[' | b']'..=b'~' => out.push(char::from(b)),
            _ => write!(out, "\\x{b:02x}").unwrap(),
        }
    }
    out
}

fn main() {
    let words: Vec<OsString> = std::env::args_os().skip(1).collect();
    let (name, rest) = match &words[..] {
        [read, name, rest @ ..] if read == "--read" && rest.len() == 2 => (Some(name), rest),
        [first, ..] if first != "--read" && words.len() < 3 => (None, &words[..]),
        _ => {
            eprintln!("usage: lab4-page-align [--read FILE] OFFSET [LENGTH]");
            exit(2);
        }
    };
    let offset = number(&rest[0], 0);
    let mut length = rest.get(1).map_or(1, |word| number(word, 1));
    if offset.checked_add(length - 1).is_none() {
        sorry(&rest[1], "too far");
    }
    let file = name.map(|name| {
        let mut how = OpenOptions::new();
        let file = how.read(true).custom_flags(libc::O_NONBLOCK).open(name);
        let file = file.unwrap_or_else(|error| sorry(name, error));
        let about = file.metadata().unwrap_or_else(|error| sorry(name, error));
        if !about.is_file() {
            sorry(name, "not a regular file");
        }
        length = length.min(about.len() as i64 - offset);
        if length <= 0 {
            sorry(name, "too short");
        }
        file
    });
    let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    let delta = offset & (page - 1);
    let mapped = delta as u64 + length as u64;
    println!(
        "page size: {page}\noffset: {offset}\naligned offset: {}",
        offset - delta
    );
    println!("delta: {delta}\nmapped length: {mapped}");
    let (Some(name), Some(file)) = (name, file) else {
        return;
    };
    let (prot, fd) = (libc::PROT_READ | libc::PROT_WRITE, file.as_raw_fd());
    let flags = libc::MAP_PRIVATE | libc::MAP_NORESERVE;
    let start = unsafe {
        libc::mmap(
            std::ptr::null_mut(),
            mapped as usize,
            prot,
            flags,
            fd,
            offset - delta,
        )
    };
    if start == libc::MAP_FAILED {
        sorry(name, io::Error::last_os_error());
    }
    let window = start as usize + delta as usize;
    let (length, page) = (length as usize, page as usize);
    let reader = std::thread::spawn(move || {
        let shown = length.min(64);
        let copy = |from: usize| unsafe {
            std::slice::from_raw_parts((window + from) as *const u8, shown).to_vec()
        };
        (copy(0), copy(length - shown))
    });
    let (first, last) = reader.join().unwrap();
    println!(
        "length: {length}\nfirst bytes: {}\nlast bytes: {}",
        text(&first),
        text(&last)
    );
    let start = window / page * page;
    unsafe { libc::munmap(start as *mut libc::c_void, window - start + length) };
}
