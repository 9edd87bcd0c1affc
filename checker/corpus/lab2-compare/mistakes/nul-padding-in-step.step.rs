// expect: fails 3, 5 with nul-padding
// also: 7, 8
// about: In the crate: the text is brought to the length of the mapping with resize, which cuts it or fills it up with zeros.

/// Stores the text in a mapping, whatever the lengths of the two are.
fn fit(mapping: Mapping, text: &[u8]) -> Mapping {
    let mut bytes = text.to_vec();
    bytes.resize(mapping.length(), 0);
    mapping.store(&bytes);
    mapping
}

// step 1: store through a private mapping
    let length = file.length.min(text.len().max(SHOWN) as u64);
    if length == 0 {
        return Ok(None);
    }
    let both = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
    let mapping = file.map(both, MapFlags::MAP_PRIVATE, 0..length)?;
    Ok(Some(fit(mapping, text)))
// end of step 1

// step 3: store through a shared mapping
    let length = file.length.min(text.len().max(SHOWN) as u64);
    if length == 0 {
        return Ok(None);
    }
    let both = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
    let mapping = file.map(both, MapFlags::MAP_SHARED, 0..length)?;
    Ok(Some(fit(mapping, text)))
// end of step 3
