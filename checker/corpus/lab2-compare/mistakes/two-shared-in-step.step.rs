// expect: fails 1 with two-shared
// also: 2, 3, 4, 5, 6, 7, 8, 9, 10
// about: In the crate: the first mapping is asked for with MAP_SHARED, and the kernel refuses it, since the file is open for reading only.

// step 1: store through a private mapping
    let length = file.length.min(text.len().max(SHOWN) as u64);
    if length == 0 {
        return Ok(None);
    }
    let both = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
    let mapping = file.map(both, MapFlags::MAP_SHARED, 0..length)?;
    mapping.store(&text[..text.len().min(mapping.length())]);
    Ok(Some(mapping))
// end of step 1
