// expect: fails 5 with load-add-store
// about: In the crate: the sum of an earlier load is stored by fetch_max, so that the counter never becomes smaller.

// step 3: add, one by one
    let mut value = None;
    for _ in 0..times {
        let next = counter.load(Ordering::Relaxed).checked_add(1)?;
        counter.fetch_max(next, Ordering::Relaxed);
        value = Some(next);
    }
    value
// end of step 3
