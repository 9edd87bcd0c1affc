//! Lab 1: a file is memory. A file is changed in place without a single `write`.
//!
//! This is the one file that you edit: four functions, in the order of the book. The frame around
//! them is in `main.rs` and `given.rs`; read `given.rs` first, it is short and has what you build
//! with. The contract is the chapter "Lab 1: a file is memory" of the book. The imports below are
//! those that one solution needs; change them as you like.
//!
//! Where a step needs `unsafe`, write a `// SAFETY:` line above it that answers: who keeps the
//! memory mapped? who else may write to it? why does that do no harm?

pub mod given;

use std::num::NonZeroUsize;

use given::{Error, Mapping, RegularFile, Stored, page_size};
use nix::sys::mman::{MapFlags, MsFlags, ProtFlags, mmap, msync};

/// What `append` did.
#[derive(Debug)]
pub struct Appended {
    /// The length of the file before.
    pub old: u64,
    /// The length of the file after.
    pub new: u64,
    /// The text in its mapping; none if there was no text.
    pub stored: Option<Stored>,
}

/// Step 1: map `length` bytes of the file from `offset` on, shared, with the protection that the
/// caller asks for (clauses 1 and 2). `show` in `main.rs` needs nothing more.
///
/// This is the call that the whole course is about. In C it is
///
/// ```c
/// void *mmap(void *addr, size_t length, int prot, int flags, int fd, off_t offset);
/// ```
///
/// and in the crate nix
///
/// ```text
/// unsafe fn mmap(addr: Option<NonZeroUsize>, length: NonZeroUsize, prot: ProtFlags,
///                flags: MapFlags, f: impl AsFd, offset: off_t) -> Result<NonNull<c_void>, Errno>
/// ```
///
/// - No address: the kernel finds a free place. With one, and `MAP_FIXED`, it would replace what
///   is there; that is why the call is `unsafe`.
/// - `NonZeroUsize`: the kernel refuses a mapping of length 0, and nix does not even let you ask.
///   So what do you do with an empty file? The answer for it here is `Ok(None)`.
/// - `&file.file` serves as `f`, and `file.failed("map", errno)` makes an error of what the kernel
///   says.
/// - [`Mapping::adopt`] takes the mapping over, so that it is unmapped when it is dropped. It is
///   `unsafe` too: read what it wants to be promised, and say why it is true.
///
/// The offset is always a multiple of the page size here: the kernel takes no other, and you are
/// your own caller in step 4.
pub fn map(
    file: &RegularFile,
    protection: ProtFlags,
    offset: u64,
    length: usize,
) -> Result<Option<Mapping>, Error> {
    todo!("step 1: map a part of the file")
}

/// Step 2: store the text at the start of the file (clauses 3 and 4).
///
/// [`map`] is yours already; this time the mapping has to allow stores. [`Mapping::store`] copies
/// the bytes and gives you back the mapping, together with where in it they are. The answer is
/// `Ok(None)` if nothing was stored.
///
/// - A mapping never makes a file longer. How many bytes of the text do you store, if the text is
///   longer than the file?
/// - How much of the file has to be mapped for it? (Clause 10, for those who want more: a file may
///   be 5 GiB long.)
/// - Can you leave the empty file to step 1?
pub fn overwrite(file: &RegularFile, text: &[u8]) -> Result<Option<Stored>, Error> {
    todo!("step 2: store the text")
}

/// Step 3: see to it that what was stored is on the disk (clauses 5 and 6).
///
/// Other processes see a store at once. But if the machine loses its power, the bytes are gone
/// unless the kernel has written them out, and `msync` waits for that:
///
/// ```c
/// int msync(void *addr, size_t length, int flags);
/// ```
///
/// ```text
/// unsafe fn msync(addr: NonNull<c_void>, length: usize, flags: MsFlags) -> Result<(), Errno>
/// ```
///
/// - Which flag waits, and which one only makes a wish?
/// - The address has to be the start of a page. `stored.at` need not be: in step 4 it will not.
///   [`page_size`] asks the machine for the size of a page, [`Mapping::address`] makes an address
///   of an offset. If you begin earlier, does the length stay the same?
/// - An error that you do not look at is data loss that nobody hears of.
/// - For those who want more, clause 9: no page into which nothing was stored.
pub fn sync(file: &RegularFile, stored: &Stored) -> Result<(), Error> {
    todo!("step 3: sync what was stored")
}

/// Step 4: make the file longer and store the text behind its old end (clauses 7 and 8).
///
/// In which order? A store behind the last page of a file is death by `SIGBUS`, and one behind its
/// end, in its last page, is lost in silence. [`RegularFile::set_length`] is `ftruncate`.
///
/// - A mapping begins at a page, the old end seldom lies on one. So where does your mapping begin,
///   and where in it does the text? `old % page_size() as u64` is half of the answer. (Mapping the
///   whole file works too, until it is 5 GiB long: clause 10.)
/// - If there is no text, leave the file alone, its modification time too.
///
/// For those who want more:
/// - Clause 11: between asking for the length and changing it, another appender may do the same.
///   `file.file.lock()` lets one in at a time (it is `flock`). `file.length` is from before the
///   lock; [`RegularFile::length_now`] asks again.
/// - Clauses 12 and 13: a longer file is a promise of room, not the room.
///   [`RegularFile::reserve`] asks for it. Ask for all that lies in the pages into which you store.
///   And if the answer is no, what does the file look like? See [`RegularFile::restore`].
pub fn append(file: &RegularFile, text: &[u8]) -> Result<Appended, Error> {
    todo!("step 4: append the text")
}
