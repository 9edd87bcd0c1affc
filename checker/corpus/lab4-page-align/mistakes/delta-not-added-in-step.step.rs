// expect: fails 4, 5 with delta-not-added
// also: 7, 8, 9, 10
// about: In the crate: byte 0 of the mapping is taken for the first one of the window.

// step 4: read the window
    let left = file.length.saturating_sub(span.offset);
    if left == 0 {
        return Err(file.failed("show", io::Error::other("it ends before")));
    }
    let length = span.length.min(left);
    let span = Span { length, ..span };
    let place = align(span, page);
    let range = place.offset..place.offset + place.length;
    let mapping = file.map(ProtFlags::PROT_READ, MapFlags::MAP_PRIVATE, range)?;
    let shown = length.min(SHOWN);
    Ok(Window {
        span,
        place,
        first: mapping.read(0, shown),
        last: mapping.read(length - shown, shown),
    })
// end of step 4
