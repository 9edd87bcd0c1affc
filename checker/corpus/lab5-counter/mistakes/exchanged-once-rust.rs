// expect: fails 5 with exchanged-once
// stretch: fails 11
// about: Rust, a compare_exchange_weak whose result is turned into an Option and dropped; it does not know `locks`.

use std::ffi::{OsStr, OsString};
use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::process::exit;
use std::ptr;
use std::sync::atomic::{AtomicI64, Ordering};
use std::thread::sleep;
use std::time::Duration;

type Counter = &'static AtomicI64;

fn sorry(name: &OsStr, why: impl std::fmt::Display) -> ! {
    eprintln!("lab5-counter: {}: {why}", name.display());
    exit(1)
}

fn open(name: &OsStr, write: bool, create: bool) -> File {
    let mut how = OpenOptions::new();
    how.read(true).write(write).create(create);
    let file = how.custom_flags(libc::O_NONBLOCK).open(name);
    let file = file.unwrap_or_else(|error| sorry(name, error));
    let found = file.metadata().unwrap_or_else(|error| sorry(name, error));
    if !found.is_file() {
        sorry(name, "not a regular file");
    }
    let length = found.len();
    if create && length == 0 {
        file.set_len(8).unwrap_or_else(|error| sorry(name, error));
    } else if length != 8 {
        sorry(name, "not 8 bytes");
    }
    file
}

fn map(name: &OsStr, file: &File, protection: i32) -> Counter {
    let fd = file.as_raw_fd();
    let at = unsafe { libc::mmap(ptr::null_mut(), 8, protection, libc::MAP_SHARED, fd, 0) };
    if at == libc::MAP_FAILED {
        sorry(name, io::Error::last_os_error());
    }
    unsafe { AtomicI64::from_ptr(at.cast()) }
}

fn init(name: &OsStr) {
    let file = open(name, true, true);
    let counter = map(name, &file, libc::PROT_READ | libc::PROT_WRITE);
    counter.store(0, Ordering::Relaxed);
    println!("value: 0");
}

fn add(_: &File, counter: Counter) -> Option<i64> {
    let seen = counter.load(Ordering::SeqCst);
    let value = seen.checked_add(1)?;
    let order = Ordering::SeqCst;
    let _ = counter
        .compare_exchange_weak(seen, value, order, order)
        .ok();
    Some(value)
}

fn increment(name: &OsStr, times: u64) {
    let file = open(name, true, false);
    let counter = map(name, &file, libc::PROT_READ | libc::PROT_WRITE);
    let mut value = 0;
    for _ in 0..times {
        value = add(&file, counter).unwrap_or_else(|| sorry(name, "no room for one more"));
    }
    println!("value: {value}");
}

fn watch(name: &OsStr, until: i64) {
    let file = open(name, false, false);
    let counter = map(name, &file, libc::PROT_READ);
    let mut largest = counter.load(Ordering::Relaxed);
    println!("value: {largest}");
    while largest < until {
        sleep(Duration::from_millis(2));
        let value = counter.load(Ordering::Relaxed);
        if value > largest {
            largest = value;
            println!("value: {value}");
        }
    }
}

fn number(word: &OsStr) -> Option<u64> {
    let word = word.to_str()?;
    let is_number = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit());
    word.parse().ok().filter(|&n| is_number && n > 0)
}

fn value(word: &OsStr) -> Option<i64> {
    let word = word.to_str()?;
    word.parse().ok().filter(|_| !word.starts_with('+'))
}

fn main() {
    let words: Vec<OsString> = std::env::args_os().skip(1).collect();
    let words: Vec<&OsStr> = words.iter().map(OsString::as_os_str).collect();
    let done = match words[..] {
        [command, name] if command == "init" => Some(init(name)),
        [command, name] if command == "increment" => Some(increment(name, 1)),
        [command, name, option, n] if command == "increment" && option == "--times" => {
            number(n).map(|n| increment(name, n))
        }
        [command, name, until] if command == "watch" => {
            value(until).map(|until| watch(name, until))
        }
        _ => None,
    };
    if done.is_none() {
        eprintln!("usage: lab5-counter init FILE | increment FILE [--times N] | watch FILE UNTIL");
        exit(2);
    }
}
