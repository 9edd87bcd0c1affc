// expect: fails 3
// also: 8, 10, 11, 12
// about: Holes of SOURCE (SEEK_DATA/SEEK_HOLE) are skipped, although an existing DESTINATION may hold old bytes there; breaks "DESTINATION ... has the bytes of SOURCE".
use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicPtr, Ordering};
use std::{env, ptr};

const WINDOW: u64 = 8 << 20;

/// The path (ending in NUL) that a `SIGBUS` has to remove.
static MADE: AtomicPtr<libc::c_char> = AtomicPtr::new(ptr::null_mut());
/// The line for standard error that goes with it.
static LAST_WORDS: AtomicPtr<String> = AtomicPtr::new(ptr::null_mut());

extern "C" fn on_bus(_: libc::c_int) {
    unsafe {
        let made = MADE.load(Ordering::SeqCst);
        if !made.is_null() {
            libc::unlink(made);
        }
        let words = LAST_WORDS.load(Ordering::SeqCst);
        if !words.is_null() {
            let words: &String = &*words;
            libc::write(2, words.as_ptr().cast(), words.len());
        }
        libc::_exit(1)
    }
}

struct Failure(Vec<u8>, String);

fn at<T>(name: &OsStr, result: io::Result<T>) -> Result<T, Failure> {
    result.map_err(|e| because(name, &e.to_string()))
}

fn because(name: &OsStr, why: &str) -> Failure {
    Failure(name.as_encoded_bytes().to_vec(), why.to_string())
}

/// Removes what was made, unless told that all went well.
struct Made(Option<PathBuf>);

impl Made {
    fn new(path: &Path) -> Made {
        let mut c = path.as_os_str().as_encoded_bytes().to_vec();
        c.push(0);
        MADE.store(
            Box::leak(c.into_boxed_slice()).as_mut_ptr().cast(),
            Ordering::SeqCst,
        );
        Made(Some(path.to_path_buf()))
    }
    fn keep(&mut self) {
        MADE.store(ptr::null_mut(), Ordering::SeqCst);
        self.0 = None;
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        if let Some(path) = &self.0 {
            let _ = fs::remove_file(path);
        }
    }
}

struct Window(*mut u8, usize);

impl Window {
    fn new(file: &File, offset: u64, length: usize, write: bool) -> io::Result<Window> {
        let (prot, flags) = if write {
            (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED)
        } else {
            (libc::PROT_READ, libc::MAP_PRIVATE)
        };
        let p = unsafe {
            libc::mmap(
                ptr::null_mut(),
                length,
                prot,
                flags,
                file.as_raw_fd(),
                offset as libc::off_t,
            )
        };
        if p == libc::MAP_FAILED {
            Err(io::Error::last_os_error())
        } else {
            Ok(Window(p.cast(), length))
        }
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        unsafe { libc::munmap(self.0.cast(), self.1) };
    }
}

fn follow_links(name: &Path) -> io::Result<PathBuf> {
    let mut path = name.to_path_buf();
    for _ in 0..40 {
        match fs::read_link(&path) {
            Ok(target) => {
                path = match path.parent() {
                    Some(folder) => folder.join(target),
                    None => target,
                }
            }
            Err(_) => return Ok(path),
        }
    }
    Err(io::Error::from_raw_os_error(libc::ELOOP))
}

fn give_length(file: &File, size: u64) -> io::Result<()> {
    if size > 0 && unsafe { libc::fallocate(file.as_raw_fd(), 0, 0, size as libc::off_t) } < 0 {
        let e = io::Error::last_os_error();
        if !matches!(e.raw_os_error(), Some(libc::EOPNOTSUPP | libc::ENOSYS)) {
            return Err(e);
        }
    }
    file.set_len(size)
}

fn copy(
    source: &File,
    destination: &File,
    size: u64,
    src: &OsStr,
    dst: &OsStr,
) -> Result<(), Failure> {
    let mut offset = 0;
    while offset < size {
        let n = WINDOW.min(size - offset) as usize;
        let s = at(src, Window::new(source, offset, n, false))?;
        let d = at(dst, Window::new(destination, offset, n, true))?;
        // Where the source has a hole there is nothing to copy.
        let (mut from, end) = (offset, offset + n as u64);
        while from < end {
            let seek =
                |to: u64, what| unsafe { libc::lseek(source.as_raw_fd(), to as libc::off_t, what) };
            let data = match seek(from, libc::SEEK_DATA) {
                -1 if io::Error::last_os_error().raw_os_error() == Some(libc::ENXIO) => break,
                -1 => from,
                p => (p as u64).min(end),
            };
            let hole = match seek(data, libc::SEEK_HOLE) {
                -1 => end,
                p => (p as u64).min(end),
            };
            let skip = (data - offset) as usize;
            unsafe {
                ptr::copy_nonoverlapping(
                    s.0.add(skip),
                    d.0.add(skip),
                    (hole.max(data) - data) as usize,
                )
            };
            from = hole.max(data + 1);
        }
        offset += n as u64;
    }
    Ok(())
}

fn run(atomic: bool, src: &OsStr, dst: &OsStr) -> Result<(), Failure> {
    let meta = at(src, fs::metadata(src))?;
    if !meta.is_file() {
        return Err(because(src, "not a regular file"));
    }
    let mut source = at(
        src,
        OpenOptions::new()
            .read(true)
            .custom_flags(libc::O_NONBLOCK)
            .open(src),
    )?;
    let meta = at(src, source.metadata())?;
    if !meta.is_file() {
        return Err(because(src, "not a regular file"));
    }
    let size = meta.len();
    if size == 0 {
        if at(src, source.read(&mut [0; 1]))? > 0 {
            return Err(because(src, "does not tell its size"));
        }
    } else {
        // A file that cannot be mapped is refused before anything is made.
        at(
            src,
            Window::new(&source, 0, size.min(WINDOW) as usize, false),
        )?;
    }

    let real = at(dst, follow_links(Path::new(dst)))?;
    let old = match fs::metadata(&real) {
        Ok(old) => Some(old),
        Err(e) if e.kind() == ErrorKind::NotFound => None,
        Err(e) => return at(dst, Err(e)),
    };
    if let Some(old) = &old {
        if !old.is_file() {
            return Err(because(dst, "not a regular file"));
        }
        if (old.dev(), old.ino()) == (meta.dev(), meta.ino()) {
            return Err(because(dst, "is the source itself"));
        }
    }

    let mut made = Made(None);
    let bits = meta.mode() & 0o777;
    let destination = if atomic {
        if old.is_some() {
            at(
                dst,
                OpenOptions::new()
                    .write(true)
                    .custom_flags(libc::O_NONBLOCK)
                    .open(&real),
            )?;
        }
        let mut number = 0;
        loop {
            let name = format!(".lab3-{}-{number}", std::process::id());
            let path = match real.parent() {
                Some(folder) => folder.join(name),
                None => PathBuf::from(name),
            };
            let mode = if old.is_some() { 0o600 } else { bits };
            match OpenOptions::new()
                .read(true)
                .write(true)
                .create_new(true)
                .mode(mode)
                .open(&path)
            {
                Ok(file) => {
                    made = Made::new(&path);
                    break file;
                }
                Err(e) if e.kind() == ErrorKind::AlreadyExists && number < 1000 => number += 1,
                Err(e) => return at(dst, Err(e)),
            }
        }
    } else if old.is_some() {
        at(
            dst,
            OpenOptions::new()
                .read(true)
                .write(true)
                .custom_flags(libc::O_NONBLOCK)
                .open(&real),
        )?
    } else {
        let file = at(
            dst,
            OpenOptions::new()
                .read(true)
                .write(true)
                .create_new(true)
                .mode(bits)
                .open(&real),
        )?;
        made = Made::new(&real);
        file
    };

    if let Err(e) = give_length(&destination, size) {
        if let (false, Some(old)) = (atomic, &old) {
            let _ = destination.set_len(old.len());
        }
        return at(dst, Err(e));
    }
    println!("size: {size}");
    copy(&source, &destination, size, src, dst)?;
    if at(src, source.metadata())?.len() < size {
        return Err(because(src, "became shorter meanwhile"));
    }
    if atomic {
        if let Some(old) = &old {
            at(
                dst,
                destination.set_permissions(fs::Permissions::from_mode(old.mode() & 0o777)),
            )?;
        }
        at(dst, fs::rename(made.0.as_ref().unwrap(), &real))?;
    }
    made.keep();
    println!("copied: {size}");
    Ok(())
}

fn main() -> ExitCode {
    let args: Vec<_> = env::args_os().skip(1).collect();
    let (atomic, src, dst) = match &args[..] {
        [a, _] if a == "--atomic" => return usage(),
        [src, dst] => (false, src, dst),
        [a, src, dst] if a == "--atomic" => (true, src, dst),
        _ => return usage(),
    };
    unsafe {
        libc::signal(libc::SIGXFSZ, libc::SIG_IGN);
        libc::signal(
            libc::SIGBUS,
            on_bus as extern "C" fn(libc::c_int) as libc::sighandler_t,
        );
    }
    let words = format!(
        "lab3-copy: {} to {}: a byte is gone\n",
        src.to_string_lossy(),
        dst.to_string_lossy()
    );
    LAST_WORDS.store(Box::leak(Box::new(words)), Ordering::SeqCst);
    match run(atomic, src, dst) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure(name, why)) => {
            eprintln!("lab3-copy: {}: {why}", String::from_utf8_lossy(&name));
            ExitCode::from(1)
        }
    }
}

fn usage() -> ExitCode {
    eprintln!("usage: lab3-copy [--atomic] SOURCE DESTINATION");
    ExitCode::from(2)
}
