// expect: fails 10 with added-at-once
// about: In the crate: one checked_add of all that is to be added, instead of a loop.

// step 3: add, one by one
    let times = i64::try_from(times).ok()?;
    let add = |before: i64| before.checked_add(times);
    let before = counter.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
    Some(before.ok()? + times)
// end of step 3
