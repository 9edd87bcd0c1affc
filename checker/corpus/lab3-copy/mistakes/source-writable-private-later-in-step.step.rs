// expect: fails 1 with source-writable
// about: In the crate: every window of the source but the first is mapped privately with PROT_WRITE.

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
        from = source.map(both, MapFlags::MAP_PRIVATE, next.clone())?;
        to = destination.map(both, MapFlags::MAP_SHARED, next)?;
    }
    source.check_not_cut()?;
    Ok(copied)
// end of step 5
