// expect: fails 2, 5, 6 with rounded-up
// also: 4, 7, 8, 9, 10
// about: In the crate: the mapping begins at the next multiple of the page size, and delta is the way back.

// step 3: round down
    let offset = span.offset.next_multiple_of(page);
    let delta = offset.abs_diff(span.offset);
    Place {
        offset,
        delta,
        length: delta + span.length,
    }
// end of step 3
