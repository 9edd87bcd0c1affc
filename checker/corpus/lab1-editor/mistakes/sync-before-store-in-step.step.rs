// expect: fails 6, 7 with sync-before-store
// about: In the crate: map syncs every mapping that may be written as soon as it is made, and what is stored into it later is not synced any more.

// step 1: map a part of the file
    let Some(length) = NonZeroUsize::new(length) else {
        return Ok(None);
    };
    let (shared, offset) = (MapFlags::MAP_SHARED, offset as i64);
    // SAFETY: no address is asked for, so no memory that is in use is replaced.
    let start = unsafe { mmap(None, length, protection, shared, &file.file, offset) }
        .map_err(|errno| file.failed("map", errno))?;
    // SAFETY: the kernel has just made this mapping, and nobody else knows of it.
    let mapping = unsafe { Mapping::adopt(start, length.get()) };
    if protection.contains(ProtFlags::PROT_WRITE) {
        // SAFETY: the range is the mapping; msync changes no memory.
        unsafe { msync(start, length.get(), MsFlags::MS_SYNC) }
            .map_err(|errno| file.failed("sync", errno))?;
    }
    Ok(Some(mapping))
// end of step 1

// step 3: sync what was stored
    // The mapping is in step with the disk since it was made.
    let _ = (file, stored);
    Ok(())
// end of step 3
