// expect: fails 4 with went-backwards
// about: In the crate: a value is compared with the one of the last look, and not with the largest that was printed.

// step 4: print what is larger
    let mut last = counter.load(Ordering::Relaxed);
    fact("value", last)?;
    while last < until {
        thread::sleep(Duration::from_millis(1));
        let value = counter.load(Ordering::Relaxed);
        if value > last {
            fact("value", value)?;
        }
        last = value;
    }
    Ok(())
// end of step 4
