//! Given: complete, and meant to be read. A regular file that was opened safely, a mapping that
//! unmaps itself, errors that name their file, and what prints the facts. Which mapping is made,
//! and how the file is looked at, is yours, in `lib.rs`.

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
        // O_NONBLOCK: opening a named pipe must not wait for its other end. To a regular file it
        // means nothing.
        let flags = access | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
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
/// Bytes are copied in and out through a raw pointer, and there is never a `&[u8]`: a reference
/// would promise that nobody changes the bytes meanwhile, and other processes may.
#[derive(Debug)]
pub struct Mapping {
    start: NonNull<c_void>,
    length: usize,
}

impl Mapping {
    /// How many bytes of the file it shows.
    pub fn length(&self) -> usize {
        self.length
    }

    /// Copies the first bytes out, at most `limit`.
    pub fn read(&self, limit: usize) -> Vec<u8> {
        let mut bytes = vec![0; self.length.min(limit)];
        let from = self.start.as_ptr().cast::<u8>();
        // SAFETY: the mapping is `length` bytes long and lives as long as `self`, and no more than
        // that is copied. `bytes` is memory of our own. If another process stores meanwhile, old
        // or new bytes arrive; if it cuts the file, SIGBUS ends the program.
        unsafe { ptr::copy_nonoverlapping(from, bytes.as_mut_ptr(), bytes.len()) };
        bytes
    }

    /// Copies `bytes` to the start of the mapping. The mapping has to have `PROT_WRITE`.
    pub fn store(&self, bytes: &[u8]) {
        let (length, room) = (bytes.len(), self.length);
        assert!(
            length <= room,
            "{length} bytes do not fit into a mapping of {room}"
        );
        let to = self.start.as_ptr().cast::<u8>();
        // SAFETY: `length` bytes from `to` on lie inside the mapping, which lives as long as
        // `self`. `bytes` is a slice of our own memory, so the two do not overlap, and no reference
        // to the mapped memory exists. Without PROT_WRITE the processor refuses the store, and
        // SIGSEGV ends the program; if another process has cut the file, SIGBUS does.
        unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), to, length) };
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
pub const SHOWN: usize = 64;

/// Bytes as the contract shows them: 0x20 to 0x7e as they are, but for the backslash, and every
/// other byte as `\x` and two digits.
pub fn escaped(bytes: &[u8]) -> String {
    let mut text = String::new();
    for &byte in &bytes[..bytes.len().min(SHOWN)] {
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
