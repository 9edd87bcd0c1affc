// expect: fails 8 with whole-file-mapped
// about: In the crate: the source is copied window by window, into a destination that is mapped in one piece.

// step 4: size the destination and map it
    if size == 0 {
        ftruncate(&destination.file, 0).map_err(|e| destination.failed("size", e))?;
        return Ok(None);
    }
    match fallocate(&destination.file, FallocateFlags::empty(), 0, size as i64) {
        Ok(()) | Err(Errno::EOPNOTSUPP) => {}
        Err(errno) => return Err(destination.failed("make room for", errno)),
    }
    ftruncate(&destination.file, size as i64).map_err(|e| destination.failed("size", e))?;
    let both = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
    let mapping = destination.map(both, MapFlags::MAP_SHARED, 0..size)?;
    Ok(Some(mapping))
// end of step 4

// step 5: copy the bytes
    let mut copied = 0;
    loop {
        // SAFETY: `to` is as long as the source, and `copied + from.length()` bytes of it at most
        // are used; both mappings live past this line and do not overlap.
        unsafe {
            let there = to.start().add(copied as usize);
            ptr::copy_nonoverlapping(from.start(), there, from.length());
        }
        copied += from.length() as u64;
        if copied == source.length {
            break;
        }
        drop(from);
        let next = copied..source.length.min(copied + WINDOW);
        from = source.map(ProtFlags::PROT_READ, MapFlags::MAP_SHARED, next)?;
    }
    source.check_not_cut()?;
    Ok(copied)
// end of step 5
