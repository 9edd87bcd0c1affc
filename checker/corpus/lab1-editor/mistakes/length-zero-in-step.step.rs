// expect: fails 2, 3, 4 with length-zero
// about: In the crate: map calls mmap of the crate libc, which takes any length, and hands on what an empty file gets for an answer.

use nix::errno::Errno;
use nix::libc;
use std::os::fd::AsRawFd;
use std::ptr::{self, NonNull};

// step 1: map a part of the file
    let (shared, fd) = (libc::MAP_SHARED, file.file.as_raw_fd());
    // SAFETY: no address is asked for, so no memory that is in use is replaced.
    let start = unsafe {
        libc::mmap(
            ptr::null_mut(),
            length,
            protection.bits(),
            shared,
            fd,
            offset as i64,
        )
    };
    if start == libc::MAP_FAILED {
        return Err(file.failed("map", Errno::last()));
    }
    let start = NonNull::new(start).expect("no mapping lies at address 0");
    // SAFETY: the kernel has just made this mapping, and nobody else knows of it.
    Ok(Some(unsafe { Mapping::adopt(start, length) }))
// end of step 1
