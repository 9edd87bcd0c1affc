// expect: fails 8 with stored-in-halves
// about: In the crate: the file is locked, and the new value is stored byte by byte.

// step 2: map the file, and make the counter
    let mapping = file.map(protection, MapFlags::MAP_SHARED)?;
    // SAFETY: a mapping begins at a page, has 8 bytes, and lives until the end of this function.
    let counter = unsafe { AtomicI64::from_ptr(mapping.start().as_ptr().cast()) };
    if !protection.contains(ProtFlags::PROT_WRITE) {
        return work(counter);
    }
    file.file.lock().map_err(|cause| file.failed("lock", cause))?;
    let done = work(counter);
    file.file.unlock().map_err(|cause| file.failed("unlock", cause))?;
    done
// end of step 2

// step 3: add, one by one
    let start = counter.as_ptr().cast::<u8>();
    let mut value = None;
    for _ in 0..times {
        let next = counter.load(Ordering::Relaxed).checked_add(1)?;
        for (n, byte) in next.to_le_bytes().into_iter().enumerate() {
            // SAFETY: a counter has 8 bytes, and who has the lock is alone with them.
            unsafe { start.add(n).write_volatile(byte) };
        }
        value = Some(next);
    }
    value
// end of step 3
