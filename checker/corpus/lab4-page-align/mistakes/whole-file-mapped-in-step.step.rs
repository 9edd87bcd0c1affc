// expect: fails 6 with whole-file-mapped
// about: In the crate: the whole file is mapped, shared, and the window is found by its offset.

// step 4: read the window
    let left = file.length.saturating_sub(span.offset);
    if left == 0 {
        return Err(file.failed("show", io::Error::other("it ends before")));
    }
    let mapping = file.map(ProtFlags::PROT_READ, MapFlags::MAP_SHARED, 0..file.length)?;
    let length = span.length.min(left);
    let span = Span { length, ..span };
    let shown = length.min(SHOWN);
    let end = span.offset + length;
    Ok(Window {
        span,
        place: align(span, page),
        first: mapping.read(span.offset, shown),
        last: mapping.read(end - shown, shown),
    })
// end of step 4
