//! Given: the command line of `lab5-counter`, and the order in which your steps are called.

use std::env;
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::Ordering;

use lab5_counter_solution::given::{Error, RegularFile, fact};
use lab5_counter_solution::{check_length, increment, locks, watch, with_counter};
use nix::fcntl::OFlag;
use nix::sys::mman::ProtFlags;

fn main() -> ExitCode {
    let arguments: Vec<OsString> = env::args_os().skip(1).collect();
    let words: Vec<&OsStr> = arguments.iter().map(OsString::as_os_str).collect();
    let done = match words[..] {
        [command, name] if command == "init" => init(Path::new(name)),
        [command, name] if command == "increment" => add(Path::new(name), 1),
        [command, name, option, n] if command == "increment" && option == "--times" => {
            let Some(times) = number(n) else {
                return usage();
            };
            add(Path::new(name), times)
        }
        [command, name, until] if command == "watch" => {
            let Some(until) = value(until) else {
                return usage();
            };
            look(Path::new(name), until)
        }
        [command, name] if command == "locks" => locks(Path::new(name)),
        _ => return usage(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            error.report();
            ExitCode::FAILURE
        }
    }
}

fn usage() -> ExitCode {
    eprintln!(
        "usage: lab5-counter init FILE\n\
         \x20      lab5-counter increment FILE [--times N]\n\
         \x20      lab5-counter watch FILE UNTIL\n\
         \x20      lab5-counter locks FILE"
    );
    ExitCode::from(2)
}

/// A decimal number from 1 up. One that is too large to be counted to is as good as the largest.
fn number(word: &OsStr) -> Option<u64> {
    let digits = word.to_str()?;
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let number = digits.parse().unwrap_or(u64::MAX);
    (is_number && number > 0).then_some(number)
}

/// A value that a counter can have: a decimal number, with a minus sign in front if it is negative.
fn value(word: &OsStr) -> Option<i64> {
    let word = word.to_str()?;
    let plus = word.starts_with('+');
    word.parse().ok().filter(|_| !plus)
}

fn init(name: &Path) -> Result<(), Error> {
    let file = RegularFile::open_or_create(name)?;
    check_length(&file, true)?;
    with_counter(
        &file,
        ProtFlags::PROT_READ | ProtFlags::PROT_WRITE,
        |counter| {
            // Also if the file is new: somebody may have added to it already.
            counter.store(0, Ordering::Relaxed);
            fact("value", 0)
        },
    )
}

fn add(name: &Path, times: u64) -> Result<(), Error> {
    let file = RegularFile::open(name, OFlag::O_RDWR)?;
    check_length(&file, false)?;
    with_counter(
        &file,
        ProtFlags::PROT_READ | ProtFlags::PROT_WRITE,
        |counter| {
            let full = || {
                file.failed(
                    "add to",
                    io::Error::other("the counter is at its largest value"),
                )
            };
            fact("value", increment(counter, times).ok_or_else(full)?)
        },
    )
}

fn look(name: &Path, until: i64) -> Result<(), Error> {
    let file = RegularFile::open(name, OFlag::O_RDONLY)?;
    check_length(&file, false)?;
    with_counter(&file, ProtFlags::PROT_READ, |counter| watch(counter, until))
}
