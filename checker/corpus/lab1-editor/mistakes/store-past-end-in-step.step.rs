// expect: fails 4 with store-past-end
// also: 6
// about: In the crate: overwrite maps as many bytes as the text has and stores all of it, however short the file is.

// step 2: store the text
    let both = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
    let mapping = map(file, both, 0, text.len())?;
    Ok(mapping.map(|mapping| mapping.store(0, text)))
// end of step 2
