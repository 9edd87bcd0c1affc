// expect: passes
// about: looks at what FILE is by O_PATH and opens it through /proc/self/fd; a new counter is made without a name (O_TMPFILE) and linked when it has its 8 bytes; it loads from one mapping (PROT_READ) and compares and exchanges in another (PROT_WRITE alone); watch waits for a futex in the counter itself, with a time limit, and increment and init wake it.
use std::ffi::{CStr, CString};
use std::io::{Error, Result};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::sync::atomic::{AtomicI64, Ordering};

use libc::{c_int, c_long};

const ENDS: [&str; 4] = [
    "usage: lab5-counter init FILE",
    "lab5-counter increment FILE [--times N]",
    "lab5-counter watch FILE UNTIL",
    "lab5-counter locks FILE",
];

/// Prints a line with one call.
fn out(line: String) {
    let line = line + "\n";
    let mut rest = line.as_bytes();
    while !rest.is_empty() {
        let n = unsafe { libc::write(1, rest.as_ptr().cast(), rest.len()) };
        if n < 0 {
            if Error::last_os_error().raw_os_error() == Some(libc::EINTR) {
                continue;
            }
            std::process::exit(1);
        }
        rest = &rest[n as usize..];
    }
}

fn ok(n: c_int) -> Result<c_int> {
    if n < 0 {
        Err(Error::last_os_error())
    } else {
        Ok(n)
    }
}

fn open_at(path: &CStr, flags: c_int) -> Result<OwnedFd> {
    let fd = ok(unsafe { libc::open(path.as_ptr(), flags | libc::O_CLOEXEC, 0o666 as c_int) })?;
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

fn stat(fd: &OwnedFd) -> Result<libc::stat> {
    let mut st: libc::stat = unsafe { std::mem::zeroed() };
    ok(unsafe { libc::fstat(fd.as_raw_fd(), &mut st) })?;
    Ok(st)
}

fn again(fd: &OwnedFd) -> CString {
    CString::new(format!("/proc/self/fd/{}", fd.as_raw_fd())).unwrap()
}

/// Opens what is a regular file and touches nothing else.
fn regular(path: &CStr, flags: c_int) -> Result<OwnedFd> {
    let place = open_at(path, libc::O_PATH)?;
    if stat(&place)?.st_mode & libc::S_IFMT != libc::S_IFREG {
        return Err(Error::other("only a regular file can be a counter"));
    }
    open_at(&again(&place), flags)
}

/// Makes a counter that has no name until it has its bytes. False if there is no such thing here.
fn create(path: &CStr) -> bool {
    let bytes = path.to_bytes();
    let folder = match bytes.iter().rposition(|&b| b == b'/') {
        Some(0) => CString::new("/").unwrap(),
        Some(n) => CString::new(&bytes[..n]).unwrap(),
        None => CString::new(".").unwrap(),
    };
    let Ok(fd) = open_at(&folder, libc::O_TMPFILE | libc::O_RDWR) else {
        return false;
    };
    unsafe {
        libc::ftruncate(fd.as_raw_fd(), 8) == 0
            && libc::linkat(
                libc::AT_FDCWD,
                again(&fd).as_ptr(),
                libc::AT_FDCWD,
                path.as_ptr(),
                libc::AT_SYMLINK_FOLLOW,
            ) == 0
    }
}

fn map(fd: &OwnedFd, prot: c_int) -> Result<&'static AtomicI64> {
    let at = unsafe {
        libc::mmap(
            std::ptr::null_mut(),
            8,
            prot,
            libc::MAP_SHARED,
            fd.as_raw_fd(),
            0,
        )
    };
    if at == libc::MAP_FAILED {
        return Err(Error::last_os_error());
    }
    // SAFETY: it stays mapped until the process ends.
    Ok(unsafe { &*at.cast::<AtomicI64>() })
}

fn futex(at: &AtomicI64, op: c_int, value: u32, limit: *const libc::timespec) -> c_long {
    unsafe { libc::syscall(libc::SYS_futex, at.as_ptr(), op, value, limit, 0, 0) }
}

fn wake(at: &AtomicI64) {
    futex(at, libc::FUTEX_WAKE, i32::MAX as u32, std::ptr::null());
}

fn eight(fd: &OwnedFd) -> Result<()> {
    match stat(fd)?.st_size {
        8 => Ok(()),
        n => Err(Error::other(format!("has {n} bytes, a counter has 8"))),
    }
}

fn init(path: &CStr) -> Result<()> {
    let fd = match regular(path, libc::O_RDWR) {
        Err(e) if e.raw_os_error() == Some(libc::ENOENT) => {
            create(path);
            // It is there now, whoever made it. If it is not, this makes it or says why not.
            open_at(
                path,
                libc::O_RDWR | libc::O_CREAT | libc::O_NONBLOCK | libc::O_NOCTTY,
            )?
        }
        other => other?,
    };
    let st = stat(&fd)?;
    if st.st_mode & libc::S_IFMT != libc::S_IFREG {
        return Err(Error::other("only a regular file can be a counter"));
    }
    if st.st_size == 0 {
        ok(unsafe { libc::ftruncate(fd.as_raw_fd(), 8) })?;
    }
    eight(&fd)?;
    let counter = map(&fd, libc::PROT_WRITE)?;
    counter.store(0, Ordering::SeqCst);
    wake(counter);
    out("value: 0".into());
    Ok(())
}

fn increment(path: &CStr, times: u64) -> Result<()> {
    let fd = regular(path, libc::O_RDWR)?;
    eight(&fd)?;
    let window = map(&fd, libc::PROT_READ)?;
    let hatch = map(&fd, libc::PROT_WRITE)?;
    let mut done = 0;
    let mut last = 0;
    let result = loop {
        if done == times {
            break Ok(());
        }
        let old = window.load(Ordering::Acquire);
        let Some(new) = old.checked_add(1) else {
            break Err(Error::other("has the largest value there is"));
        };
        if hatch
            .compare_exchange(old, new, Ordering::SeqCst, Ordering::Relaxed)
            .is_ok()
        {
            last = new;
            done += 1;
        }
    };
    if done > 0 {
        wake(hatch);
    }
    result?;
    out(format!("value: {last}"));
    Ok(())
}

fn watch(path: &CStr, until: i64) -> Result<()> {
    let fd = regular(path, libc::O_RDONLY)?;
    eight(&fd)?;
    let counter = map(&fd, libc::PROT_READ)?;
    let limit = libc::timespec {
        tv_sec: 0,
        tv_nsec: 25_000_000,
    };
    let mut shown = None;
    loop {
        let now = counter.load(Ordering::SeqCst);
        if shown.is_none_or(|s| now > s) {
            out(format!("value: {now}"));
            shown = Some(now);
        } else {
            // The lower half: if it is another one already, this comes back at once.
            futex(counter, libc::FUTEX_WAIT, now as u32, &limit);
        }
        if shown >= Some(until) {
            return Ok(());
        }
    }
}

fn by_fcntl(fd: &OwnedFd, command: c_int) -> Result<libc::flock> {
    let mut l: libc::flock = unsafe { std::mem::zeroed() };
    l.l_type = libc::F_WRLCK as _;
    l.l_whence = libc::SEEK_SET as _;
    ok(unsafe { libc::fcntl(fd.as_raw_fd(), command, &mut l) })?;
    Ok(l)
}

fn by_flock(fd: &OwnedFd) -> Result<()> {
    ok(unsafe { libc::flock(fd.as_raw_fd(), libc::LOCK_EX | libc::LOCK_NB) })?;
    Ok(())
}

fn locks(path: &CStr) -> Result<()> {
    let fd = regular(path, libc::O_RDWR)?;
    let ask_fcntl = || -> Result<()> {
        // Asked for a lock of the open file, the kernel names the one of this process too.
        let l = by_fcntl(&fd, libc::F_OFD_GETLK)?;
        out(format!(
            "fcntl: {}",
            if l.l_type as c_int == libc::F_UNLCK as c_int {
                "free"
            } else {
                "held"
            }
        ));
        Ok(())
    };
    let ask_flock = || -> Result<()> {
        let other = open_at(path, libc::O_RDWR)?;
        let held = by_flock(&other).is_err();
        drop(other);
        out(format!("flock: {}", if held { "held" } else { "free" }));
        Ok(())
    };
    by_fcntl(&fd, libc::F_SETLK)?;
    ask_fcntl()?;
    drop(open_at(path, libc::O_RDWR)?);
    ask_fcntl()?;
    by_flock(&fd)?;
    ask_flock()?;
    drop(open_at(path, libc::O_RDWR)?);
    ask_flock()
}

fn natural(text: &str) -> Option<u64> {
    if text.is_empty() || !text.chars().all(|c| matches!(c, '0'..='9')) {
        return None;
    }
    match text.trim_start_matches('0') {
        "" => None,
        digits => Some(digits.parse().unwrap_or(u64::MAX)),
    }
}

fn integer(text: &str) -> Option<i64> {
    if text.starts_with('+') {
        None
    } else {
        text.parse().ok()
    }
}

fn main() {
    let words: Vec<String> = std::env::args().collect();
    let path = CString::new(words.get(2).map_or("", String::as_str)).unwrap();
    let command = words.get(1).map_or("", String::as_str);
    let result = match (command, words.len()) {
        ("init", 3) => init(&path),
        ("locks", 3) => locks(&path),
        ("increment", 3) => increment(&path, 1),
        ("increment", 5) if words[3] == "--times" && natural(&words[4]).is_some() => {
            increment(&path, natural(&words[4]).unwrap())
        }
        ("watch", 4) if integer(&words[3]).is_some() => watch(&path, integer(&words[3]).unwrap()),
        _ => {
            eprintln!("{}", ENDS.join(" | "));
            std::process::exit(2);
        }
    };
    if let Err(e) = result {
        eprintln!("{}: {e}", words[2]);
        std::process::exit(1);
    }
}
