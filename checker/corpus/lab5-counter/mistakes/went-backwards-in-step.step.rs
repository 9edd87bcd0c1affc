// expect: fails 4 with went-backwards
// about: In the crate: a value is printed whenever it is not the one of the last look.

// step 4: print what is larger
    let mut last = None;
    loop {
        let value = counter.load(Ordering::Relaxed);
        if last.replace(value) != Some(value) {
            fact("value", value)?;
        }
        if value >= until {
            return Ok(());
        }
        thread::sleep(Duration::from_millis(1));
    }
// end of step 4
