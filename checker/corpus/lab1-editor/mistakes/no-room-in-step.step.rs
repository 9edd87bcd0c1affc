// expect: fails 12 with no-room
// about: In the crate: append asks for room and does not look at the answer, since not every file system knows the call.

// step 4: append the text
    file.file
        .lock()
        .map_err(|cause| file.failed("lock", cause))?;
    let old = file.length_now()?;
    let new = old + text.len() as u64;
    let mut stored = None;
    if !text.is_empty() {
        let at = (old % page_size() as u64) as usize;
        let start = old - at as u64;
        file.set_length(new)?;
        let _ = file.reserve(start..new);
        let both = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
        let mapping = map(file, both, start, at + text.len()).inspect_err(|_| file.restore(old))?;
        stored = mapping.map(|mapping| mapping.store(at, text));
    }
    Ok(Appended { old, new, stored })
// end of step 4
