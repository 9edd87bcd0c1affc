// expect: fails 2 with half-the-width
// about: In the crate: the value becomes an i32 to be added to, and is stored as an i64 again.

// step 3: add, one by one
    let mut value = None;
    for _ in 0..times {
        let add = |before: i64| (before as i32).checked_add(1).map(i64::from);
        let before = counter.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
        value = add(before.ok()?);
    }
    value
// end of step 3
