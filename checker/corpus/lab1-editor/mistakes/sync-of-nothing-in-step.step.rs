// expect: fails 6, 7 with sync-of-nothing
// about: In the crate: sync opens the file once more, for reading only, and syncs a mapping of that, which begins at a page without any reckoning.

use nix::fcntl::OFlag;

// step 3: sync what was stored
    let _ = stored;
    let file = RegularFile::open(&file.name, OFlag::O_RDONLY)?;
    let Some(whole) = map(&file, ProtFlags::PROT_READ, 0, file.length as usize)? else {
        return Ok(());
    };
    // SAFETY: the range is the mapping, which lives until the end; msync changes no memory.
    unsafe { msync(whole.address(0), whole.length(), MsFlags::MS_SYNC) }
        .map_err(|errno| file.failed("sync", errno))
// end of step 3
