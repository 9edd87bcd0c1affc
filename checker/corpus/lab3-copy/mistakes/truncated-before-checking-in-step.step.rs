// expect: fails 4 with truncated-before-checking
// stretch: fails 10
// about: In the crate: the names are compared as fs::canonicalize has them, which finds out a symbolic link and no hard link, and the destination is opened with O_TRUNC.

// step 2: recognise the source by another name
    let found = match fs::canonicalize(destination) {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(cause) => return Err(Error::new(destination, "look at", cause)),
        Ok(found) => found,
    };
    let ours = fs::canonicalize(&source.path).map_err(|e| source.failed("look at", e))?;
    Ok(found == ours)
// end of step 2

// step 3: open the destination
    // It is not the source, so nothing in there is needed any more.
    match RegularFile::open(name, OFlag::O_RDWR | OFlag::O_TRUNC) {
        Err(error) if error.is_not_found() => RegularFile::create(name, OFlag::O_RDWR, source.mode),
        opened => opened,
    }
// end of step 3
