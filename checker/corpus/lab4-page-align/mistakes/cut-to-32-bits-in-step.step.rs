// expect: fails 2 with cut-to-32-bits
// also: 4, 8, 10
// about: In the crate: the mask that clears the low bits has 32 bits, so it clears the high ones too.

// step 3: round down
    let low = page as u32 - 1;
    let delta = span.offset & u64::from(low);
    Place {
        offset: span.offset & u64::from(!low),
        delta,
        length: delta + span.length,
    }
// end of step 3
