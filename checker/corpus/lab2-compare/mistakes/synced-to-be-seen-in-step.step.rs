// expect: fails 4 with synced-to-be-seen
// about: In the crate: after the shared store the file is synced with sync_all, so that the others get to see it.

// step 3: store through a shared mapping
    let length = file.length.min(text.len().max(SHOWN) as u64);
    if length == 0 {
        return Ok(None);
    }
    let both = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
    let mapping = file.map(both, MapFlags::MAP_SHARED, 0..length)?;
    mapping.store(&text[..text.len().min(mapping.length())]);
    file.file
        .sync_all()
        .map_err(|cause| file.failed("sync", cause))?;
    Ok(Some(mapping))
// end of step 3
