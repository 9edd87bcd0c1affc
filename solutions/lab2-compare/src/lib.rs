//! Lab 2: private or shared. The same store twice, through a private and through a shared mapping.
//!
//! This is the one file that you edit: three functions, in the order in which they are called. The
//! frame around them is in `main.rs` and `given.rs`; read `given.rs` first, it is short and has
//! what you build with. The contract is the chapter "Lab 2: private or shared" of the book. The
//! imports below are those that one solution needs; change them as you like.
//!
//! All `unsafe` of this lab is in `given.rs`. Read its `// SAFETY:` lines with three questions: who
//! keeps the memory mapped? who else may write to it? why does that do no harm?

pub mod given;

use std::os::unix::fs::FileExt;

use given::{Error, Mapping, RegularFile, SHOWN};
use nix::sys::mman::{MapFlags, ProtFlags};

/// Step 1: store the text at the start of a private mapping (clauses 1 and 3).
///
/// [`RegularFile::map`] makes the mapping: you say what may be done with it, whether it is private
/// or shared, and which bytes of the file it shows. [`Mapping::store`] copies bytes to its start.
///
/// - `file` was opened for reading only. Why is that enough here?
/// - If the text is longer than the file, store as many bytes as the file has. If the file is
///   empty, the kernel refuses to map it: the answer is `Ok(None)`.
/// - The caller shows the first [`SHOWN`] bytes of the mapping, so map at least these (or all the
///   file has). How much more do you need? For those who want more, clause 9: the file may be
///   3 GiB long, and for a private mapping that may be written the kernel counts memory.
pub fn store_privately(file: &RegularFile, text: &[u8]) -> Result<Option<Mapping>, Error> {
    // step 1: store through a private mapping
    let length = file.length.min(text.len().max(SHOWN) as u64);
    if length == 0 {
        return Ok(None);
    }
    let both = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
    let mapping = file.map(both, MapFlags::MAP_PRIVATE, 0..length)?;
    mapping.store(&text[..text.len().min(mapping.length())]);
    Ok(Some(mapping))
    // end of step 1
}

/// Step 2: the first bytes of the file itself, at most [`SHOWN`], as they are now (clauses 2
/// and 7).
///
/// The mapping of step 1 cannot tell you: its page is your own since you stored into it. Ask the
/// file. `file.file` is a `std::fs::File`, and the trait `FileExt` reads from a given place without
/// moving any position (it is `pread`). Or make another mapping, of the right kind.
///
/// Think of the file that has fewer bytes than you ask for: how many did you get?
pub fn look(file: &RegularFile) -> Result<Vec<u8>, Error> {
    // step 2: look at the file
    let mut bytes = vec![0; SHOWN];
    let got = file.file.read_at(&mut bytes, 0);
    bytes.truncate(got.map_err(|cause| file.failed("read", cause))?);
    Ok(bytes)
    // end of step 2
}

/// Step 3: the same store through a shared mapping (clauses 1, 4, 5 and 6).
///
/// As little as possible should differ from step 1; this little is the lab. `file` was opened once
/// more, for reading and writing. Would the descriptor of step 1 have done?
///
/// Leave `msync` alone this time, and look at who sees the bytes all the same.
pub fn store_shared(file: &RegularFile, text: &[u8]) -> Result<Option<Mapping>, Error> {
    // step 3: store through a shared mapping
    let length = file.length.min(text.len().max(SHOWN) as u64);
    if length == 0 {
        return Ok(None);
    }
    let both = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
    let mapping = file.map(both, MapFlags::MAP_SHARED, 0..length)?;
    mapping.store(&text[..text.len().min(mapping.length())]);
    Ok(Some(mapping))
    // end of step 3
}
