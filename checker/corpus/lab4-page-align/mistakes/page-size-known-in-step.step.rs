// expect: fails 1 with page-size-known
// also: 4
// about: In the crate: the page size is looked up by the name of the processor.

// step 2: ask for the page size
    match std::env::consts::ARCH {
        "powerpc64" => 64 << 10,
        "loongarch64" => 16 << 10,
        _ => 4 << 10,
    }
// end of step 2
