//! Given: complete, and meant to be read. A regular file that was opened safely, a mapping that
//! unmaps itself, whose a page can be, and what prints the facts and waits. How the file is mapped,
//! and what `/proc` says of its pages, is yours, in `lib.rs`.

use std::fmt::Display;
use std::fs::File;
use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::ptr::NonNull;

use nix::errno::Errno;
use nix::fcntl::{self, OFlag};
use nix::libc::c_void;
use nix::sys::mman::{self, MapFlags, ProtFlags};
use nix::sys::stat::Mode;
use nix::unistd::{SysconfVar, sysconf};

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

    /// Maps the whole file. An empty file is an error, as in the kernel.
    pub fn map(&self, protection: ProtFlags, flags: MapFlags) -> Result<Mapping, Error> {
        let failed = |errno: Errno| self.failed("map", errno);
        let length = usize::try_from(self.length).map_err(|_| failed(Errno::ENOMEM))?;
        let length = NonZeroUsize::new(length).ok_or_else(|| failed(Errno::EINVAL))?;
        // SAFETY: no address is asked for, so the kernel takes a free place, and no memory that is
        // in use is replaced. The new memory is reachable through this Mapping alone.
        let start = unsafe { mman::mmap(None, length, protection, flags, &self.file, 0) }
            .map_err(failed)?;
        Ok(Mapping {
            start,
            length: length.get(),
        })
    }
}

/// How many bytes a page has on this machine.
pub fn page_size() -> usize {
    let size = sysconf(SysconfVar::PAGE_SIZE).ok().flatten();
    size.and_then(|size| usize::try_from(size).ok())
        .expect("every Linux tells its page size")
}

/// A file in memory. It is unmapped when it is dropped.
///
/// There is never a `&[u8]`: a reference would promise that nobody changes the bytes meanwhile, and
/// other processes may.
#[derive(Debug)]
pub struct Mapping {
    start: NonNull<c_void>,
    length: usize,
}

impl Mapping {
    /// The address of its first byte; a multiple of the page size.
    pub fn address(&self) -> usize {
        self.start.as_ptr() as usize
    }

    /// Where its first byte is, for calls such as `madvise`.
    pub fn start(&self) -> NonNull<c_void> {
        self.start
    }

    /// How many pages it has; the last one may be filled only in part by the file.
    pub fn pages(&self) -> usize {
        self.length.div_ceil(page_size())
    }

    /// The first byte of a page.
    pub fn read(&self, page: usize) -> u8 {
        // SAFETY: `byte` points into the mapping, which lives as long as `self`. If another process
        // has cut the file, SIGBUS ends the program. The read is volatile, so it is made even if
        // nobody uses the byte.
        unsafe { self.byte(page).read_volatile() }
    }

    /// Stores a byte at the start of a page. The mapping has to have `PROT_WRITE`.
    pub fn store(&self, page: usize, byte: u8) {
        // SAFETY: as for `read`; no reference to the mapped memory exists. Without PROT_WRITE the
        // processor refuses the store, and SIGSEGV ends the program.
        unsafe { self.byte(page).write_volatile(byte) };
    }

    fn byte(&self, page: usize) -> *mut u8 {
        let pages = self.pages();
        assert!(
            page < pages,
            "there is no page {page} in a mapping of {pages}"
        );
        self.start
            .as_ptr()
            .cast::<u8>()
            .wrapping_add(page * page_size())
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

/// Whose a page of the mapping is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// The file's: others who map it see the very same memory.
    File,
    /// The process's own copy.
    Own,
    /// It is not in the page table: not touched yet, or given back.
    Absent,
}

/// Prints whose each page is: three facts.
pub fn report(when: &str, pages: &[Whose]) -> Result<(), Error> {
    for (name, whose) in [
        ("file", Whose::File),
        ("own", Whose::Own),
        ("absent", Whose::Absent),
    ] {
        let numbers = (0..pages.len()).filter(|&page| pages[page] == whose);
        fact(&format!("{when} {name}"), ranges(numbers))?;
    }
    Ok(())
}

/// Numbers in increasing order as the contract shows them: `0-2 5`, or `none`.
fn ranges(numbers: impl Iterator<Item = usize>) -> String {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for number in numbers {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == number => *last = number,
            _ => runs.push((number, number)),
        }
    }
    let words: Vec<String> = runs
        .iter()
        .map(|&(first, last)| match first == last {
            true => first.to_string(),
            false => format!("{first}-{last}"),
        })
        .collect();
    match words.is_empty() {
        true => "none".to_owned(),
        false => words.join(" "),
    }
}

/// Says what it waits for, and waits for a line on standard input. The end of the input will do too.
pub fn wait(before: &str) -> Result<(), Error> {
    fact("waiting", before)?;
    let mut line = String::new();
    io::stdin()
        .read_line(&mut line)
        .map_err(|cause| Error::new(Path::new("standard input"), "read", cause))?;
    Ok(())
}

/// Prints one fact. The line leaves the program at once: Rust's standard output is kept back
/// until the end of a line, and no longer.
pub fn fact(name: &str, value: impl Display) -> Result<(), Error> {
    writeln!(io::stdout(), "{name}: {value}")
        .map_err(|cause| Error::new(Path::new("standard output"), "write to", cause))
}
