// expect: fails 5
// about: In the crate: a word in FILE.lock is the lock, whoever finds it taken sleeps on it by futex, and nobody wakes.

use std::ptr;
use std::sync::atomic::AtomicU32;

use given::Mapping;
use nix::libc;

/// The memory of FILE.lock. The bytes of a new file are 0: nobody has the lock.
fn lock_file(file: &RegularFile) -> Result<Mapping, Error> {
    let mut name = file.name.clone().into_os_string();
    name.push(".lock");
    let lock = RegularFile::open_or_create(Path::new(&name))?;
    ftruncate(&lock.file, 8).map_err(|errno| lock.failed("size", errno))?;
    lock.map(ProtFlags::PROT_READ | ProtFlags::PROT_WRITE, MapFlags::MAP_SHARED)
}

/// Waits until the word is no longer 1.
fn wait(word: &AtomicU32) {
    let no_end = ptr::null::<libc::timespec>();
    // SAFETY: the word is there as long as the reference, and no time is given.
    unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), libc::FUTEX_WAIT, 1, no_end) };
}

// step 2: map the file, and make the counter
    let mapping = file.map(protection, MapFlags::MAP_SHARED)?;
    // SAFETY: a mapping begins at a page, has 8 bytes, and lives until the end of this function.
    let counter = unsafe { AtomicI64::from_ptr(mapping.start().as_ptr().cast()) };
    if !protection.contains(ProtFlags::PROT_WRITE) {
        return work(counter);
    }
    let memory = lock_file(file)?;
    // SAFETY: as above, and everybody goes through an atomic.
    let word = unsafe { AtomicU32::from_ptr(memory.start().as_ptr().cast()) };
    while word.swap(1, Ordering::Acquire) == 1 {
        wait(word);
    }
    let done = work(counter);
    word.store(0, Ordering::Release);
    done
// end of step 2

// step 3: add, one by one
    let mut value = None;
    for _ in 0..times {
        let next = counter.load(Ordering::Relaxed).checked_add(1)?;
        counter.store(next, Ordering::Relaxed);
        value = Some(next);
    }
    value
// end of step 3
