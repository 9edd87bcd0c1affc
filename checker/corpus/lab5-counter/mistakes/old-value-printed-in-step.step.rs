// expect: fails 2 with old-value-printed
// about: In the crate: what fetch_update answers with is taken for the new value.

// step 3: add, one by one
    let mut value = None;
    for _ in 0..times {
        let add = |before: i64| before.checked_add(1);
        let now = counter.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
        value = Some(now.ok()?);
    }
    value
// end of step 3
