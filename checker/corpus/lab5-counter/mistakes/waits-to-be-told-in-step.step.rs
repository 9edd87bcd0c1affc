// expect: fails 4 with waits-to-be-told
// about: In the crate: watch waits for a Condvar that increment notifies, which only threads of one process share.

use std::sync::{Condvar, Mutex};

static CHANGED: Condvar = Condvar::new();
static LOOKING: Mutex<()> = Mutex::new(());

// step 3: add, one by one
    let mut value = None;
    for _ in 0..times {
        let add = |before: i64| before.checked_add(1);
        let before = counter.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
        value = Some(before.ok()? + 1);
        CHANGED.notify_all();
    }
    value
// end of step 3

// step 4: print what is larger
    let mut looking = LOOKING.lock().expect("nobody panics");
    let mut largest = counter.load(Ordering::Relaxed);
    fact("value", largest)?;
    while largest < until {
        looking = CHANGED.wait(looking).expect("nobody panics");
        let value = counter.load(Ordering::Relaxed);
        if value > largest {
            largest = value;
            fact("value", value)?;
        }
    }
    Ok(())
// end of step 4
