// expect: fails 7 with read-call
// about: In the crate: append reads the old bytes of the last page from the file and stores them again, in front of the text.

use std::os::unix::fs::FileExt;

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
        let mut page = vec![0; at];
        file.file
            .read_exact_at(&mut page, start)
            .map_err(|cause| file.failed("read", cause))?;
        page.extend_from_slice(text);
        let both = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
        let mapping = file
            .set_length(new)
            .and_then(|()| file.reserve(start..new))
            .and_then(|()| map(file, both, start, page.len()))
            .inspect_err(|_| file.restore(old))?;
        stored = mapping.map(|mapping| Stored {
            at,
            length: text.len(),
            ..mapping.store(0, &page)
        });
    }
    Ok(Appended { old, new, stored })
// end of step 4
