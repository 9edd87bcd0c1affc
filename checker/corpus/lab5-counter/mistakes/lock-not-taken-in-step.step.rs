// expect: fails 5 with lock-not-taken
// about: In the crate: the file is locked by try_lock, and its answer goes to `_`.

// step 2: map the file, and make the counter
    let mapping = file.map(protection, MapFlags::MAP_SHARED)?;
    // SAFETY: a mapping begins at a page, has 8 bytes, and lives until the end of this function.
    let counter = unsafe { AtomicI64::from_ptr(mapping.start().as_ptr().cast()) };
    if protection.contains(ProtFlags::PROT_WRITE) {
        let _ = file.file.try_lock();
    }
    let done = work(counter);
    let _ = file.file.unlock();
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
