// expect: fails 4 with went-backwards
// about: watch compares one load with the last value and then loads again for what it prints; if the counter was set back (init) between the two, a smaller value than one that was printed is printed: "A smaller value than one that was printed is never printed".

use std::fs::{File, OpenOptions};
use std::io::{Error, ErrorKind, Result};
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::process::exit;
use std::sync::atomic::{AtomicI64, Ordering::SeqCst};
use std::time::Duration;

use memmap2::{MmapOptions, MmapRaw};

const USAGE: &str =
    "usage: lab5-counter init FILE | increment FILE [--times N] | watch FILE UNTIL | locks FILE";

fn other(why: &str) -> Error {
    Error::new(ErrorKind::Other, why.to_string())
}

fn open(file: &str, write: bool, create: bool) -> Result<File> {
    let opened = OpenOptions::new()
        .read(true)
        .write(write)
        .create(create)
        .custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY)
        .open(file)?;
    if !opened.metadata()?.is_file() {
        return Err(other("not a regular file"));
    }
    Ok(opened)
}

fn map(file: &File, write: bool) -> Result<MmapRaw> {
    let mut options = MmapOptions::new();
    options.len(8);
    if write {
        options.map_raw(file)
    } else {
        options.map_raw_read_only(file)
    }
}

fn counter(mapping: &MmapRaw) -> &AtomicI64 {
    // SAFETY: 8 bytes that lie on a page boundary and stay mapped as long as `mapping` lives.
    unsafe { &*mapping.as_ptr().cast::<AtomicI64>() }
}

fn init(file: &str) -> Result<()> {
    let opened = open(file, true, true)?;
    match opened.metadata()?.len() {
        0 => opened.set_len(8)?,
        8 => {}
        _ => return Err(other("not 8 bytes long")),
    }
    let mapping = map(&opened, true)?;
    counter(&mapping).store(0, SeqCst);
    println!("value: 0");
    Ok(())
}

fn increment(file: &str, times: u64) -> Result<()> {
    let opened = open(file, true, false)?;
    if opened.metadata()?.len() != 8 {
        return Err(other("not 8 bytes long"));
    }
    let mapping = map(&opened, true)?;
    let mut value = 0;
    for _ in 0..times {
        value = counter(&mapping)
            .fetch_update(SeqCst, SeqCst, |v| v.checked_add(1))
            .map_err(|_| other("no room for one more"))?
            + 1;
    }
    println!("value: {value}");
    Ok(())
}

fn watch(file: &str, until: i64) -> Result<()> {
    let opened = open(file, false, false)?;
    if opened.metadata()?.len() != 8 {
        return Err(other("not 8 bytes long"));
    }
    let mapping = map(&opened, false)?;
    let counter = counter(&mapping);
    let mut last = counter.load(SeqCst);
    println!("value: {last}");
    while last < until {
        if counter.load(SeqCst) > last {
            last = counter.load(SeqCst);
            println!("value: {last}");
        } else {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
    Ok(())
}

fn word(held: bool) -> &'static str {
    if held { "held" } else { "free" }
}

fn whole() -> libc::flock {
    let mut l: libc::flock = unsafe { std::mem::zeroed() };
    l.l_type = libc::F_WRLCK as _;
    l.l_whence = libc::SEEK_SET as _;
    l
}

/// Is there a lock of `fcntl` in the way of somebody else?
fn fcntl_held(file: &File) -> Result<bool> {
    let mut l = whole();
    // A lock of the open file and one of the process are in each other's way.
    match unsafe { libc::fcntl(file.as_raw_fd(), libc::F_OFD_GETLK, &mut l) } {
        0 => Ok(l.l_type != libc::F_UNLCK as libc::c_short),
        _ => Err(Error::last_os_error()),
    }
}

fn flock_held(file: &str) -> Result<bool> {
    let another = open(file, true, false)?;
    Ok(unsafe { libc::flock(another.as_raw_fd(), libc::LOCK_EX | libc::LOCK_NB) } != 0)
}

fn locks(file: &str) -> Result<()> {
    let opened = open(file, true, false)?;
    if unsafe { libc::fcntl(opened.as_raw_fd(), libc::F_SETLK, &whole()) } != 0 {
        return Err(Error::last_os_error());
    }
    println!("fcntl: {}", word(fcntl_held(&opened)?));
    drop(open(file, true, false)?);
    println!("fcntl: {}", word(fcntl_held(&opened)?));
    if unsafe { libc::flock(opened.as_raw_fd(), libc::LOCK_EX | libc::LOCK_NB) } != 0 {
        return Err(Error::last_os_error());
    }
    println!("flock: {}", word(flock_held(file)?));
    drop(open(file, true, false)?);
    println!("flock: {}", word(flock_held(file)?));
    Ok(())
}

fn all_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

fn times(text: &str) -> Option<u64> {
    if !all_digits(text) {
        return None;
    }
    // More than 64 bits can hold is more than anybody will see the end of.
    let n = text.parse().unwrap_or(u64::MAX);
    (n > 0).then_some(n)
}

fn until(text: &str) -> Option<i64> {
    if !all_digits(text.strip_prefix('-').unwrap_or(text)) {
        return None;
    }
    text.parse().ok()
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let usage = || -> ! {
        eprintln!("{USAGE}");
        exit(2)
    };
    let done = match words[..] {
        ["init", file] => init(file),
        ["increment", file] => increment(file, 1),
        ["increment", file, "--times", n] => match times(n) {
            Some(n) => increment(file, n),
            None => usage(),
        },
        ["watch", file, text] => match until(text) {
            Some(value) => watch(file, value),
            None => usage(),
        },
        ["locks", file] => locks(file),
        _ => usage(),
    };
    if let Err(e) = done {
        eprintln!("lab5-counter: {}: {e}", words[1]);
        exit(1);
    }
}
