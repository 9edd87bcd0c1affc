// expect: fails 1, 3, 4, 7 with private-mapping
// also: 5, 6
// about: In the crate: map makes every mapping with MAP_PRIVATE, for show, overwrite and append alike.

// step 1: map a part of the file
    let Some(length) = NonZeroUsize::new(length) else {
        return Ok(None);
    };
    let (private, offset) = (MapFlags::MAP_PRIVATE, offset as i64);
    // SAFETY: no address is asked for, so no memory that is in use is replaced.
    let start = unsafe { mmap(None, length, protection, private, &file.file, offset) }
        .map_err(|errno| file.failed("map", errno))?;
    // SAFETY: the kernel has just made this mapping, and nobody else knows of it.
    Ok(Some(unsafe { Mapping::adopt(start, length.get()) }))
// end of step 1
