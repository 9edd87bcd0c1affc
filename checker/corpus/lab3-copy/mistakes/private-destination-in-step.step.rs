// expect: fails 2 with private-destination
// also: 3, 6, 13
// about: In the crate: one helper maps the windows of both files, and it maps them MAP_PRIVATE, which is right for neither and harmless for the source.

use std::ops::Range;

/// A window of a file, for this program alone.
fn window(file: &RegularFile, protection: ProtFlags, range: Range<u64>) -> Result<Mapping, Error> {
    file.map(protection, MapFlags::MAP_PRIVATE, range)
}

// step 1: map the source
    if source.length == 0 {
        return source.check_empty().map(|()| None);
    }
    window(source, ProtFlags::PROT_READ, 0..source.length.min(WINDOW)).map(Some)
// end of step 1

// step 4: size the destination and map it
    if size > 0 {
        match fallocate(&destination.file, FallocateFlags::empty(), 0, size as i64) {
            Ok(()) | Err(Errno::EOPNOTSUPP) => {}
            Err(errno) => return Err(destination.failed("make room for", errno)),
        }
    }
    ftruncate(&destination.file, size as i64).map_err(|e| destination.failed("size", e))?;
    if size == 0 {
        return Ok(None);
    }
    let both = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
    window(destination, both, 0..size.min(WINDOW)).map(Some)
// end of step 4

// step 5: copy the bytes
    let both = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
    let mut copied = 0;
    loop {
        // SAFETY: `from` and `to` own their mappings and live past this line; both are
        // `from.length()` bytes long, and two mappings do not overlap.
        unsafe { ptr::copy_nonoverlapping(from.start(), to.start(), from.length()) };
        copied += from.length() as u64;
        if copied == source.length {
            break;
        }
        drop((from, to));
        let next = copied..source.length.min(copied + WINDOW);
        from = window(source, ProtFlags::PROT_READ, next.clone())?;
        to = window(destination, both, next)?;
    }
    source.check_not_cut()?;
    Ok(copied)
// end of step 5
