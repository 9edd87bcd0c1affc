// expect: fails 2 with no-ftruncate
// also: 3, 13
// stretch: fails 9
// about: In the crate: the destination gets its length after the copy, when the number of copied bytes is known; a new file is still empty at the first store.

// step 4: size the destination and map it
    if size == 0 {
        ftruncate(&destination.file, 0).map_err(|e| destination.failed("size", e))?;
        return Ok(None);
    }
    let both = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
    let mapping = destination.map(both, MapFlags::MAP_SHARED, 0..size.min(WINDOW))?;
    Ok(Some(mapping))
// end of step 4

// step 5: copy the bytes
    let both = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
    let mut copied = 0;
    loop {
        // SAFETY: both mappings live past this line, are `from.length()` bytes long and do not
        // overlap.
        unsafe { ptr::copy_nonoverlapping(from.start(), to.start(), from.length()) };
        copied += from.length() as u64;
        if copied == source.length {
            break;
        }
        drop((from, to));
        let next = copied..source.length.min(copied + WINDOW);
        from = source.map(ProtFlags::PROT_READ, MapFlags::MAP_SHARED, next.clone())?;
        to = destination.map(both, MapFlags::MAP_SHARED, next)?;
    }
    source.check_not_cut()?;
    ftruncate(&destination.file, copied as i64).map_err(|e| destination.failed("size", e))?;
    Ok(copied)
// end of step 5
