// expect: fails 3 with fs-copy
// about: In the crate: both files are mapped, but the bytes go from the mapping of the source into the destination by write_all_at.

use std::os::unix::fs::FileExt;
use std::slice;

// step 5: copy the bytes
    // The length is set, that is all the mapping was good for.
    drop(to);
    let mut copied = 0;
    while copied < source.length {
        if copied > 0 {
            drop(from);
            let next = copied..source.length.min(copied + WINDOW);
            from = source.map(ProtFlags::PROT_READ, MapFlags::MAP_SHARED, next)?;
        }
        // SAFETY: `from` owns the mapping and lives past the last use of the slice.
        let bytes = unsafe { slice::from_raw_parts(from.start(), from.length()) };
        destination
            .file
            .write_all_at(bytes, copied)
            .map_err(|e| destination.failed("write to", e))?;
        copied += bytes.len() as u64;
    }
    source.check_not_cut()?;
    Ok(copied)
// end of step 5
