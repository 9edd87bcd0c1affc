// expect: fails 2 with populated
// also: 3, 4, 5, 6, 7
// stretch: fails 8, 9, 10
// about: In the crate: the mapping is made with MAP_POPULATE, so that all of it is there when it is read.

// step 1: map the file privately
    let both = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
    let flags = MapFlags::MAP_PRIVATE | MapFlags::MAP_POPULATE;
    file.map(both, flags)
// end of step 1
