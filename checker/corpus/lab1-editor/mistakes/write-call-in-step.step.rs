// expect: fails 3 with write-call
// also: 4
// about: In the crate: overwrite writes the text with write_all_at, and maps the file only to have something to sync.

use std::os::unix::fs::FileExt;

// step 2: store the text
    let length = text.len().min(file.length as usize);
    file.file
        .write_all_at(&text[..length], 0)
        .map_err(|cause| file.failed("write to", cause))?;
    let both = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
    let mapping = map(file, both, 0, length)?;
    Ok(mapping.map(|mapping| Stored {
        mapping,
        at: 0,
        length,
    }))
// end of step 2
