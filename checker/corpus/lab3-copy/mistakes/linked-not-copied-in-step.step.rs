// expect: fails 3 with linked-not-copied
// also: 1
// stretch: fails 13
// about: In the crate: a destination that is not there is made by fs::hard_link, so that it has the right length and the right permission bits from the start; it is the source.

// step 3: open the destination
    match RegularFile::open(name, OFlag::O_RDWR) {
        Err(error) if error.is_not_found() => {
            fs::hard_link(&source.path, name).map_err(|e| Error::new(name, "create", e))?;
            RegularFile::open(name, OFlag::O_RDWR)
        }
        opened => opened,
    }
// end of step 3
