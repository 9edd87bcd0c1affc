// expect: fails 10 with no-room
// about: In the crate: room is asked for, but no error of fallocate counts, because a file system need not know the call.

// step 4: size the destination and map it
    // Not every file system can do it.
    fallocate(&destination.file, FallocateFlags::empty(), 0, size as i64).ok();
    ftruncate(&destination.file, size as i64).map_err(|e| destination.failed("size", e))?;
    if size == 0 {
        return Ok(None);
    }
    let both = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
    let mapping = destination.map(both, MapFlags::MAP_SHARED, 0..size.min(WINDOW))?;
    Ok(Some(mapping))
// end of step 4
