// expect: fails 1, 3 with vec-as-mapping
// about: In the crate: the private mapping is an anonymous one, filled with what was read from the file into a Vec.

// step 1: store through a private mapping
    let length = file.length.min(text.len().max(SHOWN) as u64);
    if length == 0 {
        return Ok(None);
    }
    let mut content = vec![0; length as usize];
    file.file
        .read_exact_at(&mut content, 0)
        .map_err(|cause| file.failed("read", cause))?;
    let stored = text.len().min(content.len());
    content[..stored].copy_from_slice(&text[..stored]);
    let both = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
    let private = MapFlags::MAP_PRIVATE | MapFlags::MAP_ANONYMOUS;
    let mapping = file.map(both, private, 0..length)?;
    mapping.store(&content);
    Ok(Some(mapping))
// end of step 1
