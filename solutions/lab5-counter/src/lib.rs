//! Lab 5: shared state that survives. A counter of 8 bytes in a file, which any number of processes
//! add to at once.
//!
//! This is the one file that you edit: five functions, in the order in which you need them. The
//! frame around them is in `main.rs` and `given.rs`; read both first, they are short. The contract
//! is the chapter "Lab 5: shared state that survives" of the book. Steps 1 to 4 are the core of it,
//! step 5 is for those who want more. The imports below are those that one solution needs; change
//! them as you like.

pub mod given;

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::thread;
use std::time::Duration;

use given::{Error, RegularFile, fact, whole_file};
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::mman::{MapFlags, ProtFlags};
use nix::unistd::ftruncate;

/// Step 1: is the file a counter? (clauses 1, 3 and 9)
///
/// A counter has exactly 8 bytes. What has another length is refused and stays as it is: who knows
/// what it is. There is one exception. For `init` (`may_be_new`) an empty file is one that somebody
/// has made a moment ago, perhaps this program: it gets its length, and new bytes of a file are 0.
///
/// [`RegularFile::length`] was the length when the file was opened. `init` opens with O_CREAT and
/// without O_TRUNC. What would O_TRUNC do to a process that has the file mapped?
pub fn check_length(file: &RegularFile, may_be_new: bool) -> Result<(), Error> {
    // step 1: check the length
    match file.length {
        8 => Ok(()),
        0 if may_be_new => ftruncate(&file.file, 8).map_err(|errno| file.failed("size", errno)),
        length => {
            let words = format!("it has {length} bytes, and a counter has 8");
            Err(file.failed("use", io::Error::other(words)))
        }
    }
    // end of step 1
}

/// Step 2: map the file, and let `work` have its counter (clause 1).
///
/// [`RegularFile::map`] maps the 8 bytes. You say whether what is stored there stays with this
/// process or goes to the file.
///
/// Other processes store into these bytes while you look at them. A `&i64` would promise the
/// compiler that nobody does, and a `&mut i64` that nobody else even looks. The type that allows it
/// is an atomic one. `AtomicI64::from_ptr` makes one out of a pointer, and it is `unsafe`. Write a
/// `// SAFETY:` line that answers what its documentation asks:
///
/// - Is the pointer aligned to 8 bytes, and are there 8 bytes behind it?
/// - Who keeps the memory alive as long as `work` has the reference, and can `work` keep it longer?
/// - Who else stores there, and how? What would become of a process that stores otherwise?
pub fn with_counter<T>(
    file: &RegularFile,
    protection: ProtFlags,
    work: impl FnOnce(&AtomicI64) -> Result<T, Error>,
) -> Result<T, Error> {
    // step 2: map the file, and make the counter
    let mapping = file.map(protection, MapFlags::MAP_SHARED)?;
    // SAFETY: a mapping begins at a page, which is a multiple of 8, and has 8 bytes. It lives until
    // the end of this function; `work` gets a reference of a shorter life, and nothing that it
    // returns can hold it. Everybody in this program goes through an atomic; what another process
    // does is a matter of the processor, which keeps aligned accesses of 8 bytes whole. If somebody
    // cuts the file, SIGBUS ends the program. Where the mapping may only be read, all that `work`
    // may do is a Relaxed load.
    let counter = unsafe { AtomicI64::from_ptr(mapping.start().as_ptr().cast()) };
    work(counter)
    // end of step 2
}

/// Step 3: add 1, so many times (clauses 2 and 5 to 10).
///
/// The answer is the value after your own last addition, or `None` if there is no room for one more:
/// the largest `i64` stays what it is. What was added before stays added.
///
/// To load, to add and to store are three things, and another process may do all of them between two
/// of yours. Which methods of [`AtomicI64`] do it in one? `fetch_add` does, but at the largest value
/// it goes on with the smallest. Look for one that stores only if nobody else has stored meanwhile.
///
/// Only this one number is shared, and nothing else has to be seen in the order in which it was
/// stored. So `Ordering::Relaxed` is enough.
pub fn increment(counter: &AtomicI64, times: u64) -> Option<i64> {
    // step 3: add, one by one
    let mut value = None;
    for _ in 0..times {
        let add = |before: i64| before.checked_add(1);
        let before = counter.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
        value = Some(before.ok()? + 1);
    }
    value
    // end of step 3
}

/// Step 4: print the value, then each larger one, until one is at least `until` (clause 4).
///
/// [`fact`] prints `value`. The mapping may only be read: the one thing that can be done with an
/// atomic there is a `Relaxed` load. (What would `fetch_add(0)` do to a page without PROT_WRITE?)
///
/// A loop that only loads keeps a processor busy. `thread::sleep` for a millisecond lets others
/// work.
pub fn watch(counter: &AtomicI64, until: i64) -> Result<(), Error> {
    // step 4: print what is larger
    let mut largest = counter.load(Ordering::Relaxed);
    fact("value", largest)?;
    while largest < until {
        thread::sleep(Duration::from_millis(1));
        let value = counter.load(Ordering::Relaxed);
        if value > largest {
            largest = value;
            fact("value", value)?;
        }
    }
    Ok(())
    // end of step 4
}

/// Step 5, for those who want more: which lock survives a descriptor? (clause 11)
///
/// Twice the same: lock the whole file through one descriptor, say whether it is locked, open the
/// file once more, close that, and say again whether it is locked.
///
/// - First with fcntl: `F_SETLK` of [`fcntl`] does not wait. [`whole_file`] is what it has to be
///   told, [`RegularFile::fcntl_lock`] is what to say.
/// - Then with flock, which Rust calls `File::try_lock`. [`RegularFile::flock`] is what to say.
///
/// Both need the first descriptor open to the end. If another process has the lock, that is an error.
pub fn locks(name: &Path) -> Result<(), Error> {
    // step 5: lock, open, close, and look
    let file = RegularFile::open(name, OFlag::O_RDWR)?;
    fcntl(&file.file, FcntlArg::F_SETLK(&whole_file())).map_err(|e| file.failed("lock", e))?;
    fact("fcntl", file.fcntl_lock()?)?;
    drop(RegularFile::open(name, OFlag::O_RDONLY)?);
    fact("fcntl", file.fcntl_lock()?)?;

    file.file.try_lock().map_err(|e| file.failed("lock", e))?;
    fact("flock", file.flock()?)?;
    drop(RegularFile::open(name, OFlag::O_RDONLY)?);
    fact("flock", file.flock()?)
    // end of step 5
}
