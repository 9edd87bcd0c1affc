// expect: fails 5 with lock-around-half
// about: In the crate: the guard of a lock is bound to `_`, and so it is dropped at once.

use std::fs::File;

/// The lock of a file, until this is dropped.
struct Locked<'a>(&'a File);

impl Locked<'_> {
    fn new(file: &RegularFile) -> Result<Locked<'_>, Error> {
        file.file.lock().map_err(|cause| file.failed("lock", cause))?;
        Ok(Locked(&file.file))
    }
}

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        let _ = self.0.unlock();
    }
}

// step 2: map the file, and make the counter
    let mapping = file.map(protection, MapFlags::MAP_SHARED)?;
    // SAFETY: a mapping begins at a page, has 8 bytes, and lives until the end of this function.
    let counter = unsafe { AtomicI64::from_ptr(mapping.start().as_ptr().cast()) };
    if !protection.contains(ProtFlags::PROT_WRITE) {
        return work(counter);
    }
    let _ = Locked::new(file)?;
    work(counter)
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
