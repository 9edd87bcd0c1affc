// expect: fails 3 with whole-mapping-copied
// stretch: fails 9
// about: In the crate: the whole file is mapped with MAP_PRIVATE and MAP_POPULATE, and since it may be written, the kernel copies every page at once.

// step 1: store through a private mapping
    if file.length == 0 {
        return Ok(None);
    }
    let both = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
    // All pages are there from the beginning, so no store has to wait for one.
    let private = MapFlags::MAP_PRIVATE | MapFlags::MAP_POPULATE;
    let mapping = file.map(both, private, 0..file.length)?;
    mapping.store(&text[..text.len().min(mapping.length())]);
    Ok(Some(mapping))
// end of step 1
