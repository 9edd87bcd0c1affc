// expect: passes
// about: rustix (libc for two signal handlers only); asks SOURCE for its holes (SEEK_DATA), takes room for and copies only what holds data (the last page always, an old DESTINATION's bytes too), from the end to the front in windows of 6 MiB; the atomic form works relative to a descriptor of the folder (renameat).
use rustix::fs::{self, AtFlags, FallocateFlags, FileType, Mode, OFlags, SeekFrom, Stat};
use rustix::io::Errno;
use rustix::mm::{MapFlags, ProtFlags};
use std::ffi::{CString, OsStr, OsString};
use std::io::Write;
use std::ops::Range;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::sync::OnceLock;

const WINDOW: u64 = 6 << 20;
const PAGE: u64 = 4096;

/// What the SIGBUS handler has to remove and to say.
static REMAINS: OnceLock<(i32, CString)> = OnceLock::new();
static LAMENT: OnceLock<Bytes> = OnceLock::new();

extern "C" fn on_bus(_: i32) {
    unsafe {
        if let Some((folder, name)) = REMAINS.get() {
            libc::unlinkat(*folder, name.as_ptr(), 0);
        }
        if let Some(line) = LAMENT.get() {
            libc::write(2, line.as_ptr().cast(), line.len());
        }
        libc::_exit(1)
    }
}

type Bytes = Vec<u8>;
type Outcome<T> = Result<T, (OsString, String)>;

fn at<'a, E: std::fmt::Display>(name: &'a OsStr) -> impl Fn(E) -> (OsString, String) + 'a {
    move |e| (name.to_owned(), e.to_string())
}

fn is_regular(s: &Stat) -> bool {
    FileType::from_raw_mode(s.st_mode) == FileType::RegularFile
}

/// Where the name ends when all symbolic links at its end are followed.
fn end_of(name: &OsStr) -> Result<Bytes, Errno> {
    let mut path = name.as_bytes().to_vec();
    for _ in 0..=40 {
        let Ok(link) = fs::readlink(&path[..], Vec::new()) else {
            return Ok(path);
        };
        let link = link.into_bytes();
        let cut = if link[0] == b'/' {
            0
        } else {
            path.iter().rposition(|&b| b == b'/').map_or(0, |p| p + 1)
        };
        path.truncate(cut);
        path.extend(link);
    }
    Err(Errno::LOOP)
}

/// The pieces of the source that hold data, in whole pages; its last page is always one of them,
/// and so is all that lies below `dirty`.
fn pieces(source: BorrowedFd, size: u64, dirty: u64) -> Vec<Range<u64>> {
    let mut found: Vec<Range<u64>> = Vec::new();
    let mut add = |from: u64, to: u64| {
        let (from, to) = (from / PAGE * PAGE, to.min(size));
        if from >= to {
            return;
        }
        match found.last_mut() {
            Some(last) if last.end >= from => last.end = last.end.max(to),
            _ => found.push(from..to),
        }
    };
    let dirty = dirty.min(size).next_multiple_of(PAGE);
    add(0, dirty);
    let mut pos = dirty;
    while pos < size {
        match fs::seek(source, SeekFrom::Data(pos)) {
            Ok(from) if from < size => {
                let to = fs::seek(source, SeekFrom::Hole(from)).unwrap_or(size);
                add(from.max(pos), to);
                pos = to.max(from + 1);
            }
            Ok(_) | Err(Errno::NXIO) => break,
            Err(_) => {
                add(pos, size); // no such thing as holes here
                break;
            }
        }
    }
    if size > 0 {
        add((size - 1) / PAGE * PAGE, size);
    }
    found
}

fn allot(file: BorrowedFd, size: u64, pieces: &[Range<u64>]) -> Result<(), Errno> {
    for piece in pieces {
        loop {
            match fs::fallocate(
                file,
                FallocateFlags::KEEP_SIZE,
                piece.start,
                piece.end - piece.start,
            ) {
                Ok(()) | Err(Errno::OPNOTSUPP) | Err(Errno::NOSYS) => break,
                Err(Errno::INTR) => {}
                Err(e) => return Err(e),
            }
        }
    }
    fs::ftruncate(file, size)
}

fn map(file: BorrowedFd, write: bool, from: u64, len: usize) -> Result<*mut u8, Errno> {
    let (prot, flags) = if write {
        (ProtFlags::READ | ProtFlags::WRITE, MapFlags::SHARED)
    } else {
        (ProtFlags::READ, MapFlags::PRIVATE | MapFlags::NORESERVE)
    };
    unsafe { rustix::mm::mmap(std::ptr::null_mut(), len, prot, flags, file, from) }
        .map(|p| p.cast())
}

fn unmap(p: *mut u8, len: usize) {
    unsafe { rustix::mm::munmap(p.cast(), len) }.unwrap();
}

/// A file made for this copy, relative to its folder; gone unless kept.
struct Made<'a> {
    folder: BorrowedFd<'a>,
    name: Bytes,
    keep: bool,
}

impl Drop for Made<'_> {
    fn drop(&mut self) {
        if !self.keep {
            let _ = fs::unlinkat(self.folder, &self.name[..], AtFlags::empty());
        }
    }
}

fn copy(atomic: bool, src: &OsStr, dst: &OsStr) -> Outcome<()> {
    let (s, d) = (at::<Errno>(src), at::<Errno>(dst));
    let not_regular = "is no regular file";
    if !is_regular(&fs::stat(src).map_err(&s)?) {
        return Err(at(src)(not_regular));
    }
    let source = fs::open(
        src,
        OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC,
        Mode::empty(),
    )
    .map_err(&s)?;
    let from = fs::fstat(&source).map_err(&s)?;
    if !is_regular(&from) {
        return Err(at(src)(not_regular));
    }
    let size = from.st_size as u64;
    if size == 0 {
        if rustix::io::read(&source, &mut [0u8; 8][..]).map_err(&s)? != 0 {
            return Err(at(src)("is longer than it says"));
        }
    } else {
        unmap(map(source.as_fd(), false, 0, 1).map_err(&s)?, 1);
    }

    let path = end_of(dst).map_err(&d)?;
    let old = match fs::stat(&path[..]) {
        Ok(stat) => Some(stat),
        Err(Errno::NOENT) => None,
        Err(e) => return Err(d(e)),
    };
    if let Some(old) = &old {
        if old.st_dev == from.st_dev && old.st_ino == from.st_ino {
            return Err(at(dst)("is one and the same file as the source"));
        }
        if !is_regular(old) {
            return Err(at(dst)(not_regular));
        }
    }
    let cut = path.iter().rposition(|&b| b == b'/').map_or(0, |p| p + 1);
    let (head, tail) = path.split_at(cut);
    let head = if head.is_empty() { b"." } else { head };
    if tail.is_empty() {
        return Err(d(Errno::NOENT));
    }
    let folder: OwnedFd = fs::open(
        head,
        OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC,
        Mode::empty(),
    )
    .map_err(&d)?;

    let both = OFlags::RDWR | OFlags::CLOEXEC;
    let fresh = both | OFlags::CREATE | OFlags::EXCL;
    let mode = Mode::from_raw_mode(from.st_mode & 0o777);
    let mut made = None;
    let file = if atomic {
        if old.is_some() {
            fs::openat(
                &folder,
                tail,
                OFlags::WRONLY | OFlags::NONBLOCK | OFlags::CLOEXEC,
                Mode::empty(),
            )
            .map_err(&d)?;
        }
        let mut n = std::process::id();
        let file = loop {
            let name = format!("#lab3-{n:x}#").into_bytes();
            let mode = if old.is_some() {
                Mode::RUSR | Mode::WUSR
            } else {
                mode
            };
            match fs::openat(&folder, &name[..], fresh, mode) {
                Ok(file) => {
                    made = Some(Made {
                        folder: folder.as_fd(),
                        name,
                        keep: false,
                    });
                    break file;
                }
                Err(Errno::EXIST) => n = n.wrapping_add(0x10001),
                Err(e) => return Err(d(e)),
            }
        };
        if let Some(old) = &old {
            fs::fchmod(&file, Mode::from_raw_mode(old.st_mode & 0o7777)).map_err(&d)?;
        }
        file
    } else if old.is_some() {
        fs::openat(&folder, tail, both | OFlags::NONBLOCK, Mode::empty()).map_err(&d)?
    } else {
        let file = fs::openat(&folder, tail, fresh, mode).map_err(&d)?;
        made = Some(Made {
            folder: folder.as_fd(),
            name: tail.to_vec(),
            keep: false,
        });
        file
    };

    let before = fs::fstat(&file).map_err(&d)?.st_size as u64;
    let plan = pieces(source.as_fd(), size, before);
    if let Err(e) = allot(file.as_fd(), size, &plan) {
        let _ = fs::ftruncate(&file, before);
        return Err(d(e));
    }
    if let Some(made) = &made {
        let _ = REMAINS.set((folder.as_raw_fd(), CString::new(&made.name[..]).unwrap()));
    }
    println!("size: {size}");
    for piece in plan.iter().rev() {
        let mut end = piece.end;
        while end > piece.start {
            // windows begin on a page, the first one of a piece may be short
            let windows = (end - piece.start - 1) / WINDOW;
            let begin = piece.start + windows * WINDOW;
            let len = (end - begin) as usize;
            let a = map(source.as_fd(), false, begin, len).map_err(&s)?;
            let b = map(file.as_fd(), true, begin, len).map_err(&d)?;
            unsafe { std::ptr::copy_nonoverlapping(a, b, len) };
            unmap(a, len);
            unmap(b, len);
            end = begin;
        }
    }
    if (fs::fstat(&source).map_err(&s)?.st_size as u64) < size {
        return Err(at(src)("lost its end meanwhile"));
    }
    if let Some(made) = &mut made {
        if atomic {
            fs::renameat(&folder, &made.name[..], &folder, tail).map_err(&d)?;
        }
        made.keep = true;
    }
    println!("copied: {size}");
    Ok(())
}

fn main() {
    let mut names: Vec<OsString> = std::env::args_os().skip(1).collect();
    let atomic = names.first().is_some_and(|n| n == "--atomic");
    if atomic {
        names.remove(0);
    }
    if names.len() != 2 {
        eprintln!("usage: lab3-copy [--atomic] SOURCE DESTINATION");
        std::process::exit(2);
    }
    let _ = LAMENT.set([names[0].as_bytes(), b": lost its end meanwhile\n"].concat());
    unsafe {
        libc::signal(libc::SIGBUS, on_bus as extern "C" fn(i32) as usize);
        libc::signal(libc::SIGXFSZ, libc::SIG_IGN);
    }
    if let Err((name, why)) = copy(atomic, &names[0], &names[1]) {
        let mut line = name.into_vec();
        line.extend(format!(": {why}\n").bytes());
        let _ = std::io::stderr().write_all(&line);
        std::process::exit(1);
    }
}
