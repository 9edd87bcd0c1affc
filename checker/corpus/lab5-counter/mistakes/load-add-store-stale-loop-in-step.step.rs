// expect: fails 5 with load-add-store
// about: In the crate: a compare_exchange is tried again until it succeeds, with a sum that is made before the first try.

// step 3: add, one by one
    let mut value = None;
    for _ in 0..times {
        let mut before = counter.load(Ordering::Relaxed);
        let next = before.checked_add(1)?;
        while let Err(now) =
            counter.compare_exchange(before, next, Ordering::Relaxed, Ordering::Relaxed)
        {
            before = now;
        }
        value = Some(next);
    }
    value
// end of step 3
