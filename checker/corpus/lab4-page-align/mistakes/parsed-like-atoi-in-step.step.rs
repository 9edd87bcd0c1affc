// expect: fails 3 with parsed-like-atoi
// about: In the crate: `parse` alone decides what a number is, and it takes a `+`.

// step 1: read the two numbers
    let number = |word: &OsStr, least: u64| {
        let number = word.to_str().and_then(|text| text.parse().ok());
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
