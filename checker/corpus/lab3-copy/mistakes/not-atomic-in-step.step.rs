// expect: fails 11 with not-atomic
// about: In the crate: the new file takes the place of the old one while it is still empty, and is filled there.

// step 6: replace the destination at once
    let target = resolve(destination);
    let old_mode = match RegularFile::open(destination, OFlag::O_WRONLY) {
        Ok(old) => Some(old.mode),
        Err(error) if error.is_not_found() => None,
        Err(error) => return Err(error),
    };
    let temporary = RegularFile::create_beside(&target, destination, source.mode)?;
    let bits = Permissions::from_mode(old_mode.unwrap_or(temporary.mode));
    let placed = temporary.file.set_permissions(bits);
    let placed = placed.and_then(|()| fs::rename(&temporary.path, &target));
    if let Err(cause) = placed {
        temporary.undo();
        return Err(temporary.failed("replace", cause));
    }
    // From here on no temporary file can be left behind.
    fill(source, from, &temporary)
// end of step 6
