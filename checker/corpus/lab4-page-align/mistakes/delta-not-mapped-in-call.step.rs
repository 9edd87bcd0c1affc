// expect: fails 5, 6 with delta-not-mapped
// also: 4, 7, 8, 9, 10
// about: In the crate: the range that is mapped ends delta bytes before the window does.

// step 4: read the window
    let left = file.length.saturating_sub(span.offset);
    if left == 0 {
        return Err(file.failed("show", io::Error::other("it ends before")));
    }
    let length = span.length.min(left);
    let span = Span { length, ..span };
    let place = align(span, page);
    let range = place.offset..place.offset + span.length;
    let mapping = file.map(ProtFlags::PROT_READ, MapFlags::MAP_PRIVATE, range)?;
    let shown = length.min(SHOWN);
    Ok(Window {
        span,
        place,
        first: mapping.read(place.delta, shown),
        last: mapping.read(place.delta + length - shown, shown),
    })
// end of step 4
