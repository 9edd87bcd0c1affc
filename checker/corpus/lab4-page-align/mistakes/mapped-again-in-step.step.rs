// expect: fails 6 with mapped-again
// about: In the crate: a helper maps the window, copies a few bytes out and drops the mapping, and it is called twice.

/// Bytes of a file at a place of it, from byte `from` of the mapping on.
fn piece(file: &RegularFile, place: Place, from: u64, count: u64) -> Result<Vec<u8>, Error> {
    let range = place.offset..place.offset + place.length;
    let mapping = file.map(ProtFlags::PROT_READ, MapFlags::MAP_PRIVATE, range)?;
    Ok(mapping.read(from, count))
}

// step 4: read the window
    let left = file.length.saturating_sub(span.offset);
    if left == 0 {
        return Err(file.failed("show", io::Error::other("it ends before")));
    }
    let length = span.length.min(left);
    let span = Span { length, ..span };
    let place = align(span, page);
    let shown = length.min(SHOWN);
    Ok(Window {
        span,
        place,
        first: piece(file, place, place.delta, shown)?,
        last: piece(file, place, place.length - shown, shown)?,
    })
// end of step 4
