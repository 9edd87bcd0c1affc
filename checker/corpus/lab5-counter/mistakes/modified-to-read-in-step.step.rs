// expect: fails 4 with modified-to-read
// about: In the crate: a look is a compare_exchange of the last value with itself.

// step 4: print what is larger
    let mut largest = counter.load(Ordering::Relaxed);
    fact("value", largest)?;
    while largest < until {
        thread::sleep(Duration::from_millis(1));
        // It fails if the counter has another value now, and says which.
        let same = counter.compare_exchange(largest, largest, Ordering::Relaxed, Ordering::Relaxed);
        match same {
            Err(value) if value > largest => {
                largest = value;
                fact("value", value)?;
            }
            _ => {}
        }
    }
    Ok(())
// end of step 4
