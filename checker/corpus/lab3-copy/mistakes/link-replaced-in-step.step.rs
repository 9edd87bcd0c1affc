// expect: fails 11 with link-replaced
// about: In the crate: std::path::absolute is believed to follow symbolic links, so --atomic renames the new file onto the link.

// step 6: replace the destination at once
    let target =
        std::path::absolute(destination).map_err(|cause| Error::new(destination, "find", cause))?;
    let old_mode = match RegularFile::open(&target, OFlag::O_WRONLY) {
        Ok(old) => Some(old.mode),
        Err(error) if error.is_not_found() => None,
        Err(error) => return Err(error),
    };
    let temporary = RegularFile::create_beside(&target, destination, source.mode)?;
    let copied = fill(source, from, &temporary)?;
    let bits = Permissions::from_mode(old_mode.unwrap_or(temporary.mode));
    let placed = temporary.file.set_permissions(bits);
    let placed = placed.and_then(|()| fs::rename(&temporary.path, &target));
    if let Err(cause) = placed {
        temporary.undo();
        return Err(temporary.failed("replace", cause));
    }
    Ok(copied)
// end of step 6
