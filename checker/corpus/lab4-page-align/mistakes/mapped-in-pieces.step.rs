// expect: fails 6 with mapped-again
// about: In the crate: a helper maps a span and copies it out, and it is called for the first bytes and for the last.

/// The bytes of a span of a file.
fn bytes_of(file: &RegularFile, span: Span, page: u64) -> Result<Vec<u8>, Error> {
    let place = align(span, page);
    let range = place.offset..place.offset + place.length;
    let mapping = file.map(ProtFlags::PROT_READ, MapFlags::MAP_PRIVATE, range)?;
    Ok(mapping.read(place.delta, span.length))
}

// step 4: read the window
    let left = file.length.saturating_sub(span.offset);
    if left == 0 {
        return Err(file.failed("show", io::Error::other("it ends before")));
    }
    let span = Span {
        length: span.length.min(left),
        ..span
    };
    let shown = span.length.min(SHOWN);
    let piece = |offset| bytes_of(file, Span { offset, length: shown }, page);
    Ok(Window {
        span,
        place: align(span, page),
        first: piece(span.offset)?,
        last: piece(span.offset + span.length - shown)?,
    })
// end of step 4
