// expect: fails 3 with number-clamped
// stretch: fails 8
// about: In the crate: the digits are added up with saturating arithmetic, so that a number that is too large becomes the largest.

// step 1: read the two numbers
    let number = |word: &OsStr, least: u64| {
        let digits = word.as_encoded_bytes();
        let is_number = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
        let number = digits.iter().fold(0u64, |number, digit| {
            let digit = u64::from(digit.wrapping_sub(b'0'));
            number.saturating_mul(10).saturating_add(digit).min(LAST)
        });
        match is_number && number >= least {
            true => Ok(number),
            false => Err(Error::refused(word)),
        }
    };
    let last_word = length.unwrap_or(offset);
    let offset = number(offset, 0)?;
    let length = length.map_or(Ok(1), |word| number(word, 1))?;
    match length - 1 > LAST - offset {
        true => Err(Error::refused(last_word)),
        false => Ok(Span { offset, length }),
    }
// end of step 1
