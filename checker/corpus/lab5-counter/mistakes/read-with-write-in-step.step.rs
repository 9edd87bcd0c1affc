// expect: fails 4 with read-with-write
// about: In the crate: every file is opened once more to be written, so that all can be mapped to be written.

// step 2: map the file, and make the counter
    let both = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
    let mapping = RegularFile::open(&file.name, OFlag::O_RDWR)?.map(both, MapFlags::MAP_SHARED)?;
    // SAFETY: a mapping begins at a page, has 8 bytes, and lives until the end of this function.
    let counter = unsafe { AtomicI64::from_ptr(mapping.start().as_ptr().cast()) };
    work(counter)
// end of step 2
