// expect: passes
// about: opens with O_PATH and again through /proc/self/fd; four threads store every fourth byte each through a mapping with PROT_WRITE alone; a second view of the same mapping, made by mremap from a length of 0, is the one that is given to msync after the first one is gone; all lines leave in one write.
use std::ffi::{CString, OsStr};
use std::fmt::Write as _;
use std::io::{self, Error, Write as _};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::ptr::null_mut;

const PAGE: u64 = 4096;

struct Fd(i32);

impl Drop for Fd {
    fn drop(&mut self) {
        unsafe { libc::close(self.0) };
    }
}

fn again<F: FnMut() -> i32>(mut f: F) -> io::Result<i32> {
    loop {
        let r = f();
        if r >= 0 {
            return Ok(r);
        }
        let e = Error::last_os_error();
        if e.raw_os_error() != Some(libc::EINTR) {
            return Err(e);
        }
    }
}

fn stat(fd: &Fd) -> io::Result<libc::stat> {
    let mut st = unsafe { std::mem::zeroed() };
    again(|| unsafe { libc::fstat(fd.0, &mut st) })?;
    Ok(st)
}

/// Nothing is opened in earnest before it is known to be a regular file.
fn open(path: &[u8], flags: i32) -> io::Result<(Fd, u64)> {
    let name = CString::new(path)?;
    let handle = Fd(again(|| unsafe {
        libc::open(name.as_ptr(), libc::O_PATH | libc::O_CLOEXEC)
    })?);
    if stat(&handle)?.st_mode & libc::S_IFMT != libc::S_IFREG {
        return Err(Error::other("only regular files, please"));
    }
    let link = CString::new(format!("/proc/self/fd/{}", handle.0))?;
    let fd = Fd(again(|| unsafe {
        libc::open(link.as_ptr(), flags | libc::O_CLOEXEC)
    })?);
    let size = stat(&fd)?.st_size as u64;
    Ok((fd, size))
}

fn map(fd: &Fd, at: u64, len: usize, prot: i32) -> io::Result<*mut u8> {
    let p = unsafe { libc::mmap(null_mut(), len, prot, libc::MAP_SHARED, fd.0, at as i64) };
    if p == libc::MAP_FAILED {
        Err(Error::last_os_error())
    } else {
        Ok(p.cast())
    }
}

#[derive(Clone, Copy)]
struct Place(*mut u8);
unsafe impl Send for Place {}

impl Place {
    fn put(self, i: usize, b: u8) {
        unsafe { self.0.add(i).write_volatile(b) }
    }
}

/// A second view of the stored bytes, writable too.
struct Stored {
    alias: *mut u8,
    len: usize,
}

fn store(fd: &Fd, at: u64, text: &[u8]) -> io::Result<Stored> {
    let skip = (at % PAGE) as usize;
    let len = skip + text.len();
    let base = map(fd, at - skip as u64, len, libc::PROT_WRITE)?;
    let alias = unsafe { libc::mremap(base.cast(), 0, len, libc::MREMAP_MAYMOVE) };
    if alias == libc::MAP_FAILED {
        return Err(Error::last_os_error());
    }
    let place = Place(base.wrapping_add(skip));
    std::thread::scope(|s| {
        for k in 0..4 {
            s.spawn(move || {
                let p = place;
                for i in (k..text.len()).step_by(4).rev() {
                    p.put(i, text[i]);
                }
            });
        }
    });
    unsafe { libc::munmap(base.cast(), len) };
    Ok(Stored {
        alias: alias.cast(),
        len,
    })
}

fn sync(s: &Stored) -> io::Result<()> {
    again(|| unsafe { libc::msync(s.alias.cast(), s.len, libc::MS_SYNC) }).map(drop)
}

fn show(path: &[u8]) -> io::Result<String> {
    let (fd, size) = open(path, libc::O_RDONLY)?;
    let mut out = format!("size: {size}\ncontent: ");
    if size > 0 {
        let n = size.min(64) as usize;
        let p = map(&fd, 0, n, libc::PROT_READ)?;
        for i in 0..n {
            let b = unsafe { p.add(i).read_volatile() };
            if b == b'\\' || !(b' '..=b'~').contains(&b) {
                write!(out, "\\x{b:02x}").unwrap();
            } else {
                out.push(char::from(b));
            }
        }
    }
    out.push('\n');
    Ok(out)
}

fn overwrite(path: &[u8], text: &[u8]) -> io::Result<String> {
    let (fd, size) = open(path, libc::O_RDWR)?;
    let n = size.min(text.len() as u64) as usize;
    if n > 0 {
        sync(&store(&fd, 0, &text[..n])?)?;
    }
    Ok(format!(
        "size: {size}\nwritten: {n}\ncut: {}\nsynced: {n}\n",
        text.len() - n
    ))
}

fn append(path: &[u8], text: &[u8]) -> io::Result<String> {
    let (fd, _) = open(path, libc::O_RDWR)?;
    again(|| unsafe { libc::flock(fd.0, libc::LOCK_EX) })?;
    let old = stat(&fd)?.st_size as u64;
    let n = text.len();
    if n > 0 {
        let mut limit = libc::rlimit {
            rlim_cur: 0,
            rlim_max: 0,
        };
        let known = unsafe { libc::getrlimit(libc::RLIMIT_FSIZE, &mut limit) } == 0;
        if known && old + n as u64 > limit.rlim_cur {
            return Err(Error::from_raw_os_error(libc::EFBIG));
        }
        let stored = again(|| unsafe { libc::fallocate(fd.0, 0, old as i64, n as i64) })
            .and_then(|_| store(&fd, old, text));
        match stored {
            Ok(s) => sync(&s)?,
            Err(e) => {
                if stat(&fd)?.st_size as u64 != old {
                    again(|| unsafe { libc::ftruncate(fd.0, old as i64) })?;
                }
                return Err(e);
            }
        }
    }
    Ok(format!(
        "size: {old}\nappended: {n}\nsynced: {n}\nnew size: {}\n",
        old + n as u64
    ))
}

fn main() {
    let args: Vec<Vec<u8>> = std::env::args_os().map(|a| a.into_vec()).collect();
    let args: Vec<&[u8]> = args.iter().map(|a| &a[..]).collect();
    let (file, done) = match args[..] {
        [_, b"show", file] => (file, show(file)),
        [_, b"overwrite", file, text] => (file, overwrite(file, text)),
        [_, b"append", file, text] => (file, append(file, text)),
        _ => {
            eprintln!(
                "usage: lab1-editor show FILE; lab1-editor overwrite FILE TEXT; lab1-editor append FILE TEXT"
            );
            std::process::exit(2);
        }
    };
    let status = match done {
        Ok(facts) => {
            // one write of everything, past the buffer of io::stdout
            let mut rest = facts.as_bytes();
            while !rest.is_empty() {
                let r = unsafe { libc::write(1, rest.as_ptr().cast(), rest.len()) };
                if r > 0 {
                    rest = &rest[r as usize..];
                } else if Error::last_os_error().raw_os_error() != Some(libc::EINTR) {
                    std::process::exit(1);
                }
            }
            0
        }
        Err(e) => {
            let mut line = OsStr::from_bytes(file).as_bytes().to_vec();
            line.extend(format!(" – {e}\n").into_bytes());
            let _ = io::stderr().write_all(&line);
            1
        }
    };
    std::process::exit(status);
}
