// expect: fails 4
// about: while nothing changes, watch sleeps twice as long after each look, from 1 ms up to 8 seconds; after two idle seconds a wait is longer than a second, and a value is printed late or missed. Breaks "a wait has to end by itself, after a second at most".

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::process::exit;
use std::sync::atomic::{AtomicI64, Ordering::SeqCst};
use std::time::Duration;

fn usage() -> ! {
    eprintln!(
        "usage: lab5-counter init FILE | increment FILE [--times N] | watch FILE UNTIL | locks FILE"
    );
    exit(2)
}

fn fail(name: &str, why: impl std::fmt::Display) -> ! {
    eprintln!("{name}: {why}");
    exit(1)
}

fn say(name: &str, value: impl std::fmt::Display) {
    let line = format!("{name}: {value}\n");
    let mut out = io::stdout().lock();
    if out
        .write_all(line.as_bytes())
        .and_then(|_| out.flush())
        .is_err()
    {
        exit(1);
    }
}

fn open(name: &str, write: bool, create: bool) -> File {
    let mut options = OpenOptions::new();
    options
        .read(true)
        .write(write)
        .custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY);
    let mut result = options.open(name);
    if create && matches!(&result, Err(e) if e.kind() == io::ErrorKind::NotFound) {
        result = options.create(true).open(name);
    }
    let file = result.unwrap_or_else(|e| fail(name, e));
    let meta = file.metadata().unwrap_or_else(|e| fail(name, e));
    if !meta.is_file() {
        fail(name, "not a regular file");
    }
    file
}

fn length(name: &str, file: &File) -> u64 {
    file.metadata().unwrap_or_else(|e| fail(name, e)).len()
}

/// A mapped counter; it stays mapped until the program ends.
fn map(name: &str, file: &File, write: bool) -> &'static AtomicI64 {
    if length(name, file) != 8 {
        fail(name, "a counter has 8 bytes");
    }
    let address = if write {
        let map = unsafe { memmap2::MmapOptions::new().len(8).map_mut(file) };
        let mut map = map.unwrap_or_else(|e| fail(name, e));
        let address = map.as_mut_ptr();
        std::mem::forget(map);
        address as *const u8
    } else {
        let map = unsafe { memmap2::MmapOptions::new().len(8).map(file) };
        let map = map.unwrap_or_else(|e| fail(name, e));
        let address = map.as_ptr();
        std::mem::forget(map);
        address
    };
    unsafe { &*(address as *const AtomicI64) }
}

fn init(name: &str) {
    let file = open(name, true, true);
    if length(name, &file) == 0 {
        file.set_len(8).unwrap_or_else(|e| fail(name, e));
    }
    map(name, &file, true).store(0, SeqCst);
    say("value", 0);
}

fn increment(name: &str, times: u64) {
    let file = open(name, true, false);
    let counter = map(name, &file, true);
    let mut value = 0;
    for _ in 0..times {
        match counter.fetch_update(SeqCst, SeqCst, |v| v.checked_add(1)) {
            Ok(before) => value = before + 1,
            Err(_) => fail(name, "the counter has its largest value"),
        }
    }
    say("value", value);
}

fn watch(name: &str, until: i64) {
    let file = open(name, false, false);
    let counter = map(name, &file, false);
    let mut printed = counter.load(SeqCst);
    say("value", printed);
    let mut pause = 1;
    while printed < until {
        std::thread::sleep(Duration::from_millis(pause));
        pause = (pause * 2).min(8192);
        let value = counter.load(SeqCst);
        if value > printed {
            printed = value;
            pause = 1;
            say("value", value);
        }
    }
}

fn locks(name: &str) {
    use std::os::fd::AsRawFd;
    let file = open(name, true, false);
    let mut lock: libc::flock = unsafe { std::mem::zeroed() };
    lock.l_type = libc::F_WRLCK as _;
    lock.l_whence = libc::SEEK_SET as _;
    if unsafe { libc::fcntl(file.as_raw_fd(), libc::F_SETLK, &lock) } != 0 {
        fail(name, io::Error::last_os_error());
    }
    say("fcntl", "held");
    drop(open(name, true, false));
    say("fcntl", "free");
    if unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_EX | libc::LOCK_NB) } != 0 {
        fail(name, io::Error::last_os_error());
    }
    say("flock", "held");
    drop(open(name, true, false));
    say("flock", "held");
}

/// One or more digits, not 0; what is too large for 64 bits stays at the largest.
fn parse_times(text: &str) -> Option<u64> {
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let n = text.bytes().fold(0u64, |n, b| {
        n.saturating_mul(10).saturating_add((b - b'0') as u64)
    });
    (n > 0).then_some(n)
}

fn parse_value(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

fn main() {
    let args: Vec<String> = std::env::args_os()
        .skip(1)
        .map(|a| a.to_string_lossy().into_owned())
        .collect();
    let words: Vec<&str> = args.iter().map(|a| a.as_str()).collect();
    match words[..] {
        ["init", file] => init(file),
        ["increment", file] => increment(file, 1),
        ["increment", file, "--times", n] => {
            increment(file, parse_times(n).unwrap_or_else(|| usage()))
        }
        ["watch", file, until] => watch(file, parse_value(until).unwrap_or_else(|| usage())),
        ["locks", file] => locks(file),
        _ => usage(),
    }
}
