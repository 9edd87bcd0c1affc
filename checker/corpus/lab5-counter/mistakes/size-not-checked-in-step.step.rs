// expect: fails 3 with size-not-checked
// about: In the crate: an empty file is refused, and a file of any other length is taken.

// step 1: check the length
    match file.length {
        0 if may_be_new => ftruncate(&file.file, 8).map_err(|errno| file.failed("size", errno)),
        0 => Err(file.failed("use", io::Error::other("it is empty"))),
        _ => Ok(()),
    }
// end of step 1
