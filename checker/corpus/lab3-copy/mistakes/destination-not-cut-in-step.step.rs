// expect: fails 5, 6 with destination-not-cut
// about: In the crate: fallocate makes the destination long enough, and is taken for the whole of ftruncate; a file that was longer stays as long.

// step 4: size the destination and map it
    if size == 0 {
        return Ok(None);
    }
    // This sets the length as well.
    fallocate(&destination.file, FallocateFlags::empty(), 0, size as i64)
        .map_err(|errno| destination.failed("make room for", errno))?;
    let both = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
    let mapping = destination.map(both, MapFlags::MAP_SHARED, 0..size.min(WINDOW))?;
    Ok(Some(mapping))
// end of step 4
