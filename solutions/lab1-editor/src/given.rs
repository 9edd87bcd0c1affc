//! Given: complete, and meant to be read. A regular file that was opened safely, a mapping that
//! unmaps itself, errors that name their file, and what prints the facts. What is missing is the
//! call that makes a mapping, and all that is done with one: that is yours, in `lib.rs`.

use std::fmt::Display;
use std::fs::File;
use std::io::{self, Write};
use std::ops::Range;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::ptr::{self, NonNull};

use nix::errno::Errno;
use nix::fcntl::{self, FallocateFlags, OFlag};
use nix::libc::c_void;
use nix::sys::mman;
use nix::sys::stat::Mode;
use nix::unistd::{self, SysconfVar};

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

    /// Its length now. Until you hold a lock, another process may change it at any time.
    pub fn length_now(&self) -> Result<u64, Error> {
        let found = self.file.metadata();
        Ok(found.map_err(|cause| self.failed("look at", cause))?.len())
    }

    /// Makes the file longer or shorter: `ftruncate`.
    pub fn set_length(&self, length: u64) -> Result<(), Error> {
        let done = self.file.set_len(length);
        done.map_err(|cause| self.failed("change the length of", cause))
    }

    /// Asks for room on the disk for the bytes `range`: `fallocate`. If there is room, the file
    /// is at least as long as the end of the range afterwards. If there is none, that is an error,
    /// and the file may be longer than it was. Where the file system knows no such call, nothing
    /// happens.
    pub fn reserve(&self, range: Range<u64>) -> Result<(), Error> {
        let (start, length) = (range.start as i64, (range.end - range.start) as i64);
        match fcntl::fallocate(&self.file, FallocateFlags::empty(), start, length) {
            Ok(()) | Err(Errno::EOPNOTSUPP) => Ok(()),
            Err(errno) => Err(self.failed("make room in", errno)),
        }
    }

    /// Gives the file its old length back, if it has another now. If this fails too, the error
    /// that came first is still the one to tell.
    pub fn restore(&self, length: u64) {
        if self.length_now().is_ok_and(|now| now != length) {
            let _ = self.set_length(length);
        }
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

/// A mapping into which bytes were stored, and where in it they are.
#[derive(Debug)]
pub struct Stored {
    pub mapping: Mapping,
    /// Where in the mapping the bytes begin.
    pub at: usize,
    /// How many there are.
    pub length: usize,
}

impl Mapping {
    /// Takes over a mapping that `mmap` made.
    ///
    /// # Safety
    ///
    /// At `start` there is a mapping of `length` bytes that may be read, nobody else unmaps it,
    /// and there is no reference to its memory.
    pub unsafe fn adopt(start: NonNull<c_void>, length: usize) -> Mapping {
        Mapping { start, length }
    }

    /// How many bytes of the file it shows.
    pub fn length(&self) -> usize {
        self.length
    }

    /// The address of the byte at `offset`.
    pub fn address(&self, offset: usize) -> NonNull<c_void> {
        assert!(
            offset <= self.length,
            "{offset} lies outside a mapping of {} bytes",
            self.length
        );
        // SAFETY: the address lies inside the mapping or just behind it.
        unsafe { self.start.byte_add(offset) }
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

    /// Copies `bytes` into the mapping, from `at` on. The mapping has to have `PROT_WRITE`.
    pub fn store(self, at: usize, bytes: &[u8]) -> Stored {
        let length = bytes.len();
        let room = self.length.saturating_sub(at);
        assert!(
            length <= room,
            "{length} bytes do not fit into the {room} that are mapped there"
        );
        let to = self.address(at).as_ptr().cast::<u8>();
        // SAFETY: `length` bytes from `to` on lie inside the mapping, which lives as long as
        // `self`. `bytes` is a slice of our own memory, so the two do not overlap, and no reference
        // to the mapped memory exists. Without PROT_WRITE the processor refuses the store, and
        // SIGSEGV ends the program; if another process has cut the file, SIGBUS does.
        unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), to, length) };
        Stored {
            mapping: self,
            at,
            length,
        }
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: start and length are those of a mapping that `mmap` made, nothing else unmaps
        // it, and no reference into it can exist, because none is ever made.
        // It cannot fail for such a range; if it did, the mapping would just stay until the end.
        let _ = unsafe { mman::munmap(self.start, self.length) };
    }
}

/// The size of a page of memory, in bytes. It is not 4096 everywhere.
pub fn page_size() -> usize {
    let asked = unistd::sysconf(SysconfVar::PAGE_SIZE);
    let size = asked
        .ok()
        .flatten()
        .and_then(|size| usize::try_from(size).ok());
    size.expect("every Linux tells its page size")
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
