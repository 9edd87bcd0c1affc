// expect: fails 4 with load-hoisted
// about: In the crate: the loop that waits for a larger value looks at a variable that was loaded before it.

// step 4: print what is larger
    let mut largest = counter.load(Ordering::Relaxed);
    fact("value", largest)?;
    while largest < until {
        let value = counter.load(Ordering::Relaxed);
        while value <= largest {
            thread::sleep(Duration::from_millis(1));
        }
        largest = value;
        fact("value", value)?;
    }
    Ok(())
// end of step 4
