// expect: fails 11 with append-raced
// about: In the crate: append takes the lock and then believes the length from before it, when the file was opened.

// step 4: append the text
    file.file
        .lock()
        .map_err(|cause| file.failed("lock", cause))?;
    let old = file.length;
    let new = old + text.len() as u64;
    let mut stored = None;
    if !text.is_empty() {
        let at = (old % page_size() as u64) as usize;
        let start = old - at as u64;
        let both = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
        let mapping = file
            .set_length(new)
            .and_then(|()| file.reserve(start..new))
            .and_then(|()| map(file, both, start, at + text.len()))
            .inspect_err(|_| file.restore(old))?;
        stored = mapping.map(|mapping| mapping.store(at, text));
    }
    Ok(Appended { old, new, stored })
// end of step 4
