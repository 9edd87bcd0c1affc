// expect: fails 2 with value-as-text
// also: 4
// about: In the crate: the 8 bytes are the digits of the value, with zeros behind them.

/// The number that these digits are. The bytes of a new counter are 0.
fn number(bytes: i64) -> i64 {
    let bytes = bytes.to_le_bytes();
    let text = str::from_utf8(&bytes).unwrap_or_default();
    text.trim_end_matches('\0').parse().unwrap_or(0)
}

/// The digits of a number, if there are no more than 8.
fn digits(number: i64) -> Option<i64> {
    let text = number.to_string();
    let mut bytes = [0; 8];
    bytes.get_mut(..text.len())?.copy_from_slice(text.as_bytes());
    Some(i64::from_le_bytes(bytes))
}

// step 3: add, one by one
    let mut value = None;
    for _ in 0..times {
        let add = |before: i64| digits(number(before) + 1);
        let before = counter.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
        value = Some(number(before.ok()?) + 1);
    }
    value
// end of step 3

// step 4: print what is larger
    let mut largest = number(counter.load(Ordering::Relaxed));
    fact("value", largest)?;
    while largest < until {
        thread::sleep(Duration::from_millis(1));
        let value = number(counter.load(Ordering::Relaxed));
        if value > largest {
            largest = value;
            fact("value", value)?;
        }
    }
    Ok(())
// end of step 4
