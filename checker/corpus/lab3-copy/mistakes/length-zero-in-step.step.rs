// expect: fails 5 with length-zero
// also: 7
// about: In the crate: the source is mapped whether it is empty or not.

// step 1: map the source
    let window = 0..source.length.min(WINDOW);
    let mapping = source.map(ProtFlags::PROT_READ, MapFlags::MAP_SHARED, window)?;
    Ok(Some(mapping))
// end of step 1
