// expect: fails 5 with rewritten-by-hand
// about: In the crate: what the shared mapping shows after the store is written into the file as well, with write_all_at.

// step 3: store through a shared mapping
    let length = file.length.min(text.len().max(SHOWN) as u64);
    if length == 0 {
        return Ok(None);
    }
    let both = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
    let mapping = file.map(both, MapFlags::MAP_SHARED, 0..length)?;
    mapping.store(&text[..text.len().min(mapping.length())]);
    // The file does not know of it yet.
    let changed = mapping.read(mapping.length());
    file.file
        .write_all_at(&changed, 0)
        .map_err(|cause| file.failed("write to", cause))?;
    Ok(Some(mapping))
// end of step 3
