// expect: fails 12 with shrunk-unnoticed
// about: In the crate: the number of copied bytes is compared with the length in source.metadata, which is that of the moment when the source was opened.

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
    if source.metadata.len() != copied {
        return Err(source.failed("copy", io::Error::other("it was cut meanwhile")));
    }
    Ok(copied)
// end of step 5
