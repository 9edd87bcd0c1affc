// expect: fails 2, 3, 4 with length-zero
// about: In the crate: a length that is no NonZeroUsize is an error, which an empty file meets before the kernel is asked.

use nix::errno::Errno;

// step 1: map a part of the file
    let length = NonZeroUsize::new(length).ok_or_else(|| file.failed("map", Errno::EINVAL))?;
    let (shared, offset) = (MapFlags::MAP_SHARED, offset as i64);
    // SAFETY: no address is asked for, so no memory that is in use is replaced.
    let start = unsafe { mmap(None, length, protection, shared, &file.file, offset) }
        .map_err(|errno| file.failed("map", errno))?;
    // SAFETY: the kernel has just made this mapping, and nobody else knows of it.
    Ok(Some(unsafe { Mapping::adopt(start, length.get()) }))
// end of step 1
