// expect: fails 3 with status-forgotten
// about: In the crate: the wrong length is told, and then the process ends by exit(0).

use std::process;

// step 1: check the length
    match file.length {
        8 => Ok(()),
        0 if may_be_new => ftruncate(&file.file, 8).map_err(|errno| file.failed("size", errno)),
        length => {
            let words = format!("it has {length} bytes, and a counter has 8");
            file.failed("use", io::Error::other(words)).report();
            // There is nothing to do here.
            process::exit(0)
        }
    }
// end of step 1
