// expect: fails 10 with touched-every-page
// about: In the crate: the window is copied out, of a long one a quarter of a gigabyte, and the first bytes of the copy are shown.

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
    let mut first = mapping.read(place.delta, length.min(256 << 20));
    first.truncate(shown as usize);
    Ok(Window {
        span,
        place,
        first,
        last: mapping.read(place.length - shown, shown),
    })
// end of step 4
