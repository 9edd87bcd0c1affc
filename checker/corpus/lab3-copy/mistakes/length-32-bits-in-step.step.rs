// expect: fails 9 with length-32-bits
// about: In the crate: the first window is the smaller of two numbers that are made u32 before they are compared, because a window fits in 32 bits.

use std::ops::Range;

/// The first window of a file of this length.
fn first_window(size: u64) -> Range<u64> {
    let length = (size as u32).min(WINDOW as u32);
    0..u64::from(length)
}

// step 1: map the source
    if source.length == 0 {
        return source.check_empty().map(|()| None);
    }
    let window = first_window(source.length);
    let mapping = source.map(ProtFlags::PROT_READ, MapFlags::MAP_SHARED, window)?;
    Ok(Some(mapping))
// end of step 1

// step 4: size the destination and map it
    if size == 0 {
        ftruncate(&destination.file, 0).map_err(|e| destination.failed("size", e))?;
        return Ok(None);
    }
    match fallocate(&destination.file, FallocateFlags::empty(), 0, size as i64) {
        Ok(()) | Err(Errno::EOPNOTSUPP) => {}
        Err(errno) => return Err(destination.failed("make room for", errno)),
    }
    ftruncate(&destination.file, size as i64).map_err(|e| destination.failed("size", e))?;
    let both = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
    let mapping = destination.map(both, MapFlags::MAP_SHARED, first_window(size))?;
    Ok(Some(mapping))
// end of step 4
