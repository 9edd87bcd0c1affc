// expect: fails 7 with last-page-forgotten
// about: In the crate: only whole pages are mapped.

// step 1: map the file privately
    let page = page_size() as u64;
    let handle = file.file.try_clone();
    let whole = RegularFile {
        file: handle.map_err(|cause| file.failed("open", cause))?,
        name: file.name.clone(),
        length: file.length / page * page,
    };
    let both = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
    whole.map(both, MapFlags::MAP_PRIVATE)
// end of step 1
