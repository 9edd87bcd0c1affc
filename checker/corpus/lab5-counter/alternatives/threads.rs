// expect: passes
// varies: how many interleavings there is time for
// about: threads do the work: two threads share the additions of one increment (each through a mapping of its own, fetch_update), and watch has one thread that looks and another that prints what comes through a channel.
use memmap2::{MmapMut, MmapOptions};
use std::error::Error;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Write, stdout};
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::process::ExitCode;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

type Outcome<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;

enum Command {
    Init,
    Increment(u64),
    Watch(i64),
    Locks,
}

fn parse(args: &[String]) -> Option<(Command, &str)> {
    let digits = |s: &str| !s.is_empty() && s.chars().all(|c| matches!(c, '0'..='9'));
    let (command, file) = match args {
        [c, f] if c == "init" => (Command::Init, f),
        [c, f] if c == "increment" => (Command::Increment(1), f),
        [c, f, o, n] if c == "increment" && o == "--times" && digits(n) => {
            let n = n.trim_start_matches('0');
            if n.is_empty() {
                return None;
            }
            // what does not fit in 64 bits is more than any counter has room for
            (Command::Increment(n.parse().unwrap_or(u64::MAX)), f)
        }
        [c, f, u] if c == "watch" && digits(u.strip_prefix('-').unwrap_or(u)) => {
            (Command::Watch(u.parse().ok()?), f)
        }
        [c, f] if c == "locks" => (Command::Locks, f),
        _ => return None,
    };
    Some((command, file))
}

fn fact(name: &str, value: impl ToString) -> Outcome {
    let mut out = stdout().lock();
    out.write_all(format!("{name}: {}\n", value.to_string()).as_bytes())?;
    Ok(out.flush()?)
}

fn regular(file: File) -> Outcome<File> {
    if file.metadata()?.file_type().is_file() {
        Ok(file)
    } else {
        Err("no regular file".into())
    }
}

fn options(write: bool) -> OpenOptions {
    let mut o = File::options();
    o.read(true)
        .write(write)
        .custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY);
    o
}

fn sized(file: &File) -> Outcome {
    match file.metadata()?.len() {
        8 => Ok(()),
        n => Err(format!("{n} bytes are no counter").into()),
    }
}

fn view(bytes: &[u8]) -> &AtomicI64 {
    assert_eq!(bytes.len(), 8);
    unsafe { &*bytes.as_ptr().cast() }
}

fn view_mut(map: &mut MmapMut) -> &AtomicI64 {
    unsafe { AtomicI64::from_ptr(map.as_mut_ptr().cast()) }
}

fn init(path: &str) -> Outcome {
    let file = match options(true).open(path) {
        Err(e) if e.kind() == ErrorKind::NotFound => options(true).create(true).open(path)?,
        other => other?,
    };
    let file = regular(file)?;
    if file.metadata()?.len() == 0 {
        file.set_len(8)?;
    }
    sized(&file)?;
    let mut map = unsafe { MmapOptions::new().len(8).map_mut(&file)? };
    view_mut(&mut map).swap(0, Ordering::AcqRel);
    fact("value", 0)
}

fn increment(path: &str, times: u64) -> Outcome {
    let file = regular(options(true).open(path)?)?;
    sized(&file)?;
    let add = |n: u64| -> Outcome {
        let mut map = unsafe { MmapOptions::new().len(8).map_mut(&file)? };
        let counter = view_mut(&mut map);
        for _ in 0..n {
            counter
                .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |v| v.checked_add(1))
                .map_err(|v| format!("{v} is the largest value"))?;
        }
        Ok(())
    };
    thread::scope(|s| {
        let other = (times > 1).then(|| s.spawn(|| add(times / 2)));
        let mine = add(times - times / 2);
        let others = other.map_or(Ok(()), |t| t.join().unwrap());
        mine.and(others)
    })?;
    let map = unsafe { MmapOptions::new().len(8).map(&file)? };
    fact("value", view(&map).load(Ordering::SeqCst))
}

fn watch(path: &str, until: i64) -> Outcome {
    let file = regular(options(false).open(path)?)?;
    sized(&file)?;
    let map = unsafe { MmapOptions::new().len(8).map(&file)? };
    let (send, receive) = mpsc::channel();
    thread::scope(|s| {
        s.spawn(|| {
            let send = send;
            let mut last = None;
            loop {
                let v = view(&map).load(Ordering::Acquire);
                if last.is_none_or(|l| v > l) {
                    last = Some(v);
                    if send.send(v).is_err() || v >= until {
                        return;
                    }
                }
                thread::sleep(Duration::from_millis(6));
            }
        });
        for v in receive {
            if fact("value", v).is_err() {
                std::process::exit(1);
            }
        }
        Ok(())
    })
}

fn locks(path: &str) -> Outcome {
    let first = regular(options(true).open(path)?)?;
    let mut whole: libc::flock = unsafe { std::mem::zeroed() };
    whole.l_type = libc::F_WRLCK as i16;
    if unsafe { libc::fcntl(first.as_raw_fd(), libc::F_SETLK, &raw mut whole) } < 0 {
        return Err(std::io::Error::last_os_error().into());
    }
    fact("fcntl", "held")?;
    drop(options(true).open(path)?);
    fact("fcntl", "free")?;
    first.try_lock().map_err(|e| match e {
        TryLockError::WouldBlock => "another process has the flock".into(),
        TryLockError::Error(e) => e.to_string(),
    })?;
    fact("flock", "held")?;
    drop(options(true).open(path)?);
    fact("flock", "held")
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let Some((command, path)) = parse(&args) else {
        eprintln!(
            "usage: lab5-counter <init FILE | increment FILE [--times N] | watch FILE UNTIL | locks FILE>"
        );
        return ExitCode::from(2);
    };
    let done = match command {
        Command::Init => init(path),
        Command::Increment(times) => increment(path, times),
        Command::Watch(until) => watch(path, until),
        Command::Locks => locks(path),
    };
    if let Err(e) = done {
        eprintln!("error: {path}: {e}");
        return ExitCode::from(1);
    }
    ExitCode::SUCCESS
}
