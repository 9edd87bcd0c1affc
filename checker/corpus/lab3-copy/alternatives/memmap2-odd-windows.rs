// expect: passes
// about: memmap2 with windows of 7,654,321 bytes, whose offsets are no multiples of a page (memmap2 maps from the page below), copied from the last byte group to the first inside each window; a new DESTINATION is put in place with renameat2(RENAME_NOREPLACE), an old one with rename.
use std::fs::{File, Metadata, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use memmap2::MmapOptions;
use rustix::fs::{CWD, FallocateFlags, RenameFlags};

const WINDOW: u64 = 7_654_321;
const MANY: u64 = 4096;

type Wrong = (&'static Path, io::Error);

trait About<T> {
    fn about(self, name: &'static Path) -> Result<T, Wrong>;
}
impl<T, E: Into<io::Error>> About<T> for Result<T, E> {
    fn about(self, name: &'static Path) -> Result<T, Wrong> {
        self.map_err(|e| (name, e.into()))
    }
}

/// What the handler of SIGBUS needs: the file to remove, and its last line.
static REMOVE: OnceLock<std::ffi::CString> = OnceLock::new();
static LINE: OnceLock<Vec<u8>> = OnceLock::new();

extern "C" fn bus(_: i32) {
    unsafe {
        if let Some(path) = REMOVE.get() {
            libc::unlink(path.as_ptr());
        }
        if let Some(line) = LINE.get() {
            libc::write(2, line.as_ptr().cast(), line.len());
        }
        libc::_exit(1);
    }
}

fn no(why: &str) -> io::Error {
    io::Error::new(ErrorKind::Other, why.to_owned())
}

fn ordinary(m: &Metadata) -> io::Result<()> {
    let t = m.file_type();
    match t.is_file() {
        true => Ok(()),
        false if t.is_fifo() => Err(no("a named pipe")),
        false if t.is_dir() => Err(no("a directory")),
        false => Err(no("a special file")),
    }
}

fn copy(
    from: &File,
    to: &File,
    size: u64,
    source: &'static Path,
    destination: &'static Path,
) -> Result<(), Wrong> {
    let mut start = 0;
    while start < size {
        let n = WINDOW.min(size - start) as usize;
        let (a, mut b) = unsafe {
            let mut o = MmapOptions::new();
            o.offset(start).len(n);
            (
                o.map(from).about(source)?,
                o.map_mut(to).about(destination)?,
            )
        };
        for (x, y) in b.rchunks_mut(MANY as usize).zip(a.rchunks(MANY as usize)) {
            x.copy_from_slice(y);
        }
        start += n as u64;
    }
    Ok(())
}

fn make(path: &Path, mode: u32) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(path)
}

fn room(file: &File, size: u64) -> io::Result<()> {
    if size > 0 {
        use rustix::io::Errno;
        match rustix::fs::fallocate(file, FallocateFlags::empty(), 0, size) {
            Ok(()) | Err(Errno::OPNOTSUPP | Errno::NOSYS) => {}
            Err(e) => return Err(e.into()),
        }
    }
    file.set_len(size)
}

fn finish(from: &File, size: u64, source: &'static Path) -> Result<(), Wrong> {
    match from.metadata().about(source)?.len() {
        now if now < size => Err((source, no("cut short by someone"))),
        _ => Ok(()),
    }
}

fn run(atomic: bool, source: &'static Path, destination: &'static Path) -> Result<(), Wrong> {
    std::fs::metadata(source)
        .and_then(|m| ordinary(&m))
        .about(source)?;
    let from = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NONBLOCK)
        .open(source)
        .about(source)?;
    let s = from.metadata().about(source)?;
    ordinary(&s).about(source)?;
    let size = s.len();
    if size == 0 {
        let mut some = Vec::new();
        (&from).take(100).read_to_end(&mut some).about(source)?;
        if !some.is_empty() {
            return Err((source, no("says it is empty and is not")));
        }
    } else {
        drop(unsafe { MmapOptions::new().len(1).map(&from) }.about(source)?);
    }

    let mut real = PathBuf::from(destination);
    let mut links = 0;
    while let Ok(target) = std::fs::read_link(&real) {
        real = real.parent().unwrap_or(Path::new("")).join(target);
        links += 1;
        if links > 40 {
            return Err((destination, io::Error::from_raw_os_error(libc::ELOOP)));
        }
    }
    let old = match std::fs::metadata(&real) {
        Err(e) if e.kind() == ErrorKind::NotFound => None,
        other => Some(other.about(destination)?),
    };
    if let Some(old) = &old {
        ordinary(old).about(destination)?;
        if old.ino() == s.ino() && old.dev() == s.dev() {
            return Err((source, no("cannot be copied onto itself")));
        }
    }
    let bits = s.mode() & 0o777;

    if let (Some(old), false) = (&old, atomic) {
        let to = OpenOptions::new()
            .read(true)
            .write(true)
            .custom_flags(libc::O_NONBLOCK)
            .open(&real)
            .about(destination)?;
        if let Err(e) = room(&to, size) {
            let _ = to.set_len(old.len());
            return Err((destination, e));
        }
        println!("size: {size}");
        copy(&from, &to, size, source, destination)?;
        finish(&from, size, source)?;
        println!("copied: {size}");
        return Ok(());
    }

    if old.is_some() {
        OpenOptions::new()
            .write(true)
            .custom_flags(libc::O_NONBLOCK)
            .open(&real)
            .about(destination)?;
    }
    let mode = if old.is_some() { 0o600 } else { bits };
    let (path, to) = if atomic {
        let mut i = 0u32;
        loop {
            let path = real
                .parent()
                .unwrap_or(Path::new(""))
                .join(format!("~{:x}-{i}", std::process::id()));
            match make(&path, mode) {
                Err(e) if e.kind() == ErrorKind::AlreadyExists && i < 9999 => i += 1,
                other => break (path, other.about(destination)?),
            }
        }
    } else {
        let to = make(&real, mode).about(destination)?;
        (real.clone(), to)
    };
    let _ = REMOVE.set(std::ffi::CString::new(path.as_os_str().as_bytes()).unwrap());
    let all = || -> Result<(), Wrong> {
        room(&to, size).about(destination)?;
        println!("size: {size}");
        copy(&from, &to, size, source, destination)?;
        finish(&from, size, source)?;
        if atomic {
            match &old {
                Some(old) => {
                    to.set_permissions(Permissions::from_mode(old.mode() & 0o777))
                        .about(destination)?;
                    std::fs::rename(&path, &real).about(destination)?;
                }
                None => {
                    match rustix::fs::renameat_with(CWD, &path, CWD, &real, RenameFlags::NOREPLACE)
                    {
                        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS) => {
                            std::fs::rename(&path, &real).about(destination)?
                        }
                        other => other.about(destination)?,
                    }
                }
            }
        }
        println!("copied: {size}");
        Ok(())
    };
    all().inspect_err(|_| drop(std::fs::remove_file(&path)))
}

fn main() {
    let words: Vec<&'static Path> = std::env::args_os()
        .skip(1)
        .map(|w| &*Box::leak(PathBuf::from(w).into_boxed_path()))
        .collect();
    let option = words.first().is_some_and(|w| w.as_os_str() == "--atomic");
    if words.len() != 2 + option as usize {
        eprintln!("usage: lab3-copy [--atomic] SOURCE DESTINATION");
        std::process::exit(2);
    }
    let (source, destination) = (words[words.len() - 2], words[words.len() - 1]);
    let line = |name: &Path, why: &str| {
        [name.as_os_str().as_bytes(), b": ", why.as_bytes(), b"\n"].concat()
    };
    let both = [
        source.as_os_str().as_bytes(),
        b" or ",
        destination.as_os_str().as_bytes(),
        b": SIGBUS\n",
    ]
    .concat();
    let _ = LINE.set(both);
    unsafe {
        libc::signal(
            libc::SIGBUS,
            bus as extern "C" fn(i32) as libc::sighandler_t,
        );
        libc::signal(libc::SIGXFSZ, libc::SIG_IGN);
    }
    if let Err((name, e)) = run(option, source, destination) {
        let _ = io::stderr().write_all(&line(name, &e.to_string()));
        std::process::exit(1);
    }
}
