// expect: fails 8 with lock-left-locked
// varies: how many interleavings there is time for
// about: In the crate: an AtomicBool in FILE.lock is the lock, and it stays true if the process that has it is killed.

use std::sync::atomic::AtomicBool;

use given::Mapping;

/// The memory of FILE.lock. The bytes of a new file are 0: nobody has the lock.
fn lock_file(file: &RegularFile) -> Result<Mapping, Error> {
    let mut name = file.name.clone().into_os_string();
    name.push(".lock");
    let lock = RegularFile::open_or_create(Path::new(&name))?;
    ftruncate(&lock.file, 8).map_err(|errno| lock.failed("size", errno))?;
    lock.map(ProtFlags::PROT_READ | ProtFlags::PROT_WRITE, MapFlags::MAP_SHARED)
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
    let is_locked = unsafe { AtomicBool::from_ptr(memory.start().as_ptr().cast()) };
    while is_locked.swap(true, Ordering::Acquire) {
        thread::sleep(Duration::from_millis(1));
    }
    let done = work(counter);
    is_locked.store(false, Ordering::Release);
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
