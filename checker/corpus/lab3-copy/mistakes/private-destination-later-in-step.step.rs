// expect: fails 8
// about: In the crate: every window of the destination but the first is mapped MAP_PRIVATE: what comes after 16 MiB stays zero.

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
        to = destination.map(both, MapFlags::MAP_PRIVATE, next)?;
    }
    source.check_not_cut()?;
    Ok(copied)
// end of step 5
