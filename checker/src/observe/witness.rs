//! The witness: a process that had a file mapped before the program under test started.
//!
//! The observer itself is that process. It maps the file shared, and reads the mapping through the
//! kernel, so that a file cut short meanwhile gives fewer bytes and no SIGBUS. What scenarios have
//! another process write it stores the same way, into a mapping of its own.
#![allow(unsafe_code)]

use std::fs::{File, OpenOptions};
use std::io;
use std::num::NonZeroUsize;
use std::path::Path;
use std::ptr::NonNull;

use nix::sys::mman::{MapFlags, ProtFlags, mmap, munmap};

use crate::evidence::View;

use super::sys;

/// How many bytes from the start of the file the witness looks at.
const LENGTH: u64 = 64 * 1024;

/// One mapping of the witness.
#[derive(Debug)]
pub struct Witness {
    file: String,
    mapping: Option<(NonNull<libc::c_void>, usize)>,
}

impl Witness {
    /// Maps the file; an empty file cannot be mapped, and its witness sees nothing.
    pub fn of(folder: &Path, name: &str) -> io::Result<Witness> {
        let file = File::open(folder.join(name))?;
        Witness::with(&file, name, ProtFlags::PROT_READ)
    }

    /// Maps the file for stores too, and stores into every page of it the byte that is there: from
    /// then on a store changes nothing but bytes. The time of modification is set when a clean page
    /// is stored into for the first time, and not at every store.
    pub fn that_stores(folder: &Path, name: &str) -> io::Result<Witness> {
        let path = folder.join(name);
        let file = OpenOptions::new().read(true).write(true).open(path)?;
        let both = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
        let witness = Witness::with(&file, name, both)?;
        let bytes = witness.look().bytes.0;
        let pages = (0..bytes.len()).step_by(super::page_size() as usize);
        for at in pages {
            witness.store(at as u64, &bytes[at..=at])?;
        }
        Ok(witness)
    }

    /// The name of the file.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// Stores bytes into the mapping.
    ///
    /// # Errors
    ///
    /// They do not all lie in it, or the file has become shorter meanwhile.
    pub fn store(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let (address, length) = self.mapping.ok_or(io::ErrorKind::UnexpectedEof)?;
        if offset.saturating_add(bytes.len() as u64) > length as u64 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let own = std::process::id() as libc::pid_t;
        sys::write_memory(own, address.as_ptr() as u64 + offset, bytes)
    }

    fn with(file: &File, name: &str, protection: ProtFlags) -> io::Result<Witness> {
        let length = file.metadata()?.len().min(LENGTH) as usize;
        let mapping = match NonZeroUsize::new(length) {
            None => None,
            Some(length) => {
                // SAFETY: a new mapping at an address of the kernel's choice touches no memory
                // that exists; it is never turned into a reference.
                let address =
                    unsafe { mmap(None, length, protection, MapFlags::MAP_SHARED, file, 0) }?;
                Some((address, length.get()))
            }
        };
        Ok(Witness {
            file: name.to_owned(),
            mapping,
        })
    }

    /// What stands in the mapping now.
    pub fn look(&self) -> View {
        let own = std::process::id() as libc::pid_t;
        let mut bytes = self.mapping.map_or_else(Vec::new, |(address, length)| {
            let pages = length.next_multiple_of(super::page_size() as usize);
            sys::read_memory(own, address.as_ptr() as u64, pages)
        });
        let length = self.mapping.map_or(0, |(_, length)| length);
        let tail = bytes.split_off(length.min(bytes.len()));
        View {
            file: self.file.clone(),
            bytes: bytes.into(),
            tail: tail.into(),
        }
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        if let Some((address, length)) = self.mapping {
            // SAFETY: exactly the range that mmap returned to us, unmapped once; no reference
            // into it was ever made. That it fails would leave it to the end of the process.
            let _ = unsafe { munmap(address, length) };
        }
    }
}
