// expect: passes
// varies: how many interleavings there is time for
// about: the additions are shared out to two threads (one for a single addition), each with its own descriptor, mapping and lock (F_OFD_SETLKW on a byte far behind the end of FILE), plain loads and stores under it; init takes the same lock; the value printed is looked up after all threads have ended.
use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};
use std::process::ExitCode;
use std::ptr::NonNull;
use std::thread;
use std::time::Duration;

enum Trouble {
    CommandLine,
    Os(io::Error),
    Kind(&'static str),
    Length(u64),
    Full,
    Busy,
}

impl From<io::Error> for Trouble {
    fn from(e: io::Error) -> Self {
        Trouble::Os(e)
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Trouble::CommandLine => f.write_str("usage"),
            Trouble::Os(e) => write!(f, "{e}"),
            Trouble::Kind(what) => write!(f, "this is {what}"),
            Trouble::Length(n) => write!(f, "{n} bytes are no counter"),
            Trouble::Full => f.write_str("there is no larger value"),
            Trouble::Busy => f.write_str("somebody else has locked it"),
        }
    }
}

type Done<T> = Result<T, Trouble>;

fn open(name: &str, how: &mut OpenOptions) -> Done<File> {
    let file = how
        .custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY)
        .open(name)?;
    let kind = file.metadata()?.file_type();
    if kind.is_dir() {
        return Err(Trouble::Kind("a directory"));
    }
    if kind.is_fifo() {
        return Err(Trouble::Kind("a named pipe"));
    }
    if !kind.is_file() {
        return Err(Trouble::Kind("no regular file"));
    }
    Ok(file)
}

fn for_both() -> OpenOptions {
    let mut how = OpenOptions::new();
    how.read(true).write(true);
    how
}

/// The 8 bytes in memory.
struct Cell(NonNull<i64>);

impl Cell {
    fn new(file: &File, writable: bool) -> Done<Cell> {
        let len = file.metadata()?.size();
        if len != 8 {
            return Err(Trouble::Length(len));
        }
        let prot = if writable {
            libc::PROT_READ | libc::PROT_WRITE
        } else {
            libc::PROT_READ
        };
        let at = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                8,
                prot,
                libc::MAP_SHARED | libc::MAP_POPULATE,
                file.as_raw_fd(),
                0,
            )
        };
        if at == libc::MAP_FAILED {
            return Err(io::Error::last_os_error().into());
        }
        Ok(Cell(NonNull::new(at.cast()).unwrap()))
    }
    fn get(&self) -> i64 {
        unsafe { self.0.as_ptr().read_volatile() }
    }
    fn set(&self, v: i64) {
        unsafe { self.0.as_ptr().write_volatile(v) }
    }
}

impl Drop for Cell {
    fn drop(&mut self) {
        unsafe { libc::munmap(self.0.as_ptr().cast(), 8) };
    }
}

fn range(kind: libc::c_int, start: i64, len: i64) -> libc::flock {
    let mut l: libc::flock = unsafe { std::mem::zeroed() };
    l.l_type = kind as _;
    l.l_whence = libc::SEEK_SET as _;
    l.l_start = start;
    l.l_len = len;
    l
}

fn fcntl(file: &File, command: libc::c_int, l: &mut libc::flock) -> io::Result<()> {
    loop {
        if unsafe { libc::fcntl(file.as_raw_fd(), command, l as *mut libc::flock) } != -1 {
            return Ok(());
        }
        let e = io::Error::last_os_error();
        if e.kind() != io::ErrorKind::Interrupted {
            return Err(e);
        }
    }
}

/// A byte that no counter has: locks may lie behind the end.
const DOOR: i64 = 0x7f00_0000_0000;

fn locked<T>(file: &File, work: impl FnOnce() -> Done<T>) -> Done<T> {
    fcntl(file, libc::F_OFD_SETLKW, &mut range(libc::F_WRLCK, DOOR, 1))?;
    let result = work();
    fcntl(file, libc::F_OFD_SETLK, &mut range(libc::F_UNLCK, DOOR, 1))?;
    result
}

fn say(what: &str, value: impl fmt::Display) -> Done<()> {
    let line = format!("{what}: {value}\n");
    let mut out = io::stdout().lock();
    out.write_all(line.as_bytes())?;
    out.flush()?;
    Ok(())
}

fn init(name: &str) -> Done<()> {
    let file = open(name, for_both().create(true))?;
    locked(&file, || {
        if file.metadata()?.size() == 0 {
            file.set_len(8)?;
        }
        let cell = Cell::new(&file, true)?;
        cell.set(0);
        say("value", 0)
    })
}

fn add(name: &str, mut times: u128) -> Done<()> {
    let file = open(name, &mut for_both())?;
    let cell = Cell::new(&file, true)?;
    while times > 0 {
        locked(&file, || {
            for _ in 0..times.min(500) {
                let sum = cell.get().checked_add(1).ok_or(Trouble::Full)?;
                cell.set(sum);
                times -= 1;
            }
            Ok(())
        })?;
    }
    Ok(())
}

fn increment(name: &str, times: u128) -> Done<()> {
    // Is it one at all? Then nobody needs to be started for the answer.
    let file = open(name, &mut for_both())?;
    let cell = Cell::new(&file, true)?;
    let one = times / 2;
    thread::scope(|s| {
        let second = s.spawn(move || add(name, times - one));
        let first = if one > 0 {
            s.spawn(move || add(name, one)).join().unwrap()
        } else {
            Ok(())
        };
        first.and(second.join().unwrap())
    })?;
    say("value", cell.get())
}

fn watch(name: &str, until: i64) -> Done<()> {
    let file = open(name, OpenOptions::new().read(true))?;
    let cell = Cell::new(&file, false)?;
    drop(file);
    thread::scope(|s| {
        s.spawn(|| {
            // SAFETY of `cell` here: it outlives the scope, and it is only read.
            let mut top = cell.get();
            say("value", top)?;
            while top < until {
                thread::park_timeout(Duration::from_millis(3));
                let now = cell.get();
                if now > top {
                    top = now;
                    say("value", top)?;
                }
            }
            Ok(())
        })
        .join()
        .unwrap()
    })
}

unsafe impl Sync for Cell {}

/// What a child meets that opens FILE itself: 0 nothing, 1 a lock.
fn meets(name: &str, flock: bool) -> Done<&'static str> {
    let path = std::ffi::CString::new(name).unwrap();
    let mut l = range(libc::F_WRLCK, 0, 0);
    let status = unsafe {
        let child = libc::fork();
        if child == 0 {
            let fd = libc::open(path.as_ptr(), libc::O_RDWR);
            let held = if flock {
                libc::flock(fd, libc::LOCK_EX | libc::LOCK_NB) == -1
            } else {
                libc::fcntl(fd, libc::F_GETLK, &mut l) == -1
                    || l.l_type != libc::F_UNLCK as libc::c_short
            };
            libc::_exit(held as i32);
        }
        let mut status = 0;
        if child < 0 || libc::waitpid(child, &mut status, 0) < 0 {
            return Err(io::Error::last_os_error().into());
        }
        libc::WEXITSTATUS(status)
    };
    Ok(if status == 1 { "held" } else { "free" })
}

fn locks(name: &str) -> Done<()> {
    let stays = open(name, &mut for_both())?;
    let busy = |e: io::Error| match e.raw_os_error() {
        Some(libc::EAGAIN | libc::EACCES) => Trouble::Busy,
        _ => Trouble::Os(e),
    };
    fcntl(&stays, libc::F_SETLK, &mut range(libc::F_WRLCK, 0, 0)).map_err(busy)?;
    say("fcntl", meets(name, false)?)?;
    drop(open(name, &mut for_both())?);
    say("fcntl", meets(name, false)?)?;
    if unsafe { libc::flock(stays.as_raw_fd(), libc::LOCK_EX | libc::LOCK_NB) } != 0 {
        return Err(busy(io::Error::last_os_error()));
    }
    say("flock", meets(name, true)?)?;
    drop(open(name, &mut for_both())?);
    say("flock", meets(name, true)?)
}

fn digits(text: &str) -> Option<u128> {
    let mut n: u128 = 0;
    for c in text.bytes() {
        if !c.is_ascii_digit() {
            return None;
        }
        n = n.saturating_mul(10).saturating_add((c - b'0') as u128);
    }
    (!text.is_empty()).then_some(n)
}

fn value(text: &str) -> Option<i64> {
    let (minus, rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let n = i128::try_from(digits(rest)?).ok()?;
    i64::try_from(if minus { -n } else { n }).ok()
}

fn run(words: &[String]) -> Done<()> {
    let words: Vec<&str> = words.iter().map(|w| w.as_str()).collect();
    match *words.as_slice() {
        ["init", name] => init(name),
        ["locks", name] => locks(name),
        ["increment", name] => increment(name, 1),
        ["increment", name, "--times", n] => {
            let n = digits(n).filter(|&n| n > 0).ok_or(Trouble::CommandLine)?;
            increment(name, n)
        }
        ["watch", name, until] => {
            let until = value(until).ok_or(Trouble::CommandLine)?;
            watch(name, until)
        }
        _ => Err(Trouble::CommandLine),
    }
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match run(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Trouble::CommandLine) => {
            eprintln!(
                "usage: lab5-counter init FILE | increment FILE [--times N] | watch FILE UNTIL | locks FILE"
            );
            ExitCode::from(2)
        }
        Err(why) => {
            eprintln!("{}: {why}", words[1]);
            ExitCode::from(1)
        }
    }
}
