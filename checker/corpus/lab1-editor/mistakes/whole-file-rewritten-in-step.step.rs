// expect: fails 3 with whole-file-rewritten
// about: In the crate: overwrite fills the file with spaces behind the text, so that nothing of the old one is left to see.

// step 2: store the text
    let room = file.length as usize;
    let length = text.len().min(room);
    let mut content = text[..length].to_vec();
    content.resize(room, b' ');
    let both = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
    let mapping = map(file, both, 0, room)?;
    Ok(mapping.map(|mapping| Stored {
        length,
        ..mapping.store(0, &content)
    }))
// end of step 2
