// expect: fails 1, 2, 4 with private-mapping
// about: In the crate: the counter is mapped privately, and msync is to bring what was stored to the file.

use nix::sys::mman::{MsFlags, msync};

// step 2: map the file, and make the counter
    let mapping = file.map(protection, MapFlags::MAP_PRIVATE)?;
    // SAFETY: a mapping begins at a page, has 8 bytes, and lives until the end of this function.
    let counter = unsafe { AtomicI64::from_ptr(mapping.start().as_ptr().cast()) };
    let done = work(counter)?;
    // SAFETY: these 8 bytes are mapped.
    unsafe { msync(mapping.start(), 8, MsFlags::MS_SYNC) }.map_err(|e| file.failed("write", e))?;
    Ok(done)
// end of step 2
