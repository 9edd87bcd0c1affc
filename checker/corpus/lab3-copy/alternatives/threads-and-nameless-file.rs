// expect: passes
// about: memmap2, three threads that draw windows of 3 MiB from a counter; the atomic form fills a file without a name (O_TMPFILE), links it to a temporary name when it is complete and renames that.
use memmap2::MmapOptions;
use std::ffi::{CString, OsStr, OsString};
use std::fmt::Display;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{Error, ErrorKind, Read, Result, Write};
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

const WINDOW: u64 = 3 << 20;
const THREADS: u64 = 3;

/// Which file is to blame, and why.
struct Blame(OsString, String);

trait Of<T> {
    fn of(self, name: &OsStr) -> std::result::Result<T, Blame>;
}

impl<T, E: Display> Of<T> for std::result::Result<T, E> {
    fn of(self, name: &OsStr) -> std::result::Result<T, Blame> {
        self.map_err(|e| Blame(name.to_owned(), e.to_string()))
    }
}

/// Removed when it goes out of scope, unless it was kept.
struct Scaffold(Option<PathBuf>);

impl Drop for Scaffold {
    fn drop(&mut self) {
        if let Some(path) = &self.0 {
            let _ = fs::remove_file(path);
        }
    }
}

fn follow_links(name: &OsStr) -> Result<PathBuf> {
    let mut path = PathBuf::from(name);
    let mut hops = 0;
    while let Ok(target) = fs::read_link(&path) {
        hops += 1;
        if hops > 40 {
            return Err(Error::from_raw_os_error(libc::ELOOP));
        }
        // an absolute target replaces everything
        path = path.parent().unwrap_or(Path::new("")).join(target);
    }
    Ok(path)
}

fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(p) if p != Path::new("") => p,
        _ => Path::new("."),
    }
}

fn scratch_name(path: &Path, n: u32) -> PathBuf {
    folder(path).join(format!(".{}.{n}.lab3", std::process::id()))
}

/// Length and blocks; what was there before is there again if that fails.
fn allot(file: &File, size: u64) -> Result<()> {
    let before = file.metadata()?.len();
    let go = || -> Result<()> {
        if size > 0 {
            while unsafe { libc::fallocate(file.as_raw_fd(), 0, 0, size as libc::off_t) } != 0 {
                let e = Error::last_os_error();
                match e.raw_os_error() {
                    Some(libc::EINTR) => {}
                    Some(libc::ENOSYS) | Some(libc::EOPNOTSUPP) => break,
                    _ => return Err(e),
                }
            }
        }
        file.set_len(size)
    };
    go().inspect_err(|_| {
        let _ = file.set_len(before);
    })
}

enum Side {
    Source(Error),
    Destination(Error),
}

fn pour(source: &File, destination: &File, size: u64) -> std::result::Result<(), Side> {
    let next = AtomicU64::new(0);
    let halt = AtomicBool::new(false);
    let worker = || -> std::result::Result<(), Side> {
        while !halt.load(Ordering::Relaxed) {
            let at = next.fetch_add(WINDOW, Ordering::Relaxed);
            if at >= size {
                break;
            }
            let mut options = MmapOptions::new();
            options.offset(at).len((size - at).min(WINDOW) as usize);
            let step = || {
                let s = unsafe { options.map(source) }.map_err(Side::Source)?;
                let mut d = unsafe { options.map_mut(destination) }.map_err(Side::Destination)?;
                d.copy_from_slice(&s);
                Ok(())
            };
            step().inspect_err(|_| halt.store(true, Ordering::Relaxed))?;
        }
        Ok(())
    };
    if size <= WINDOW {
        return worker();
    }
    std::thread::scope(|scope| {
        let crew: Vec<_> = (1..THREADS)
            .filter_map(|_| std::thread::Builder::new().spawn_scoped(scope, worker).ok())
            .collect();
        let mut result = worker();
        for one in crew {
            result = result.and(one.join().unwrap());
        }
        result
    })
}

fn nameless(path: &Path, mode: u32) -> Result<(File, Scaffold)> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).mode(mode);
    match options
        .clone()
        .custom_flags(libc::O_TMPFILE)
        .open(folder(path))
    {
        Ok(file) => return Ok((file, Scaffold(None))),
        Err(e) => match e.raw_os_error() {
            Some(libc::EOPNOTSUPP) | Some(libc::EISDIR) | Some(libc::EINVAL) => {}
            _ => return Err(e),
        },
    }
    for n in 0..1000 {
        let name = scratch_name(path, n);
        match options.clone().create_new(true).open(&name) {
            Err(e) if e.kind() == ErrorKind::AlreadyExists => {}
            Err(e) => return Err(e),
            Ok(file) => return Ok((file, Scaffold(Some(name)))),
        }
    }
    Err(ErrorKind::AlreadyExists.into())
}

fn give_name(file: &File, path: &Path) -> Result<Scaffold> {
    let fd = CString::new(format!("/proc/self/fd/{}", file.as_raw_fd()))?;
    for n in 0..1000 {
        let name = scratch_name(path, n);
        let c = CString::new(name.as_os_str().as_bytes())?;
        let done = unsafe {
            libc::linkat(
                libc::AT_FDCWD,
                fd.as_ptr(),
                libc::AT_FDCWD,
                c.as_ptr(),
                libc::AT_SYMLINK_FOLLOW,
            )
        };
        if done == 0 {
            return Ok(Scaffold(Some(name)));
        }
        let e = Error::last_os_error();
        if e.kind() != ErrorKind::AlreadyExists {
            return Err(e);
        }
    }
    Err(ErrorKind::AlreadyExists.into())
}

fn copy(atomic: bool, src: &OsStr, dst: &OsStr) -> std::result::Result<(), Blame> {
    let regular = |m: fs::Metadata| {
        if m.is_file() {
            Ok(m)
        } else {
            Err("not a regular file")
        }
    };
    regular(fs::metadata(src).of(src)?).of(src)?;
    let source = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NONBLOCK)
        .open(src)
        .of(src)?;
    let sm = regular(source.metadata().of(src)?).of(src)?;
    let size = sm.len();
    if size == 0 {
        let mut byte = [0u8; 1];
        if (&source).read(&mut byte).of(src)? > 0 {
            return Err("holds more than its size says").of(src);
        }
    } else {
        // can it be mapped at all?
        unsafe { MmapOptions::new().len(1).map(&source) }.of(src)?;
    }

    let path = follow_links(dst).of(dst)?;
    let old = match fs::metadata(&path) {
        Ok(m) if m.ino() == sm.ino() && m.dev() == sm.dev() => {
            return Err("that is the source").of(dst);
        }
        Ok(m) => Some(regular(m).of(dst)?),
        Err(e) if e.kind() == ErrorKind::NotFound => None,
        Err(e) => return Err(e).of(dst),
    };
    let mode = sm.mode() & 0o777;
    let (destination, mut scaffold) = match (&old, atomic) {
        (Some(_), false) => {
            let file = OpenOptions::new()
                .read(true)
                .write(true)
                .custom_flags(libc::O_NONBLOCK)
                .open(&path)
                .of(dst)?;
            (file, Scaffold(None))
        }
        (None, false) => {
            let file = OpenOptions::new()
                .read(true)
                .write(true)
                .create_new(true)
                .mode(mode)
                .open(&path)
                .of(dst)?;
            (file, Scaffold(Some(path.clone())))
        }
        (Some(old), true) => {
            OpenOptions::new()
                .write(true)
                .custom_flags(libc::O_NONBLOCK)
                .open(&path)
                .of(dst)?;
            let (file, scaffold) = nameless(&path, 0o600).of(dst)?;
            file.set_permissions(Permissions::from_mode(old.mode() & 0o7777))
                .of(dst)?;
            (file, scaffold)
        }
        (None, true) => nameless(&path, mode).of(dst)?,
    };
    allot(&destination, size).of(dst)?;
    println!("size: {size}");

    pour(&source, &destination, size).or_else(|side| match side {
        Side::Source(e) => Err(e).of(src),
        Side::Destination(e) => Err(e).of(dst),
    })?;
    if source.metadata().of(src)?.len() < size {
        return Err("grew shorter during the copy").of(src);
    }
    if atomic {
        if scaffold.0.is_none() {
            scaffold = give_name(&destination, &path).of(dst)?;
        }
        fs::rename(scaffold.0.as_ref().unwrap(), &path).of(dst)?;
    }
    scaffold.0 = None;
    println!("copied: {size}");
    Ok(())
}

fn main() -> ExitCode {
    unsafe { libc::signal(libc::SIGXFSZ, libc::SIG_IGN) };
    let args: Vec<OsString> = std::env::args_os().skip(1).collect();
    let (atomic, names) = match args.split_first() {
        Some((first, rest)) if first == "--atomic" => (true, rest),
        _ => (false, &args[..]),
    };
    let [src, dst] = names else {
        eprintln!("usage: lab3-copy [--atomic] SOURCE DESTINATION");
        return ExitCode::from(2);
    };
    match copy(atomic, src, dst) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Blame(name, why)) => {
            let line = [why.as_bytes(), b" [", name.as_bytes(), b"]\n"].concat();
            let _ = std::io::stderr().write_all(&line);
            ExitCode::FAILURE
        }
    }
}
