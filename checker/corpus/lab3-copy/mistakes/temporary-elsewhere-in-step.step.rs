// expect: fails 11
// about: In the crate: the temporary file has a fixed name in the current folder, not in that of the destination.

// step 6: replace the destination at once
    let target = resolve(destination);
    let old_mode = match RegularFile::open(destination, OFlag::O_WRONLY) {
        Ok(old) => Some(old.mode),
        Err(error) if error.is_not_found() => None,
        Err(error) => return Err(error),
    };
    let temporary = RegularFile::create(Path::new(".lab3-copy.tmp"), OFlag::O_RDWR, source.mode)?;
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
