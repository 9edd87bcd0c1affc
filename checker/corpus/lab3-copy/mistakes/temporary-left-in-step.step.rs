// expect: fails 11 with temporary-left
// about: In the crate: a rename that fails leaves copy_atomically by the question mark, and the temporary file stays.

// step 6: replace the destination at once
    let target = resolve(destination);
    let old_mode = match RegularFile::open(destination, OFlag::O_WRONLY) {
        Ok(old) => Some(old.mode),
        Err(error) if error.is_not_found() => None,
        Err(error) => return Err(error),
    };
    let temporary = RegularFile::create_beside(&target, destination, source.mode)?;
    let copied = fill(source, from, &temporary)?;
    if let Some(mode) = old_mode {
        let bits = Permissions::from_mode(mode);
        let prepared = temporary.file.set_permissions(bits);
        prepared.map_err(|e| temporary.failed("prepare", e))?;
    }
    fs::rename(&temporary.path, &target).map_err(|e| temporary.failed("replace", e))?;
    Ok(copied)
// end of step 6
