// expect: fails 5, 6 with delta-not-mapped
// also: 4, 7, 9, 10
// about: In the crate: as many whole pages are mapped as the length of the window has, wherever it begins.

// step 4: read the window
    let left = file.length.saturating_sub(span.offset);
    if left == 0 {
        return Err(file.failed("show", io::Error::other("it ends before")));
    }
    let length = span.length.min(left);
    let span = Span { length, ..span };
    let place = align(span, page);
    let range = place.offset..place.offset + length.next_multiple_of(page);
    let mapping = file.map(ProtFlags::PROT_READ, MapFlags::MAP_PRIVATE, range)?;
    let shown = length.min(SHOWN);
    Ok(Window {
        span,
        place,
        first: mapping.read(place.delta, shown),
        last: mapping.read(place.length - shown, shown),
    })
// end of step 4
