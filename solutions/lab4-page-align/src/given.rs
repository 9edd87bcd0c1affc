//! Given: complete, and meant to be read. A regular file that was opened safely, a mapping that
//! unmaps itself, errors that name what they are about, and what prints the facts. Which numbers
//! are taken, and which part of the file is mapped, is yours, in `lib.rs`.

use std::ffi::OsStr;
use std::fmt::Display;
use std::fs::File;
use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::ops::Range;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::ptr::{self, NonNull};

use nix::errno::Errno;
use nix::fcntl::{self, OFlag};
use nix::libc::c_void;
use nix::sys::mman::{self, MapFlags, ProtFlags};
use nix::sys::stat::Mode;

/// The last offset that a byte of a file can have: 2^63 - 1.
pub const LAST: u64 = i64::MAX as u64;

/// Bytes of a file: so many from an offset on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    pub offset: u64,
    pub length: u64,
}

/// Where a span is mapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Offset in the file at which the mapping begins.
    pub offset: u64,
    /// How far behind the beginning of the mapping the span begins.
    pub delta: u64,
    /// How many bytes are mapped.
    pub length: u64,
}

/// A window, read.
#[derive(Debug)]
pub struct Window {
    /// As it was cut at the end of the file.
    pub span: Span,
    pub place: Place,
    /// Its first bytes, at most [`SHOWN`].
    pub first: Vec<u8>,
    /// Its last bytes, at most [`SHOWN`].
    pub last: Vec<u8>,
}

/// What went wrong, and with which file or word.
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

    /// A word of the command line that cannot be taken.
    pub fn refused(word: &OsStr) -> Error {
        let cause = io::Error::other("it is no number, too small or too large");
        Error::new(Path::new(word), "take", cause)
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
    /// Opens a file that exists, for reading.
    pub fn open(name: &Path) -> Result<RegularFile, Error> {
        // O_NONBLOCK: opening a named pipe must not wait for its other end. To a regular file it
        // means nothing.
        let flags = OFlag::O_RDONLY | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
        let opened = fcntl::open(name, flags, Mode::empty());
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

    /// Maps the bytes `range` of this file. As in the kernel, the range has to begin at a multiple
    /// of the page size, and an empty range is an error.
    pub fn map(
        &self,
        protection: ProtFlags,
        flags: MapFlags,
        range: Range<u64>,
    ) -> Result<Mapping, Error> {
        let failed = |errno: Errno| self.failed("map", errno);
        let length = range.end.saturating_sub(range.start);
        let length = usize::try_from(length).map_err(|_| failed(Errno::ENOMEM))?;
        let length = NonZeroUsize::new(length).ok_or_else(|| failed(Errno::EINVAL))?;
        let offset = i64::try_from(range.start).map_err(|_| failed(Errno::EOVERFLOW))?;
        // SAFETY: no address is asked for, so the kernel takes a free place, and no memory that is
        // in use is replaced. The new memory is reachable through this Mapping alone.
        let start = unsafe { mman::mmap(None, length, protection, flags, &self.file, offset) }
            .map_err(failed)?;
        Ok(Mapping {
            start,
            length: length.get(),
        })
    }
}

/// A piece of a file in memory. It is unmapped when it is dropped.
///
/// Bytes are copied out through a raw pointer, and there is never a `&[u8]`: a reference
/// would promise that nobody changes the bytes meanwhile, and other processes may.
#[derive(Debug)]
pub struct Mapping {
    start: NonNull<c_void>,
    length: usize,
}

impl Mapping {
    /// Copies `count` bytes out, from byte `from` of the mapping on.
    pub fn read(&self, from: u64, count: u64) -> Vec<u8> {
        let length = self.length as u64;
        assert!(
            from <= length && count <= length - from,
            "{count} bytes from byte {from} on do not lie in a mapping of {length}"
        );
        let mut bytes = vec![0; count as usize];
        let start = self.start.as_ptr().cast::<u8>();
        // SAFETY: the bytes lie inside the mapping, which lives as long as `self`, and `bytes` is
        // memory of our own. If another process stores meanwhile, old or new bytes arrive; where
        // the file has no byte, or has been cut, SIGBUS ends the program.
        unsafe {
            ptr::copy_nonoverlapping(start.add(from as usize), bytes.as_mut_ptr(), bytes.len())
        };
        bytes
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: start and length are those of a mapping that `map` made, nothing else unmaps
        // it, and no reference into it can exist, because none is ever made.
        // It cannot fail for such a range; if it did, the mapping would just stay until the end.
        let _ = unsafe { mman::munmap(self.start, self.length) };
    }
}

/// How many bytes of content are shown.
pub const SHOWN: u64 = 64;

/// Bytes as the contract shows them: 0x20 to 0x7e as they are, but for the backslash, and every
/// other byte as `\x` and two digits.
pub fn escaped(bytes: &[u8]) -> String {
    let mut text = String::new();
    for &byte in bytes {
        match byte {
            b'\\' => text.push_str("\\x5c"),
            0x20..=0x7e => text.push(char::from(byte)),
            _ => text.push_str(&format!("\\x{byte:02x}")),
        }
    }
    text
}

/// Prints one fact. The line leaves the program at once: Rust's standard output is kept back
/// until the end of a line, and no longer.
pub fn fact(name: &str, value: impl Display) -> Result<(), Error> {
    writeln!(io::stdout(), "{name}: {value}")
        .map_err(|cause| Error::new(Path::new("standard output"), "write to", cause))
}
