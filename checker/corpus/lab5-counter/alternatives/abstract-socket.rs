// expect: passes
// about: additions are plain ones, kept apart by an abstract Unix socket named after FILE's device and inode: whoever has bound it is in; the others connect to it and read until it is closed. The kernel closes it when its process is gone. rustix for files and mappings.
use rustix::fs::{self, FileType, FlockOperation, Mode, OFlags};
use rustix::io::Errno;
use rustix::mm::{self, MapFlags, ProtFlags};
use std::ffi::c_void;
use std::io::{ErrorKind, Read, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};
use std::process::exit;
use std::thread::sleep;
use std::time::Duration;

struct Job {
    name: String,
}

impl Job {
    fn no(&self, why: &str) -> ! {
        eprintln!("{} ({why})", self.name);
        exit(1)
    }

    fn ok<T, E: std::fmt::Display>(&self, result: Result<T, E>) -> T {
        match result {
            Ok(value) => value,
            Err(e) => self.no(&e.to_string()),
        }
    }

    fn open(&self, access: OFlags, create: bool) -> OwnedFd {
        let flags = access | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let fd = match fs::open(self.name.as_str(), flags, Mode::empty()) {
            Err(Errno::NOENT) if create => fs::open(
                self.name.as_str(),
                flags | OFlags::CREATE,
                Mode::from_raw_mode(0o666),
            ),
            other => other,
        };
        let fd = self.ok(fd);
        if FileType::from_raw_mode(self.ok(fs::fstat(&fd)).st_mode) != FileType::RegularFile {
            self.no("not a regular file");
        }
        fd
    }

    fn map(&self, fd: &OwnedFd, prot: ProtFlags) -> *mut i64 {
        if self.ok(fs::fstat(fd)).st_size != 8 {
            self.no("not 8 bytes");
        }
        let p: *mut c_void =
            self.ok(unsafe { mm::mmap(std::ptr::null_mut(), 8, prot, MapFlags::SHARED, fd, 0) });
        p.cast()
    }

    /// The lock. It is free again when the listener is dropped, or its process is gone.
    fn enter(&self, fd: &OwnedFd) -> UnixListener {
        let st = self.ok(fs::fstat(fd));
        let name = format!("lab5-counter/{:x}/{:x}", st.st_dev, st.st_ino);
        let address = self.ok(SocketAddr::from_abstract_name(name));
        loop {
            match UnixListener::bind_addr(&address) {
                Ok(listener) => return listener,
                Err(e) if e.kind() == ErrorKind::AddrInUse => {}
                Err(e) => self.no(&e.to_string()),
            }
            match UnixStream::connect_addr(&address) {
                // nobody ever sends anything: this ends when the owner closes the socket
                Ok(mut stream) => {
                    let _ = stream.read(&mut [0]);
                }
                // the owner has just left, or has not got as far as to listen
                Err(_) => sleep(Duration::from_millis(1)),
            }
        }
    }

    fn init(&self) {
        let fd = self.open(OFlags::RDWR, true);
        let lock = self.enter(&fd);
        if self.ok(fs::fstat(&fd)).st_size == 0 {
            self.ok(fs::ftruncate(&fd, 8));
        }
        let counter = self.map(&fd, ProtFlags::READ | ProtFlags::WRITE);
        unsafe { counter.write_volatile(0) };
        say("value", 0);
        drop(lock);
    }

    fn increment(&self, times: u128) {
        let fd = self.open(OFlags::RDWR, false);
        let counter = self.map(&fd, ProtFlags::READ | ProtFlags::WRITE);
        let lock = self.enter(&fd);
        let mut last = 0;
        let mut left = times;
        while left > 0 {
            let Some(next) = unsafe { counter.read_volatile() }.checked_add(1) else {
                self.no("it cannot become larger");
            };
            unsafe { counter.write_volatile(next) };
            last = next;
            left -= 1;
        }
        say("value", last);
        drop(lock);
    }

    fn watch(&self, until: i64) {
        let fd = self.open(OFlags::RDONLY, false);
        let counter = self.map(&fd, ProtFlags::READ);
        let mut high: Option<i64> = None;
        loop {
            let now = unsafe { counter.read_volatile() };
            if high.is_none_or(|h| now > h) {
                say("value", now);
                high = Some(now);
            }
            if high >= Some(until) {
                return;
            }
            sleep(Duration::from_micros(2500));
        }
    }

    fn locks(&self) {
        let first = self.open(OFlags::RDWR, false);
        self.ok(fs::fcntl_lock(
            &first,
            FlockOperation::NonBlockingLockExclusive,
        ));
        say("fcntl", "held");
        drop(self.open(OFlags::RDWR, false));
        say("fcntl", "free");
        self.ok(fs::flock(&first, FlockOperation::NonBlockingLockExclusive));
        say("flock", "held");
        drop(self.open(OFlags::RDWR, false));
        say("flock", "held");
        assert!(first.as_raw_fd() >= 0);
    }
}

fn say(name: &str, value: impl std::fmt::Display) {
    let text = format!("{name}: {value}\n");
    if std::io::stdout().write_all(text.as_bytes()).is_err() {
        exit(1);
    }
}

fn usage() -> ! {
    eprintln!(
        "usage: lab5-counter init FILE / increment FILE [--times N] / watch FILE UNTIL / locks FILE"
    );
    exit(2)
}

fn number(text: &str) -> Option<u128> {
    if text.is_empty() {
        return None;
    }
    text.bytes().try_fold(0u128, |n, b| {
        b.is_ascii_digit()
            .then(|| n.saturating_mul(10).saturating_add((b - b'0').into()))
    })
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if words.len() < 2 {
        usage();
    }
    let job = Job {
        name: words[1].clone(),
    };
    match (words[0].as_str(), &words[2..]) {
        ("init", []) => job.init(),
        ("increment", []) => job.increment(1),
        ("increment", [option, n]) if option == "--times" => match number(n) {
            None | Some(0) => usage(),
            Some(n) => job.increment(n),
        },
        ("watch", [until]) => {
            let size = number(until.strip_prefix('-').unwrap_or(until));
            let signed = size
                .and_then(|n| i128::try_from(n).ok())
                .map(|n| if until.starts_with('-') { -n } else { n });
            match signed.and_then(|n| i64::try_from(n).ok()) {
                Some(until) => job.watch(until),
                None => usage(),
            }
        }
        ("locks", []) => job.locks(),
        _ => usage(),
    }
}
