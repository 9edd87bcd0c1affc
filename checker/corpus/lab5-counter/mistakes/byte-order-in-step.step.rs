// expect: fails 2, 4 with byte-order
// about: In the crate: the bytes are taken with to_be_bytes and from_be_bytes, the highest first.

/// The value of the 8 bytes.
fn value_of(bytes: i64) -> i64 {
    i64::from_be_bytes(bytes.to_ne_bytes())
}

/// The 8 bytes of a value.
fn bytes_of(value: i64) -> i64 {
    i64::from_ne_bytes(value.to_be_bytes())
}

// step 3: add, one by one
    let mut value = None;
    for _ in 0..times {
        let add = |before: i64| value_of(before).checked_add(1).map(bytes_of);
        let before = counter.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
        value = Some(value_of(before.ok()?) + 1);
    }
    value
// end of step 3

// step 4: print what is larger
    let mut largest = value_of(counter.load(Ordering::Relaxed));
    fact("value", largest)?;
    while largest < until {
        thread::sleep(Duration::from_millis(1));
        let value = value_of(counter.load(Ordering::Relaxed));
        if value > largest {
            largest = value;
            fact("value", value)?;
        }
    }
    Ok(())
// end of step 4
