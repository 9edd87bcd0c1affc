// expect: fails 5 with exchanged-once
// about: In the crate: a compare_exchange that failed is taken for a counter that has no room.

// step 3: add, one by one
    let mut value = None;
    for _ in 0..times {
        let before = counter.load(Ordering::Relaxed);
        let next = before.checked_add(1)?;
        counter
            .compare_exchange(before, next, Ordering::Relaxed, Ordering::Relaxed)
            .ok()?;
        value = Some(next);
    }
    value
// end of step 3
