//! Given: complete, and meant to be read. A regular file that was opened safely, a mapping that
//! unmaps itself, errors that name their file, and the frame of a copy. Nothing here decides what
//! is mapped, how, or how long a file becomes: that is yours, in `lib.rs`.

use std::fs::{self, File, Metadata};
use std::io::{self, Read, Write};
use std::num::NonZeroUsize;
use std::ops::Range;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::ptr::NonNull;

use nix::errno::Errno;
use nix::fcntl::{self, OFlag};
use nix::libc::c_void;
use nix::sys::mman::{self, MapFlags, ProtFlags};
use nix::sys::stat::Mode;

/// The most that may be mapped of one file at a time: 16 MiB, a whole number of pages on every
/// machine.
pub const WINDOW: u64 = 16 << 20;

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

    /// Whether there is no such file, or no such folder.
    pub fn is_not_found(&self) -> bool {
        self.cause.kind() == io::ErrorKind::NotFound
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
    /// Where it lies. The same as `name`, but for a temporary file.
    pub path: PathBuf,
    /// What `fstat` said just after it was opened.
    pub metadata: Metadata,
    /// Its length then.
    pub length: u64,
    /// Its permission bits then, `0o777` at most.
    pub mode: u32,
    /// Whether this program made it.
    pub created: bool,
}

impl RegularFile {
    /// Opens a file that exists. `access` is `O_RDONLY`, `O_WRONLY` or `O_RDWR`.
    pub fn open(name: &Path, access: OFlag) -> Result<RegularFile, Error> {
        RegularFile::at(name, name.to_path_buf(), access, 0)
    }

    /// Makes a file that does not exist yet. It gets the permission bits `mode`, less the umask.
    pub fn create(name: &Path, access: OFlag, mode: u32) -> Result<RegularFile, Error> {
        // O_EXCL: what a failed copy takes away again must be what this program made. A symbolic
        // link to nothing is followed by hand, because O_EXCL follows none.
        let flags = access | OFlag::O_CREAT | OFlag::O_EXCL;
        RegularFile::at(name, resolve(name), flags, mode)
    }

    /// Makes a temporary file in the folder of `target`. Errors call it `name`.
    pub fn create_beside(target: &Path, name: &Path, mode: u32) -> Result<RegularFile, Error> {
        let flags = OFlag::O_RDWR | OFlag::O_CREAT | OFlag::O_EXCL;
        let mut number = 0;
        loop {
            let temporary = format!(".lab3-copy.{}.{number}", std::process::id());
            match RegularFile::at(name, target.with_file_name(temporary), flags, mode) {
                // Left behind by a killed copy that had the same process id.
                Err(error) if error.cause.kind() == io::ErrorKind::AlreadyExists => number += 1,
                made => return made,
            }
        }
    }

    fn at(name: &Path, path: PathBuf, flags: OFlag, mode: u32) -> Result<RegularFile, Error> {
        // O_NONBLOCK: opening a named pipe must not wait for its other end. To a regular file it
        // means nothing.
        let flags = flags | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
        let opened = fcntl::open(&path, flags, Mode::from_bits_truncate(mode & 0o777));
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
            path,
            length: found.len(),
            mode: found.mode() & 0o777,
            metadata: found,
            created: flags.contains(OFlag::O_CREAT),
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

    /// An error if a file that says it is empty is not: one byte, asked for by `read`, tells.
    pub fn check_empty(&self) -> Result<(), Error> {
        match (&self.file).read(&mut [0]) {
            Ok(0) => Ok(()),
            Ok(_) => Err(self.failed("map", io::Error::other("it does not tell its size"))),
            Err(cause) => Err(self.failed("read", cause)),
        }
    }

    /// An error if the file is shorter now than it was when it was opened.
    pub fn check_not_cut(&self) -> Result<(), Error> {
        match self.file.metadata() {
            Ok(now) if now.len() >= self.length => Ok(()),
            Ok(_) => Err(self.failed("copy", io::Error::other("it was cut meanwhile"))),
            Err(cause) => Err(self.failed("look at", cause)),
        }
    }

    /// Takes back what a failed copy did: a file that was made is removed, one that was there
    /// gets its old length. If this fails too, the first error is still the one to tell.
    pub fn undo(&self) {
        let _ = match self.file.metadata() {
            _ if self.created => fs::remove_file(&self.path),
            Ok(now) if now.len() == self.length => Ok(()),
            _ => self.file.set_len(self.length),
        };
    }
}

/// Where a name leads in the end, through symbolic links, even if nothing is there.
pub fn resolve(name: &Path) -> PathBuf {
    let mut path = name.to_path_buf();
    // The kernel, too, gives up after 40 links.
    for _ in 0..40 {
        match fs::read_link(&path) {
            Ok(target) => path = path.with_file_name("").join(target),
            Err(_) => break,
        }
    }
    path
}

/// A piece of a file in memory. It is unmapped when it is dropped.
///
/// It hands out a pointer and never a `&[u8]`: a reference would promise that nobody changes the
/// bytes meanwhile, and other processes may.
#[derive(Debug)]
pub struct Mapping {
    start: NonNull<c_void>,
    length: usize,
}

impl Mapping {
    /// Where it begins. The memory is there for as long as the Mapping lives.
    pub fn start(&self) -> *mut u8 {
        self.start.as_ptr().cast()
    }

    /// How many bytes of the file it shows.
    pub fn length(&self) -> usize {
        self.length
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

/// Your steps 4 and 5, one after the other; if one fails, the destination is put back.
pub fn fill(
    source: &RegularFile,
    from: Option<Mapping>,
    destination: &RegularFile,
) -> Result<u64, Error> {
    let copied = match (from, crate::size_and_map(destination, source.length)) {
        (_, Err(error)) => Err(error),
        (Some(from), Ok(Some(to))) => crate::copy_bytes(source, destination, from, to),
        (_, Ok(_)) => Ok(0),
    };
    if copied.is_err() {
        destination.undo();
    }
    copied
}

/// Prints one fact. The line leaves the program at once: Rust's standard output is kept back
/// until the end of a line, and no longer.
pub fn fact(name: &str, value: u64) -> Result<(), Error> {
    writeln!(io::stdout(), "{name}: {value}")
        .map_err(|cause| Error::new(Path::new("standard output"), "write to", cause))
}
