// expect: fails 7 with begins-behind-the-end
// also: 9
// about: In the crate: an offset that is the file's length is taken, and a window of no bytes is shown.

// step 4: read the window
    if span.offset > file.length {
        return Err(file.failed("show", io::Error::other("it ends before")));
    }
    let length = span.length.min(file.length - span.offset);
    let span = Span { length, ..span };
    let place = align(span, page);
    let range = place.offset..place.offset + place.length;
    let mapping = file.map(ProtFlags::PROT_READ, MapFlags::MAP_PRIVATE, range)?;
    let shown = length.min(SHOWN);
    Ok(Window {
        span,
        place,
        first: mapping.read(place.delta, shown),
        last: mapping.read(place.length - shown, shown),
    })
// end of step 4
