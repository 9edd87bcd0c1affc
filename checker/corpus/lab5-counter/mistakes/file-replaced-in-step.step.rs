// expect: fails 1 with file-replaced
// about: In the crate: init removes a counter that is there, and makes a new file of its name.

use std::fs::{self, File};

// step 1: check the length
    match file.length {
        0 if may_be_new => ftruncate(&file.file, 8).map_err(|errno| file.failed("size", errno)),
        // The bytes of a new file are 0.
        8 if may_be_new => fs::remove_file(&file.name)
            .and_then(|()| File::create_new(&file.name))
            .and_then(|new| new.set_len(8))
            .map_err(|cause| file.failed("make", cause)),
        8 => Ok(()),
        length => {
            let words = format!("it has {length} bytes, and a counter has 8");
            Err(file.failed("use", io::Error::other(words)))
        }
    }
// end of step 1
