// expect: fails 6 with page-too-many
// about: In the crate: the length in pages is divided and one added, also where nothing is left over.

// step 4: read the window
    let left = file.length.saturating_sub(span.offset);
    if left == 0 {
        return Err(file.failed("show", io::Error::other("it ends before")));
    }
    let length = span.length.min(left);
    let span = Span { length, ..span };
    let place = align(span, page);
    let pages = place.length / page + 1;
    let range = place.offset..place.offset + pages * page;
    let mapping = file.map(ProtFlags::PROT_READ, MapFlags::MAP_PRIVATE, range)?;
    let shown = length.min(SHOWN);
    Ok(Window {
        span,
        place,
        first: mapping.read(place.delta, shown),
        last: mapping.read(place.length - shown, shown),
    })
// end of step 4
