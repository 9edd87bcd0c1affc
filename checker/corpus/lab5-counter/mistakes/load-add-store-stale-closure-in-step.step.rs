// expect: fails 5 with load-add-store
// about: In the crate: fetch_update stores what was made of an earlier load, whatever the closure is given.

// step 3: add, one by one
    let mut value = None;
    for _ in 0..times {
        let next = counter.load(Ordering::Relaxed).checked_add(1)?;
        let add = |_| Some(next);
        let _ = counter.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
        value = Some(next);
    }
    value
// end of step 3
