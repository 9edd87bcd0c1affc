// expect: fails 3 with signed-mask
// about: In the crate: the words are parsed as `i64`, the type that `mmap` has for offsets, and only LENGTH is compared with the least.

// step 1: read the two numbers
    let number = |word: &OsStr| {
        let digits = word.to_str().filter(|text| !text.starts_with('+'));
        let number = digits.and_then(|text| text.parse::<i64>().ok());
        number.ok_or_else(|| Error::refused(word))
    };
    let last_word = length.unwrap_or(offset);
    let offset = number(offset)?;
    let length = length.map_or(Ok(1), number)?;
    if length < 1 || offset.checked_add(length - 1).is_none() {
        return Err(Error::refused(last_word));
    }
    Ok(Span {
        offset: offset as u64,
        length: length as u64,
    })
// end of step 1
