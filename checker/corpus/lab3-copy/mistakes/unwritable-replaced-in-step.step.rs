// expect: fails 11 with unwritable-replaced
// about: In the crate: --atomic opens the old file for reading, which is enough to learn its permission bits and does not ask whether it may be written.

// step 6: replace the destination at once
    let target = resolve(destination);
    let old = match RegularFile::open(destination, OFlag::O_RDONLY) {
        Ok(old) => Some(old),
        Err(error) if error.is_not_found() => None,
        Err(error) => return Err(error),
    };
    let temporary = RegularFile::create_beside(&target, destination, source.mode)?;
    let copied = fill(source, from, &temporary)?;
    let bits = Permissions::from_mode(old.map_or(temporary.mode, |old| old.mode));
    let placed = temporary.file.set_permissions(bits);
    if let Err(cause) = placed.and_then(|()| fs::rename(&temporary.path, &target)) {
        temporary.undo();
        return Err(temporary.failed("replace", cause));
    }
    Ok(copied)
// end of step 6
