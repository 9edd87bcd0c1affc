// expect: fails 3 with length-in-32-bits
// about: In the crate: the length becomes a u32 by `as` before it is compared.

// step 1: check the length
    match file.length as u32 {
        8 => Ok(()),
        0 if may_be_new && file.length == 0 => {
            ftruncate(&file.file, 8).map_err(|errno| file.failed("size", errno))
        }
        length => {
            let words = format!("it has {length} bytes, and a counter has 8");
            Err(file.failed("use", io::Error::other(words)))
        }
    }
// end of step 1
