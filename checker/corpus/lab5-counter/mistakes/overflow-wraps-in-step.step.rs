// expect: fails 10 with overflow-wraps
// about: In the crate: fetch_add adds, and only what it answers with goes through checked_add.

// step 3: add, one by one
    let mut value = None;
    for _ in 0..times {
        let before = counter.fetch_add(1, Ordering::Relaxed);
        value = Some(before.checked_add(1)?);
    }
    value
// end of step 3
