// expect: fails 6, 7 with no-sync
// about: In the crate: sync calls sync_data on the file, which is fdatasync, and never msync on the mapping.

// step 3: sync what was stored
    let _ = stored;
    file.file
        .sync_data()
        .map_err(|cause| file.failed("sync", cause))
// end of step 3
