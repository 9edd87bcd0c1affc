// expect: fails 1, 2 with moved-by-call
// about: In the crate: the counter is mapped, and what was stored is written to the file by a call as well.

use std::os::unix::fs::FileExt;

// step 2: map the file, and make the counter
    let mapping = file.map(protection, MapFlags::MAP_SHARED)?;
    // SAFETY: a mapping begins at a page, has 8 bytes, and lives until the end of this function.
    let counter = unsafe { AtomicI64::from_ptr(mapping.start().as_ptr().cast()) };
    let done = work(counter)?;
    if protection.contains(ProtFlags::PROT_WRITE) {
        // So that it is in the file, too.
        let bytes = counter.load(Ordering::Relaxed).to_le_bytes();
        let written = file.file.write_all_at(&bytes, 0);
        written.map_err(|cause| file.failed("write", cause))?;
    }
    Ok(done)
// end of step 2
