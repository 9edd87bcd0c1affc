// expect: passes
// about: right. memmap2 is given the unaligned offset and does the rounding itself; two threads show the two ends of the window while the main thread prints the numbers, after FILE was closed.
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::OpenOptionsExt;
use std::process::ExitCode;
use std::sync::mpsc;
use std::thread;

use memmap2::{Advice, MmapOptions};

enum Trouble {
    Usage,
    /// One line, whatever bytes it has.
    Line(Vec<u8>),
}

fn about(word: &[u8], why: &str) -> Trouble {
    Trouble::Line([b"lab4-page-align: ", word, b": ", why.as_bytes()].concat())
}

fn number(word: &[u8], least: u64) -> Result<u64, Trouble> {
    let digits = !word.is_empty() && word.iter().all(u8::is_ascii_digit);
    std::str::from_utf8(word)
        .ok()
        .filter(|_| digits)
        .and_then(|s| s.parse::<i64>().ok())
        .and_then(|v| u64::try_from(v).ok())
        .filter(|v| *v >= least)
        .ok_or_else(|| about(word, "that is no number here"))
}

fn shown(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut s, &b| {
        match b {
            b'\\' => s.push_str("\\x5c"),
            b' '..=b'~' => s.push(b.into()),
            _ => s.push_str(&format!("\\x{b:02x}")),
        }
        s
    })
}

fn five(offset: u64, length: u64) -> io::Result<()> {
    let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) } as u64;
    let aligned = offset & page.wrapping_neg();
    let mut out = io::stdout();
    writeln!(out, "page size: {page}")?;
    writeln!(out, "offset: {offset}")?;
    writeln!(out, "aligned offset: {aligned}")?;
    writeln!(out, "delta: {}", offset - aligned)?;
    writeln!(out, "mapped length: {}", offset - aligned + length)
}

fn run(words: &[Vec<u8>]) -> Result<(), Trouble> {
    let (file, o, l) = match words {
        [r, f, o, l] if r == b"--read" => (Some(f), o, Some(l)),
        [r, ..] if r == b"--read" => return Err(Trouble::Usage),
        [o] => (None, o, None),
        [o, l] => (None, o, Some(l)),
        _ => return Err(Trouble::Usage),
    };
    let offset = number(o, 0)?;
    let mut length = match l {
        Some(l) => number(l, 1)?,
        None => 1,
    };
    if i64::try_from(offset + (length - 1)).is_err() {
        return Err(about(o, "and LENGTH end behind 2^63-1"));
    }
    let Some(name) = file else {
        return five(offset, length).map_err(|e| about(b"standard output", &e.to_string()));
    };

    let wrong = |e: io::Error| about(name, &e.to_string());
    let map = {
        let f = OpenOptions::new()
            .read(true)
            .custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY)
            .open(std::ffi::OsStr::from_bytes(name))
            .map_err(wrong)?;
        let meta = f.metadata().map_err(wrong)?;
        if !meta.is_file() {
            return Err(about(name, "not a regular file"));
        }
        match meta.len().checked_sub(offset) {
            None | Some(0) => return Err(about(name, "the window has no bytes")),
            Some(left) => length = length.min(left),
        }
        unsafe {
            MmapOptions::new()
                .offset(offset)
                .len(length as usize)
                .map(&f)
        }
        .map_err(wrong)?
    };
    let _ = map.advise(Advice::Random);
    let n = map.len().min(64);
    let (first_in, first_out) = mpsc::channel();
    let (last_in, last_out) = mpsc::sync_channel(1);
    thread::scope(|s| {
        let map = &map;
        s.spawn(move || last_in.send(shown(&map[map.len() - n..])));
        s.spawn(move || first_in.send(shown(&map[..n])));
        five(offset, length)?;
        println!("length: {}", map.len());
        println!("first bytes: {}", first_out.recv().unwrap());
        println!("last bytes: {}", last_out.recv().unwrap());
        Ok(())
    })
    .map_err(|e: io::Error| about(b"standard output", &e.to_string()))
}

fn main() -> ExitCode {
    let words: Vec<Vec<u8>> = std::env::args_os().skip(1).map(|w| w.into_vec()).collect();
    let (line, status) = match run(&words) {
        Ok(()) => return ExitCode::SUCCESS,
        Err(Trouble::Usage) => (
            b"usage: lab4-page-align (OFFSET [LENGTH] | --read FILE OFFSET LENGTH)".to_vec(),
            2,
        ),
        Err(Trouble::Line(line)) => (line, 1),
    };
    let _ = io::stderr().write_all(&[&line[..], b"\n"].concat());
    ExitCode::from(status)
}
