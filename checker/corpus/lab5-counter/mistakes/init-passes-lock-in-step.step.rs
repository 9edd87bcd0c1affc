// expect: fails 9 with init-passes-lock
// about: In the crate: increment takes the lock for each addition, with_counter takes none, and so init goes without it.

use std::fs::File;
use std::sync::OnceLock;

/// The counter's file, for increment to lock.
static FILE: OnceLock<File> = OnceLock::new();

// step 2: map the file, and make the counter
    let mapping = file.map(protection, MapFlags::MAP_SHARED)?;
    let own = file.file.try_clone();
    let _ = FILE.set(own.map_err(|cause| file.failed("clone", cause))?);
    // SAFETY: a mapping begins at a page, has 8 bytes, and lives until the end of this function.
    let counter = unsafe { AtomicI64::from_ptr(mapping.start().as_ptr().cast()) };
    work(counter)
// end of step 2

// step 3: add, one by one
    let file = FILE.get()?;
    let mut value = None;
    for _ in 0..times {
        file.lock().ok()?;
        let next = counter.load(Ordering::Relaxed).checked_add(1)?;
        counter.store(next, Ordering::Relaxed);
        file.unlock().ok()?;
        value = Some(next);
    }
    value
// end of step 3
