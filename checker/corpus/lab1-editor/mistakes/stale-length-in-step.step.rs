// expect: fails 7 with stale-length
// about: In the crate: both changes map the whole file, and sync takes as many bytes of the mapping as the file had when it was opened.

// step 2: store the text
    let length = text.len().min(file.length as usize);
    let both = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
    let mapping = map(file, both, 0, file.length as usize)?;
    Ok(mapping.map(|mapping| mapping.store(0, &text[..length])))
// end of step 2

// step 3: sync what was stored
    // The mapping begins with the file, so its address is the start of a page.
    let (start, length) = (stored.mapping.address(0), file.length as usize);
    // SAFETY: the range lies inside a mapping that `stored` keeps alive; msync changes no memory.
    unsafe { msync(start, length, MsFlags::MS_SYNC) }.map_err(|errno| file.failed("sync", errno))
// end of step 3

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
            .and_then(|()| map(file, both, 0, new as usize))
            .inspect_err(|_| file.restore(old))?;
        stored = mapping.map(|mapping| mapping.store(old as usize, text));
    }
    Ok(Appended { old, new, stored })
// end of step 4
