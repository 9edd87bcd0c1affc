// expect: fails 2, 5, 6 with delta-not-mapped
// also: 4, 7, 8, 9, 10
// about: In the crate: what is mapped begins at the page, and is as long as the span.

// step 3: round down
    let Span { offset, length } = span;
    let delta = offset & (page - 1);
    Place {
        offset: offset - delta,
        delta,
        length,
    }
// end of step 3
