// expect: fails 3 with length-zero
// about: In the crate: both numbers have the same bounds, and the sum is compared without taking one away.

// step 1: read the two numbers
    let number = |word: &OsStr| {
        let is_digits = |text: &&str| text.bytes().all(|byte| byte.is_ascii_digit());
        let digits = word.to_str().filter(is_digits);
        let number = digits.and_then(|text| text.parse().ok());
        let number = number.filter(|&number: &u64| number <= LAST);
        number.ok_or_else(|| Error::refused(word))
    };
    let last_word = length.unwrap_or(offset);
    let offset = number(offset)?;
    let length = length.map_or(Ok(1), number)?;
    match offset + length > LAST + 1 {
        true => Err(Error::refused(last_word)),
        false => Ok(Span { offset, length }),
    }
// end of step 1
