// expect: fails 8 with window-kept
// about: In the crate: the next window is assigned to the variable of the last one, which is dropped only when the new one has been made.

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
        let next = copied..source.length.min(copied + WINDOW);
        // The assignment drops the old ones.
        from = source.map(ProtFlags::PROT_READ, MapFlags::MAP_SHARED, next.clone())?;
        to = destination.map(both, MapFlags::MAP_SHARED, next)?;
    }
    source.check_not_cut()?;
    Ok(copied)
// end of step 5
