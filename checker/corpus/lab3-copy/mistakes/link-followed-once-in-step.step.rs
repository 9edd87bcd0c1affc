// expect: fails 11
// about: In the crate: read_link is asked once, and its answer is used as it is: a link to a link, or one in another folder, is not followed to the file.

// step 6: replace the destination at once
    let target = fs::read_link(destination).unwrap_or(destination.to_path_buf());
    let old_mode = match RegularFile::open(destination, OFlag::O_WRONLY) {
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
