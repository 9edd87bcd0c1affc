// expect: fails 3 with not-stored
// also: 5, 6, 7, 8, 9
// about: In the crate: the text is put into the bytes that were read out of the private mapping, and the mapping itself stays as it is.

// step 1: store through a private mapping
    let length = file.length.min(text.len().max(SHOWN) as u64);
    if length == 0 {
        return Ok(None);
    }
    let both = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
    let mapping = file.map(both, MapFlags::MAP_PRIVATE, 0..length)?;
    let mut content = mapping.read(mapping.length());
    let stored = text.len().min(content.len());
    content[..stored].copy_from_slice(&text[..stored]);
    Ok(Some(mapping))
// end of step 1
