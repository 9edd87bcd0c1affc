// expect: fails 4 with asked-per-look
// about: In the crate: each look comes behind an msync with MS_SYNC, so that the newest value is there.

use std::ptr::NonNull;

use nix::sys::mman::{MsFlags, msync};

/// The value that the counter has now.
fn newest(counter: &AtomicI64) -> i64 {
    let start = NonNull::from(counter).cast();
    // SAFETY: a counter has 8 bytes, and they are mapped.
    let _ = unsafe { msync(start, 8, MsFlags::MS_SYNC) };
    counter.load(Ordering::Relaxed)
}

// step 4: print what is larger
    let mut largest = newest(counter);
    fact("value", largest)?;
    while largest < until {
        thread::sleep(Duration::from_millis(1));
        let value = newest(counter);
        if value > largest {
            largest = value;
            fact("value", value)?;
        }
    }
    Ok(())
// end of step 4
