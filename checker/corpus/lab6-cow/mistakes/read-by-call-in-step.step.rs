// expect: rejected
// shows: read-by-call
// about: In the crate: the file is read to its end before it is mapped, and so no page is touched later.

// step 1: map the file privately
    // Bring all of it into memory.
    let brought = io::copy(&mut &file.file, &mut io::sink());
    brought.map_err(|cause| file.failed("read", cause))?;
    let both = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
    file.map(both, MapFlags::MAP_PRIVATE)
// end of step 1

// step 3: touch every page
    // They are in memory since step 1.
    let _ = mapping;
// end of step 3
