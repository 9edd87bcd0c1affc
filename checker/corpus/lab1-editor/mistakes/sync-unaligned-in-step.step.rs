// expect: fails 7 with sync-unaligned
// about: In the crate: the sync begins at a multiple of 512, the size of a sector, and not of a page: in the front of a page that is its start by chance.

// step 3: sync what was stored
    const SECTOR: usize = 512;
    let begin = stored.at / SECTOR * SECTOR;
    let length = stored.at + stored.length - begin;
    // SAFETY: the range lies inside a mapping that `stored` keeps alive; msync changes no memory.
    unsafe { msync(stored.mapping.address(begin), length, MsFlags::MS_SYNC) }
        .map_err(|errno| file.failed("sync", errno))
// end of step 3
