// expect: fails 3 with nul-written
// about: In the crate: overwrite makes a CString of the text and stores it with its NUL, where there is room for it.

use std::ffi::CString;

// step 2: store the text
    let string = CString::new(text).map_err(|cause| file.failed("store into", cause))?;
    let bytes = string.as_bytes_with_nul();
    let room = bytes.len().min(file.length as usize);
    let both = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
    let mapping = map(file, both, 0, room)?;
    Ok(mapping.map(|mapping| Stored {
        length: room.min(text.len()),
        ..mapping.store(0, &bytes[..room])
    }))
// end of step 2
