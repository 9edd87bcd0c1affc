// expect: fails 1 with source-writable
// also: 2, 3, 6, 7, 13
// stretch: fails 9
// about: In the crate: the source is mapped with the same rights as the destination, shared and writable, which its descriptor for reading alone does not allow.

const BOTH: ProtFlags = ProtFlags::PROT_READ.union(ProtFlags::PROT_WRITE);

// step 1: map the source
    if source.length == 0 {
        return source.check_empty().map(|()| None);
    }
    let window = 0..source.length.min(WINDOW);
    source.map(BOTH, MapFlags::MAP_SHARED, window).map(Some)
// end of step 1
