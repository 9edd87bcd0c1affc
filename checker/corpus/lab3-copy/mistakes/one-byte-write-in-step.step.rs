// expect: fails 3 with one-byte-write
// stretch: fails 9
// about: In the crate: the destination is cut to nothing, and a zero that write_all_at puts at its end makes it as long as the source.

use std::os::unix::fs::FileExt;

// step 4: size the destination and map it
    let file = &destination.file;
    file.set_len(0).map_err(|e| destination.failed("size", e))?;
    if size == 0 {
        return Ok(None);
    }
    file.write_all_at(&[0], size - 1)
        .map_err(|e| destination.failed("size", e))?;
    let both = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
    let mapping = destination.map(both, MapFlags::MAP_SHARED, 0..size.min(WINDOW))?;
    Ok(Some(mapping))
// end of step 4
