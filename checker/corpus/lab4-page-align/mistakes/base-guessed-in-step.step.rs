// expect: fails 3 with base-guessed
// about: In the crate: numbers are read as Rust writes them, with `0x`, `0o` and `0b` in front for other bases.

/// A number as it stands in a Rust program, without a sign.
fn literal(text: &str) -> Option<u64> {
    let (digits, radix) = match text.get(..2) {
        Some("0x") => (&text[2..], 16),
        Some("0o") => (&text[2..], 8),
        Some("0b") => (&text[2..], 2),
        _ => (text, 10),
    };
    match digits.starts_with('+') {
        true => None,
        false => u64::from_str_radix(digits, radix).ok(),
    }
}

// step 1: read the two numbers
    let number = |word: &OsStr, least: u64| {
        let number = word.to_str().and_then(literal);
        let number = number.filter(|number| (least..=LAST).contains(number));
        number.ok_or_else(|| Error::refused(word))
    };
    let last_word = length.unwrap_or(offset);
    let offset = number(offset, 0)?;
    let length = length.map_or(Ok(1), |word| number(word, 1))?;
    match length - 1 > LAST - offset {
        true => Err(Error::refused(last_word)),
        false => Ok(Span { offset, length }),
    }
// end of step 1
