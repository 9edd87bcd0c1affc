// expect: fails 2 with write-only-destination
// also: 3, 13
// stretch: fails 9
// about: In the crate: a file that exists is opened O_RDWR, but a new one, which has nothing to be read, is created O_WRONLY.

// step 3: open the destination
    match RegularFile::open(name, OFlag::O_RDWR) {
        // Nothing is in there yet that could be read.
        Err(error) if error.is_not_found() => {
            RegularFile::create(name, OFlag::O_WRONLY, source.mode)
        }
        opened => opened,
    }
// end of step 3
