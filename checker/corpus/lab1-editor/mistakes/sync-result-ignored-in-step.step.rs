// expect: fails 6, 7 with sync-result-ignored
// about: In the crate: sync tells of its error on standard error, but the caller hears that all is well.

// step 3: sync what was stored
    let begin = stored.at - stored.at % page_size();
    let length = stored.at + stored.length - begin;
    // SAFETY: the range lies inside a mapping that `stored` keeps alive; msync changes no memory.
    let done = unsafe { msync(stored.mapping.address(begin), length, MsFlags::MS_SYNC) };
    if let Err(errno) = done {
        file.failed("sync", errno).report();
    }
    Ok(())
// end of step 3
