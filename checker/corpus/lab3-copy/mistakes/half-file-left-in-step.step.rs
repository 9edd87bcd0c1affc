// expect: fails 10 with half-file-left
// about: In the crate: an old destination is opened with O_TRUNC, so that it is empty before there is room for the copy, and its old length is forgotten.

// step 3: open the destination
    match RegularFile::open(name, OFlag::O_RDWR | OFlag::O_TRUNC) {
        Err(error) if error.is_not_found() => RegularFile::create(name, OFlag::O_RDWR, source.mode),
        opened => opened,
    }
// end of step 3
