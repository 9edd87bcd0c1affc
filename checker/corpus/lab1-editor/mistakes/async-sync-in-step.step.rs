// expect: fails 6, 7 with async-sync
// about: In the crate: sync calls msync with MS_ASYNC and MS_INVALIDATE, and looks at an answer that says nothing.

// step 3: sync what was stored
    let begin = stored.at - stored.at % page_size();
    let length = stored.at + stored.length - begin;
    let flags = MsFlags::MS_ASYNC | MsFlags::MS_INVALIDATE;
    // SAFETY: the range lies inside a mapping that `stored` keeps alive; msync changes no memory.
    unsafe { msync(stored.mapping.address(begin), length, flags) }
        .map_err(|errno| file.failed("sync", errno))
// end of step 3
