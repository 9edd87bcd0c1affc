// expect: passes
// about: The parent maps one page of SOURCE as a trial; a forked child alone maps both files in windows of 3 MiB and copies, so a SIGBUS is the child's death and the parent cleans up after it; nix and rustix instead of std's files.
use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::num::NonZeroUsize;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use nix::sys::mman::{MapFlags, ProtFlags, mmap, munmap};
use nix::sys::signal::{SigHandler, Signal, signal};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, fork, getpid, getppid};
use rustix::fs::{self as rfs, AtFlags, CWD, FallocateFlags, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;

const WINDOW: u64 = 3 << 20;

enum Wrong {
    Source(String),
    Destination(String),
}
use Wrong::*;

fn src<E: ToString>(e: E) -> Wrong {
    Source(e.to_string())
}
fn dst<E: ToString>(e: E) -> Wrong {
    Destination(e.to_string())
}

fn regular(s: &Stat) -> bool {
    FileType::from_raw_mode(s.st_mode) == FileType::RegularFile
}

fn window(
    file: &OwnedFd,
    at: u64,
    n: usize,
    write: bool,
) -> nix::Result<std::ptr::NonNull<std::ffi::c_void>> {
    let (prot, flags) = if write {
        (
            ProtFlags::PROT_READ | ProtFlags::PROT_WRITE,
            MapFlags::MAP_SHARED,
        )
    } else {
        (
            ProtFlags::PROT_READ,
            MapFlags::MAP_PRIVATE | MapFlags::MAP_NORESERVE,
        )
    };
    unsafe {
        mmap(
            None,
            NonZeroUsize::new(n).unwrap(),
            prot,
            flags,
            file.as_fd(),
            at as libc::off_t,
        )
    }
}

/// Runs in the child. Its result is the exit status.
fn copy_all(source: &OwnedFd, destination: &OwnedFd, size: u64) -> i32 {
    let mut at = 0;
    while at < size {
        let n = WINDOW.min(size - at) as usize;
        let Ok(a) = window(source, at, n, false) else {
            return 3;
        };
        let Ok(b) = window(destination, at, n, true) else {
            return 4;
        };
        unsafe {
            let from = std::slice::from_raw_parts(a.as_ptr().cast::<u8>(), n);
            let to = std::slice::from_raw_parts_mut(b.as_ptr().cast::<u8>(), n);
            to.copy_from_slice(from);
            let _ = munmap(a, n);
            let _ = munmap(b, n);
        }
        at += n as u64;
    }
    0
}

fn past_links(name: &OsStr) -> Result<PathBuf, Wrong> {
    let mut path = name.as_bytes().to_vec();
    for _ in 0..=40 {
        let Ok(target) = rfs::readlink(OsStr::from_bytes(&path), Vec::new()) else {
            return Ok(OsString::from_vec(path).into());
        };
        let folder = path.iter().rposition(|&c| c == b'/').map_or(0, |p| p + 1);
        path.truncate(if target.as_bytes().starts_with(b"/") {
            0
        } else {
            folder
        });
        path.extend_from_slice(target.as_bytes());
    }
    Err(dst(Errno::LOOP))
}

/// What a failure takes back.
enum Undo {
    Nothing,
    Remove(PathBuf),
    Length(OwnedFd, u64),
}

impl Drop for Undo {
    fn drop(&mut self) {
        match self {
            Undo::Nothing => {}
            Undo::Remove(path) => drop(rfs::unlink(&*path)),
            Undo::Length(file, old) => drop(rfs::ftruncate(file, *old)),
        }
    }
}

fn run(atomic: bool, source_name: &OsStr, destination_name: &OsStr) -> Result<(), Wrong> {
    let s = rfs::stat(source_name).map_err(src)?;
    if !regular(&s) {
        return Err(src("no regular file"));
    }
    let source = rfs::open(
        source_name,
        OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC,
        Mode::empty(),
    )
    .map_err(src)?;
    let s = rfs::fstat(&source).map_err(src)?;
    if !regular(&s) {
        return Err(src("no regular file"));
    }
    let size = s.st_size as u64;
    if size == 0 {
        if rustix::io::pread(&source, &mut [0u8; 16], 0).map_err(src)? != 0 {
            return Err(src("has more than it says"));
        }
    } else {
        let page = window(&source, 0, 1, false).map_err(src)?;
        unsafe { munmap(page, 1) }.map_err(src)?;
    }

    let real = past_links(destination_name)?;
    let old = match rfs::statat(CWD, &real, AtFlags::empty()) {
        Ok(d) if !regular(&d) => return Err(dst("no regular file")),
        Ok(d) if (d.st_dev, d.st_ino) == (s.st_dev, s.st_ino) => {
            return Err(dst("source and destination are one"));
        }
        Ok(d) => Some(d),
        Err(Errno::NOENT) => None,
        Err(e) => return Err(dst(e)),
    };
    let bits = |s: &Stat| Mode::from_raw_mode(s.st_mode & 0o777);
    let plain = OFlags::RDWR | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let fresh = plain | OFlags::CREATE | OFlags::EXCL;

    let (destination, mut undo) = match (&old, atomic) {
        (Some(d), false) => {
            let file = rfs::open(&real, plain, Mode::empty()).map_err(dst)?;
            let again = file.try_clone().map_err(dst)?;
            (file, Undo::Length(again, d.st_size as u64))
        }
        (None, false) => (
            rfs::open(&real, fresh, bits(&s)).map_err(dst)?,
            Undo::Remove(real.clone()),
        ),
        (_, true) => {
            if old.is_some() {
                drop(
                    rfs::open(
                        &real,
                        OFlags::WRONLY | OFlags::NONBLOCK | OFlags::CLOEXEC,
                        Mode::empty(),
                    )
                    .map_err(dst)?,
                );
            }
            let name = real.as_os_str().as_bytes();
            let folder = name.iter().rposition(|&c| c == b'/').map_or(0, |p| p + 1);
            let mode = if old.is_some() {
                Mode::RUSR | Mode::WUSR
            } else {
                bits(&s)
            };
            let mut i = 0;
            loop {
                let path = Path::new(OsStr::from_bytes(&name[..folder]))
                    .join(format!("{}.{i}.part", getpid()));
                match rfs::open(&path, fresh, mode) {
                    Ok(file) => break (file, Undo::Remove(path)),
                    Err(Errno::EXIST) if i < 1000 => i += 1,
                    Err(e) => return Err(dst(e)),
                }
            }
        }
    };

    if size > 0 {
        match rfs::fallocate(&destination, FallocateFlags::empty(), 0, size) {
            Ok(()) | Err(Errno::OPNOTSUPP | Errno::NOSYS) => {}
            Err(e) => return Err(dst(e)),
        }
    }
    rfs::ftruncate(&destination, size).map_err(dst)?;

    if size > 0 {
        let parent = getpid();
        match unsafe { fork() }.map_err(dst)? {
            ForkResult::Child => unsafe {
                // The child ends with its parent, and a SIGBUS ends the child.
                libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
                let _ = signal(Signal::SIGBUS, SigHandler::SigDfl);
                libc::_exit(if getppid() == parent {
                    copy_all(&source, &destination, size)
                } else {
                    5
                })
            },
            ForkResult::Parent { child } => match waitpid(child, None) {
                Ok(WaitStatus::Exited(_, 0)) => {}
                Ok(WaitStatus::Exited(_, 4)) => return Err(dst("cannot be mapped")),
                Ok(WaitStatus::Signaled(_, s, _)) => {
                    return Err(src(format!("lost while it was copied ({s})")));
                }
                _ => return Err(src("was not copied")),
            },
        }
    }
    if (rfs::fstat(&source).map_err(src)?.st_size as u64) < size {
        return Err(src("was cut while it was copied"));
    }
    if let (true, Undo::Remove(path)) = (atomic, &undo) {
        if let Some(d) = &old {
            rfs::fchmod(&destination, bits(d)).map_err(dst)?;
        }
        rfs::renameat(CWD, path, CWD, &real).map_err(dst)?;
    }
    // Nothing is to be taken back any more.
    std::mem::forget(std::mem::replace(&mut undo, Undo::Nothing));
    println!("size: {size}");
    println!("copied: {size}");
    Ok(())
}

fn main() {
    let mut words: Vec<OsString> = std::env::args_os().skip(1).collect();
    let atomic = words.first().is_some_and(|w| w == "--atomic");
    if atomic {
        words.remove(0);
    }
    let [source, destination] = &words[..] else {
        eprintln!("usage: lab3-copy [--atomic] SOURCE DESTINATION");
        std::process::exit(2);
    };
    let _ = unsafe { signal(Signal::SIGXFSZ, SigHandler::SigIgn) };
    let (name, why) = match run(atomic, source, destination) {
        Ok(()) => return,
        Err(Source(why)) => (source, why),
        Err(Destination(why)) => (destination, why),
    };
    let mut line = b"lab3-copy: ".to_vec();
    line.extend_from_slice(name.as_bytes());
    line.extend_from_slice(format!(": {why}\n").as_bytes());
    let _ = std::io::stderr().write_all(&line);
    std::process::exit(1);
}
