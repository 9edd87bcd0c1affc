// expect: fails 10 with overflow-wraps
// about: In the crate: a load tells whether there is room, and then fetch_add adds.

// step 3: add, one by one
    let mut value = None;
    for _ in 0..times {
        if counter.load(Ordering::Relaxed) == i64::MAX {
            return None;
        }
        value = Some(counter.fetch_add(1, Ordering::Relaxed).wrapping_add(1));
    }
    value
// end of step 3
