//! Lab 6: see the copy. A private mapping, and for each of its pages the question whose it is.
//!
//! This is the one file that you edit: seven functions, in the order in which they are called. The
//! frame around them is in `main.rs` and `given.rs`; read `given.rs` first, it is short and has
//! what you build with. The contract is the chapter "Lab 6: see the copy" of the book. Steps 1 to 5
//! are the core of it, steps 6 and 7 are for those who want more. The imports below are those that
//! one solution needs; change them as you like.
//!
//! Where a step needs `unsafe`, write a `// SAFETY:` line above it that answers: which memory does
//! this touch? who else uses it? why does that do no harm?

pub mod given;

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process;

use given::{Error, Mapping, RegularFile, Whose, page_size};
use nix::sys::mman::{MapFlags, MmapAdvise, ProtFlags, madvise};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, fork};

/// Step 1: map the file, so that stores stay with this process (clause 1).
///
/// [`RegularFile::map`] maps the whole file; you say what may be done with it, and whether it is
/// private or shared. The file was opened for reading only. Is that enough?
pub fn map(file: &RegularFile) -> Result<Mapping, Error> {
    // step 1: map the file privately
    let both = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
    file.map(both, MapFlags::MAP_PRIVATE)
    // end of step 1
}

/// Step 2: whose is each page of the mapping? (clauses 2 and 6)
///
/// `/proc/self/pagemap` has one entry of 8 bytes for every page of this process's address space,
/// whether anything is mapped there or not, as a number in the order of bytes of this machine
/// (`u64::from_ne_bytes`). The entry of the page at address A begins at byte 8 × (A / page size) of
/// that file. The trait `FileExt` reads from a given place.
///
/// Two bits of an entry tell what you want to know:
/// - bit 63: the page is in the page table. If it is not, the rest of the entry says nothing. What
///   would bit 61 alone make you believe then?
/// - bit 61: the page is the file's. If it is not, but the page is there, whose is it?
///
/// The lowest 55 bits are a number that only root is shown. You do not need it. An [`Error`] wants a
/// name: that of the file in `/proc` will do, and in steps 6 and 7 one like "the mapping".
pub fn whose(mapping: &Mapping) -> Result<Vec<Whose>, Error> {
    // step 2: ask the page table
    let name = Path::new("/proc/self/pagemap");
    let failed = |cause: io::Error| Error::new(name, "read", cause);
    let pagemap = File::open(name).map_err(failed)?;
    let mut entries = vec![0; 8 * mapping.pages()];
    let first = 8 * (mapping.address() / page_size());
    pagemap
        .read_exact_at(&mut entries, first as u64)
        .map_err(failed)?;
    let entries = entries.as_chunks().0.iter().copied();
    let whose =
        entries
            .map(u64::from_ne_bytes)
            .map(|entry| match (entry >> 63 & 1, entry >> 61 & 1) {
                (0, _) => Whose::Absent,
                (_, 1) => Whose::File,
                _ => Whose::Own,
            });
    Ok(whose.collect())
    // end of step 2
}

/// Step 3: read a byte of every page (clause 3).
///
/// Mapping has brought nothing into memory yet. [`Mapping::read`] touches a page; what it answers
/// with does not matter here. A touch may bring some neighbours of the page too, and it need not: touch
/// every page yourself.
pub fn read_all(mapping: &Mapping) {
    // step 3: touch every page
    for page in 0..mapping.pages() {
        mapping.read(page);
    }
    // end of step 3
}

/// Step 4: store a byte into each of these pages (clauses 4, 5 and 6).
///
/// [`Mapping::store`] does it; which byte you store does not matter. Touch no other page.
pub fn store_into(mapping: &Mapping, pages: &[usize]) {
    // step 4: store into the pages
    for &page in pages {
        mapping.store(page, b'!');
    }
    // end of step 4
}

/// Step 5: the line of the mapping in `/proc/self/maps` (clause 5).
///
/// Each line of that file is a part of the address space:
///
/// ```text
/// 7f2c40000000-7f2c40004000 rw-p 00000000 fe:00 1234    /home/you/data.bin
/// ```
///
/// The answer is its first three words, with one space between them: addresses, permissions, offset
/// in the file. Addresses and offsets are hexadecimal. Find the line by the address of the mapping,
/// [`Mapping::address`]: the path can be the same in more than one line, and it may have spaces.
pub fn line_of(mapping: &Mapping) -> Result<String, Error> {
    // step 5: find the line in maps
    let name = Path::new("/proc/self/maps");
    let failed = |cause: io::Error| Error::new(name, "read", cause);
    let maps = fs::read_to_string(name).map_err(failed)?;
    let start = format!("{:08x}-", mapping.address());
    let line = maps.lines().find(|line| line.starts_with(&start));
    let line = line.ok_or_else(|| failed(io::Error::other("the mapping is not in it")))?;
    let words: Vec<&str> = line.split_whitespace().take(3).collect();
    Ok(words.join(" "))
    // end of step 5
}

/// Step 6, for those who want more: give the copies of these pages back (clause 8).
///
/// `madvise` with one of its pieces of advice takes pages of a private mapping out of the page
/// table. What was stored into them is lost, and the next touch brings the file's page again.
/// `madvise` takes an address and a length; [`Mapping::start`] is where page 0 begins, and
/// `NonNull::byte_add` goes on from there. Both are `unsafe`: if the range leaves the mapping, other
/// memory of the program is dropped.
pub fn drop_copies(mapping: &Mapping, pages: &[usize]) -> Result<(), Error> {
    // step 6: drop the copies
    let size = page_size();
    for &page in pages {
        assert!(page < mapping.pages());
        // SAFETY: the page lies inside the mapping, so the address does too, and no other memory is
        // dropped. What was stored there is lost, which is what is wanted; nobody has a reference
        // into it.
        let dropped = unsafe {
            let start = mapping.start().byte_add(page * size);
            madvise(start, size, MmapAdvise::MADV_DONTNEED)
        };
        let cause = |errno| Error::new(Path::new("the mapping"), "drop pages of", errno);
        dropped.map_err(cause)?;
    }
    Ok(())
    // end of step 6
}

/// Step 7, for those who want more: do something in a child process, and wait until it has ended
/// (clause 9).
///
/// After `fork`, which is `unsafe`, there are two processes in this function. The child does what is to be done, tells
/// of an error with [`Error::report`], and ends with `process::exit`: it must not return, or it
/// would go on with its parent's work. The parent waits for it, and if the child did not end with
/// 0, that is an error here too.
pub fn in_a_child(child: impl FnOnce() -> Result<(), Error>) -> Result<(), Error> {
    // step 7: fork, and wait
    let failed = |cause: io::Error| Error::new(Path::new("the child"), "run", cause);
    // SAFETY: this process has one thread, so the child may do whatever its parent may.
    match unsafe { fork() }.map_err(|errno| failed(errno.into()))? {
        ForkResult::Child => match child() {
            Ok(()) => process::exit(0),
            Err(error) => {
                error.report();
                process::exit(1)
            }
        },
        ForkResult::Parent { child } => match waitpid(child, None) {
            Ok(WaitStatus::Exited(_, 0)) => Ok(()),
            Ok(_) => Err(failed(io::Error::other("it failed"))),
            Err(errno) => Err(failed(errno.into())),
        },
    }
    // end of step 7
}
