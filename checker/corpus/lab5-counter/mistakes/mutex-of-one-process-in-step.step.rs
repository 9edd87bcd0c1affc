// expect: fails 5 with mutex-of-one-process
// about: In the crate: a Mutex of Rust lies in FILE.lock, and whoever waits for it is woken by threads of the own process alone.

use std::sync::Mutex;

use given::Mapping;

/// The memory of FILE.lock. The bytes of a new file are 0, and so are those of a Mutex that is free.
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
    // SAFETY: a Mutex without content has 8 bytes, and these live until the end of this function.
    let mutex = unsafe { memory.start().cast::<Mutex<()>>().as_ref() };
    let _locked = mutex.lock().expect("nobody panics");
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
