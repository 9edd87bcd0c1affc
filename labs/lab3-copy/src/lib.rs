//! Lab 3: one memcpy. Both files are mapped, and the copy is a copy from memory to memory.
//!
//! This is the one file that you edit: six functions, in the order in which they are called. The
//! frame around them is in `main.rs` and `given.rs`; read `given.rs` first, it is short and has
//! what you build with. The contract is the chapter "Lab 3: one memcpy" of the book. Steps 1 to 5
//! are the core of it, step 6 is for those who want more. The imports below are those that one
//! solution needs; change them as you like.
//!
//! Where a step needs `unsafe`, write a `// SAFETY:` line above it that answers: who keeps the
//! memory mapped? who else may write to it? why does that do no harm?

pub mod given;

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::ptr;

use given::{Error, Mapping, RegularFile, WINDOW, fill, resolve};
use nix::errno::Errno;
use nix::fcntl::{FallocateFlags, OFlag, fallocate};
use nix::sys::mman::{MapFlags, ProtFlags};
use nix::unistd::ftruncate;

/// Step 1: map the source, for reading and nothing else (clause 1).
///
/// `source` is open already, and `source.length` is its length. [`RegularFile::map`] makes the
/// mapping; you say what may be done with it, whether it is shared, and which bytes of the file it
/// shows.
///
/// Think of the empty file: what does the kernel say to a mapping of length 0? The answer for it
/// here is `Ok(None)`.
///
/// For those who want more:
/// - Clause 8: map only the beginning, [`WINDOW`] bytes at most. Step 5 then asks for the rest.
/// - Clause 14: a file that says it is empty may be lying. [`RegularFile::check_empty`] finds out.
pub fn map_source(source: &RegularFile) -> Result<Option<Mapping>, Error> {
    todo!("step 1: map the source")
}

/// Step 2: is there a file at `destination`, and is it the source itself? (clause 4)
///
/// Names prove nothing: `a`, `./a`, a hard link and a symbolic link may all be one file. Two
/// numbers that the kernel has for every file tell for certain. `source.metadata` has those of the
/// source; the trait `MetadataExt` shows what is in there.
///
/// Think of the destination that does not exist yet: that is no error. Anything else that stops
/// you from looking is one. And which of `fs::metadata` and `fs::symlink_metadata` looks at what a
/// link points to?
pub fn is_same_file(source: &RegularFile, destination: &Path) -> Result<bool, Error> {
    todo!("step 2: recognise the source by another name")
}

/// Step 3: open the destination, or create it (clauses 2 and 7).
///
/// [`RegularFile::open`] opens a file that exists, [`RegularFile::create`] makes one that does
/// not; [`Error::is_not_found`] tells you that the first found none. Neither cuts the file: as
/// long as nothing is sure, nothing is lost.
///
/// Think of the access: you will only store into the destination, yet a mapping asks for more
/// than the right to write.
///
/// A new file needs permission bits: `0o644` will do. For those who want more, clause 13: those of
/// the source are in `source.mode`.
pub fn open_destination(source: &RegularFile, name: &Path) -> Result<RegularFile, Error> {
    todo!("step 3: open the destination")
}

/// Step 4: give the destination the length `size`, then map it (clause 2).
///
/// A mapping never makes a file longer, and a store behind its last page is death by `SIGBUS`. So
/// the length comes first: `ftruncate` sets it, up or down. Then map, so that a store reaches the
/// file. The answer for an empty file is `Ok(None)`, as in step 1; it has to be cut all the same.
///
/// For those who want more:
/// - Clause 8: [`WINDOW`] again.
/// - Clause 10: `ftruncate` promises a length, not the room for it. On a full disk the promise
///   breaks in the middle of the stores. `fallocate` asks for the room now, and says so if there
///   is none. Not every file system can do it: `EOPNOTSUPP` need not stop you. In which order do
///   you call the two, so that a file that was there still has its bytes if there is no room? When
///   you return an error, `given::fill` removes the new file, or gives the old one its length back.
pub fn size_and_map(destination: &RegularFile, size: u64) -> Result<Option<Mapping>, Error> {
    todo!("step 4: size the destination and map it")
}

/// Step 5: copy the bytes, and return how many (clauses 3, 5 and 6).
///
/// `from` and `to` are the mappings that steps 1 and 4 made. [`Mapping::start`] is a raw pointer,
/// and `ptr::copy_nonoverlapping` is C's `memcpy`: it believes you. So know that both mappings are
/// as long as you say, and why they cannot overlap.
///
/// For those who want more:
/// - Clause 8: if steps 1 and 4 mapped only a window, the rest is still to be copied, window by
///   window. Where does the next one begin? How long is the last one? And when is a mapping
///   unmapped: before or after the next one is made?
/// - Clause 12: if somebody cuts the source in the middle of its last page, nothing signals it:
///   the rest of that page reads as zero. [`RegularFile::check_not_cut`] asks for the length once
///   more. When do you call it?
pub fn copy_bytes(
    source: &RegularFile,
    destination: &RegularFile,
    mut from: Mapping,
    mut to: Mapping,
) -> Result<u64, Error> {
    todo!("step 5: copy the bytes")
}

/// Step 6, for those who want more: the old file or the new one, nothing between (clause 11).
///
/// In place, whoever reads the destination meanwhile reads a mixture. So make the copy under
/// another name and let `rename` put it into its place, which it does at once or not at all.
///
/// - Where does a symbolic link lead? [`resolve`] follows it; it is the file there that is
///   replaced, and `rename` onto the link would replace the link.
/// - `rename` does not ask whether the old file may be written. You have to: try to open it.
/// - [`RegularFile::create_beside`] makes the temporary file, in the folder of the file that it is
///   to replace (why there?), with the permission bits that you say. Its `path` is where it lies.
/// - [`fill`] calls your steps 4 and 5, and removes the file if they fail. After that it is on you:
///   [`RegularFile::undo`].
/// - If there was an old file, the new one needs the same permission bits. Set them before the
///   rename, or after it?
pub fn copy_atomically(
    source: &RegularFile,
    from: Option<Mapping>,
    destination: &Path,
) -> Result<u64, Error> {
    todo!("step 6: replace the destination at once")
}
