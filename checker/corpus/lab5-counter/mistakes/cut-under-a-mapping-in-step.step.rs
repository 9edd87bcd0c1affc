// expect: fails 9 with cut-under-a-mapping
// about: In the crate: init makes a counter of 0 by File::create, which cuts the file, and gives it its length again.

use std::fs::File;

// step 1: check the length
    match file.length {
        // New bytes are 0.
        0 | 8 if may_be_new => File::create(&file.name)
            .and_then(|new| new.set_len(8))
            .map_err(|cause| file.failed("empty", cause)),
        8 => Ok(()),
        length => {
            let words = format!("it has {length} bytes, and a counter has 8");
            Err(file.failed("use", io::Error::other(words)))
        }
    }
// end of step 1
