// expect: fails 5 with length-zero
// about: In the crate: the destination is given its length, 0 as well as any other, and mapped.

// step 4: size the destination and map it
    match fallocate(&destination.file, FallocateFlags::empty(), 0, size as i64) {
        // EINVAL: an empty file needs no room.
        Ok(()) | Err(Errno::EOPNOTSUPP | Errno::EINVAL) => {}
        Err(errno) => return Err(destination.failed("make room for", errno)),
    }
    ftruncate(&destination.file, size as i64).map_err(|e| destination.failed("size", e))?;
    let both = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
    let mapping = destination.map(both, MapFlags::MAP_SHARED, 0..size.min(WINDOW))?;
    Ok(Some(mapping))
// end of step 4
