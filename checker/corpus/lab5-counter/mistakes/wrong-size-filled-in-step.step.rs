// expect: fails 3 with wrong-size-filled
// about: In the crate: an empty file gets its 8 bytes from every command that may write, not only from init.

// step 1: check the length
    match file.length {
        8 => Ok(()),
        0 => ftruncate(&file.file, 8).map_err(|errno| file.failed("size", errno)),
        length => {
            let words = format!("it has {length} bytes, and a counter has 8");
            Err(file.failed("use", io::Error::other(words)))
        }
    }
// end of step 1
