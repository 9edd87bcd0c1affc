//! Given: complete, and meant to be read. A regular file that was opened safely, a mapping that
//! unmaps itself, what asks the kernel about locks, and what prints the facts. What makes a file a
//! counter, and how it is added to, is yours, in `lib.rs`.

use std::fmt::Display;
use std::fs::File;
use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::ptr::NonNull;

use nix::errno::Errno;
use nix::fcntl::{self, FcntlArg, OFlag};
use nix::libc::{self, c_void};
use nix::sys::mman::{self, MapFlags, ProtFlags};
use nix::sys::stat::Mode;

/// What went wrong, and with which file.
#[derive(Debug)]
pub struct Error {
    name: PathBuf,
    action: &'static str,
    cause: io::Error,
}

impl Error {
    /// `action` completes the sentence "cannot … FILE". The cause is an `Errno`, an `io::Error`,
    /// or `io::Error::other("words of your own")`.
    pub fn new(name: &Path, action: &'static str, cause: impl Into<io::Error>) -> Error {
        Error {
            name: name.to_path_buf(),
            action,
            cause: cause.into(),
        }
    }

    /// One line on standard error. A file name need not be UTF-8, so its bytes go out as they are.
    pub fn report(&self) {
        let mut line = format!("cannot {} ", self.action).into_bytes();
        line.extend_from_slice(self.name.as_os_str().as_bytes());
        line.extend_from_slice(format!(": {}\n", self.cause).as_bytes());
        // Nobody is left to tell if standard error is gone too.
        let _ = io::stderr().write_all(&line);
    }
}

/// A regular file, open.
#[derive(Debug)]
pub struct RegularFile {
    pub file: File,
    /// Its name for error messages: as the command line gave it.
    pub name: PathBuf,
    /// Its length when it was opened.
    pub length: u64,
}

impl RegularFile {
    /// Opens a file that exists. `access` is `O_RDONLY` or `O_RDWR`.
    pub fn open(name: &Path, access: OFlag) -> Result<RegularFile, Error> {
        RegularFile::at(name, access)
    }

    /// Opens a file for reading and writing, and makes it if it is not there: empty, and without
    /// O_TRUNC. Whoever has the file mapped loses nothing by that.
    pub fn open_or_create(name: &Path) -> Result<RegularFile, Error> {
        RegularFile::at(name, OFlag::O_RDWR | OFlag::O_CREAT)
    }

    fn at(name: &Path, flags: OFlag) -> Result<RegularFile, Error> {
        // O_NONBLOCK: opening a named pipe must not wait for its other end. To a regular file it
        // means nothing.
        let flags = flags | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
        let opened = fcntl::open(name, flags, Mode::from_bits_truncate(0o644));
        let file = File::from(opened.map_err(|cause| Error::new(name, "open", cause))?);
        let found = file
            .metadata()
            .map_err(|e| Error::new(name, "look at", e))?;
        if found.is_dir() {
            return Err(Error::new(name, "use", Errno::EISDIR));
        }
        if !found.is_file() {
            let cause = io::Error::other("it is not a regular file");
            return Err(Error::new(name, "use", cause));
        }
        Ok(RegularFile {
            file,
            name: name.to_path_buf(),
            length: found.len(),
        })
    }

    /// An error about this file.
    pub fn failed(&self, action: &'static str, cause: impl Into<io::Error>) -> Error {
        Error::new(&self.name, action, cause)
    }

    /// Maps the first 8 bytes of the file.
    pub fn map(&self, protection: ProtFlags, flags: MapFlags) -> Result<Mapping, Error> {
        let length = const { NonZeroUsize::new(8).expect("8 is not 0") };
        // SAFETY: no address is asked for, so the kernel takes a free place, and no memory that is
        // in use is replaced. The new memory is reachable through this Mapping alone.
        let start = unsafe { mman::mmap(None, length, protection, flags, &self.file, 0) }
            .map_err(|errno| self.failed("map", errno))?;
        Ok(Mapping { start, length })
    }

    /// Whether some process has an fcntl lock on the file, this one included: `held` or `free`.
    ///
    /// The question is asked for a lock of another kind, which belongs to a descriptor and not to a
    /// process: F_GETLK itself never tells a process of its own locks.
    pub fn fcntl_lock(&self) -> Result<&'static str, Error> {
        let mut found = whole_file();
        fcntl::fcntl(&self.file, FcntlArg::F_OFD_GETLK(&mut found))
            .map_err(|errno| self.failed("look at the locks of", errno))?;
        Ok(match i32::from(found.l_type) {
            libc::F_UNLCK => "free",
            _ => "held",
        })
    }

    /// Whether some process has a flock on the file, this one included: `held` or `free`. A flock
    /// that is asked for through a descriptor of its own gets in the way of every other.
    pub fn flock(&self) -> Result<&'static str, Error> {
        let another = RegularFile::open(&self.name, OFlag::O_RDONLY)?;
        match another.file.try_lock_shared() {
            Ok(()) => Ok("free"),
            Err(std::fs::TryLockError::WouldBlock) => Ok("held"),
            Err(std::fs::TryLockError::Error(cause)) => {
                Err(self.failed("look at the locks of", cause))
            }
        }
    }
}

/// What fcntl wants to know of a lock: for writing, and from the first byte to the end, wherever
/// that is.
pub fn whole_file() -> libc::flock {
    libc::flock {
        l_type: libc::F_WRLCK as libc::c_short,
        l_whence: libc::SEEK_SET as libc::c_short,
        l_start: 0,
        l_len: 0,
        l_pid: 0,
    }
}

/// The 8 bytes of a counter in memory. They are unmapped when it is dropped.
#[derive(Debug)]
pub struct Mapping {
    start: NonNull<c_void>,
    length: NonZeroUsize,
}

impl Mapping {
    /// Where the first byte is; a multiple of the page size. There is memory behind it as long as
    /// this Mapping lives.
    pub fn start(&self) -> NonNull<c_void> {
        self.start
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: start and length are those of a mapping that `map` made, and nothing else unmaps
        // it. Whoever made a reference out of `start` has promised that it ends before.
        // It cannot fail for such a range; if it did, the mapping would just stay until the end.
        let _ = unsafe { mman::munmap(self.start, self.length.get()) };
    }
}

/// Prints one fact. The line leaves the program at once: Rust's standard output is kept back
/// until the end of a line, and no longer.
pub fn fact(name: &str, value: impl Display) -> Result<(), Error> {
    writeln!(io::stdout(), "{name}: {value}")
        .map_err(|cause| Error::new(Path::new("standard output"), "write to", cause))
}
