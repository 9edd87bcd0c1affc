// expect: fails 10 with file-walked
// about: In the crate: append maps the whole file and reads all of it to see whether it ends with the text.

use std::io;

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
    if let Some(stored) = &stored
        && !stored.mapping.read(new as usize).ends_with(text)
    {
        let cause = io::Error::other("the text is not at its end");
        return Err(file.failed("append to", cause));
    }
    Ok(Appended { old, new, stored })
// end of step 4
