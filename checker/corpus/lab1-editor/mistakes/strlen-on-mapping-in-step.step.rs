// expect: fails 7 with strlen-on-mapping
// about: In the crate: append takes what is zero at the end of the grown mapping for new room, also where the old file ended with NULs.

// step 4: append the text
    file.file
        .lock()
        .map_err(|cause| file.failed("lock", cause))?;
    let old = file.length_now()?;
    let new = old + text.len() as u64;
    let mut stored = None;
    if !text.is_empty() {
        let start = old - old % page_size() as u64;
        let both = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
        let mapping = file
            .set_length(new)
            .and_then(|()| file.reserve(start..new))
            .and_then(|()| map(file, both, start, (new - start) as usize))
            .inspect_err(|_| file.restore(old))?;
        stored = mapping.map(|mapping| {
            let bytes = mapping.read(mapping.length());
            let last = bytes.iter().rposition(|&byte| byte != 0);
            mapping.store(last.map_or(0, |last| last + 1), text)
        });
    }
    Ok(Appended { old, new, stored })
// end of step 4
