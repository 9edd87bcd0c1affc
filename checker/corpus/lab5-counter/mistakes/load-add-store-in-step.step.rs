// expect: fails 5 with load-add-store
// about: In the crate: each addition loads and then stores.

// step 3: add, one by one
    let mut value = None;
    for _ in 0..times {
        let next = counter.load(Ordering::Relaxed).checked_add(1)?;
        counter.store(next, Ordering::Relaxed);
        value = Some(next);
    }
    value
// end of step 3
