//! Lab 4: the offset rule. A mapping begins at a page of its file, and a window begins anywhere.
//!
//! This is the one file that you edit: four functions, in the order in which they are called. The
//! frame around them is in `main.rs` and `given.rs`; read `given.rs` first, it is short and has
//! what you build with. The contract is the chapter "Lab 4: the offset rule" of the book. The
//! imports below are those that one solution needs; change them as you like.
//!
//! All `unsafe` of this lab is in `given.rs`. Read its `// SAFETY:` lines with three questions: who
//! keeps the memory mapped? who else may write to it? why does that do no harm?

pub mod given;

use std::ffi::OsStr;
use std::io;

use given::{Error, LAST, Place, RegularFile, SHOWN, Span, Window};
use nix::sys::mman::{MapFlags, ProtFlags};
use nix::unistd::{SysconfVar, sysconf};

/// Step 1: read the two numbers (clauses 3 and 8).
///
/// OFFSET is a number from 0 to [`LAST`], LENGTH one from 1 to [`LAST`], and 1 if it is not given.
/// A number is decimal digits and nothing else. The last byte of the span has to be one that a file
/// can have: at [`LAST`] or before it. [`Error::refused`] makes an error about a word.
///
/// - `parse` knows numbers. What does it take that is not only digits?
/// - Can the sum of two numbers that are small enough be too large, and where does it then go?
pub fn span(offset: &OsStr, length: Option<&OsStr>) -> Result<Span, Error> {
    todo!("step 1: read the two numbers")
}

/// Step 2: how many bytes a page of this machine has (clause 1).
///
/// On most machines it is 4096, on some it is 16384 or 65536: the processor and the kernel decide.
/// Who can be asked? `nix::unistd` has the call, and the chapter names others.
pub fn page_size() -> u64 {
    todo!("step 2: ask for the page size")
}

/// Step 3: where a span is mapped (clauses 2 and 8).
///
/// The mapping begins at the last page boundary that is not behind the span, `delta` bytes before
/// it, and reaches to the end of the span: no byte further.
///
/// The page size is a power of two. Is a division needed, or are a few bits enough?
pub fn align(span: Span, page: u64) -> Place {
    todo!("step 3: round down")
}

/// Step 4: read the window through one mapping (clauses 4 to 7, 9 and 10).
///
/// A span that begins at the end of the file or behind it has no bytes: that is an error about the
/// file. One that ends behind the end is cut there. [`RegularFile::map`] makes the mapping, and
/// [`Mapping::read`](given::Mapping::read) copies bytes out of it.
///
/// - The answer has the span as it was cut, its place, and its first and last [`SHOWN`] bytes, or
///   all of them if there are fewer.
/// - Where in the mapping is the first byte of the window?
/// - For those who want more, clause 10: a window may be gigabytes long. Which of its pages do you
///   touch?
pub fn window(file: &RegularFile, span: Span, page: u64) -> Result<Window, Error> {
    todo!("step 4: read the window")
}
