// expect: fails 11 with temporary-left
// about: In the crate: steps 4 and 5 are called by --atomic itself, and if one of them fails, the question mark leaves the temporary file.


// step 6: replace the destination at once
    let target = resolve(destination);
    let old_mode = match RegularFile::open(destination, OFlag::O_WRONLY) {
        Ok(old) => Some(old.mode),
        Err(error) if error.is_not_found() => None,
        Err(error) => return Err(error),
    };
    let temporary = RegularFile::create_beside(&target, destination, source.mode)?;
    let copied = match (from, size_and_map(&temporary, source.length)?) {
        (Some(from), Some(to)) => copy_bytes(source, &temporary, from, to)?,
        _ => 0,
    };
    let bits = Permissions::from_mode(old_mode.unwrap_or(temporary.mode));
    let placed = temporary.file.set_permissions(bits);
    let placed = placed.and_then(|()| fs::rename(&temporary.path, &target));
    if let Err(cause) = placed {
        temporary.undo();
        return Err(temporary.failed("replace", cause));
    }
    Ok(copied)
// end of step 6
