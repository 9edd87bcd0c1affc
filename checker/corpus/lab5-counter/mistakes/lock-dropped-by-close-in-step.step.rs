// expect: fails 5 with lock-dropped-by-close
// about: In the crate: the fcntl lock is taken through a clone of the file, which is dropped when the function that locks returns.

/// Locks the file until the process ends.
fn lock(file: &RegularFile) -> Result<(), Error> {
    let own = file.file.try_clone();
    let own = own.map_err(|cause| file.failed("clone", cause))?;
    fcntl(&own, FcntlArg::F_SETLKW(&whole_file())).map_err(|e| file.failed("lock", e))?;
    Ok(())
}

// step 2: map the file, and make the counter
    if protection.contains(ProtFlags::PROT_WRITE) {
        lock(file)?;
    }
    let mapping = file.map(protection, MapFlags::MAP_SHARED)?;
    // SAFETY: a mapping begins at a page, has 8 bytes, and lives until the end of this function.
    let counter = unsafe { AtomicI64::from_ptr(mapping.start().as_ptr().cast()) };
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
