// expect: fails 8 with said-before-refused
// about: In the crate: a sum that is too large is found where the span is aligned, when two facts are printed already.

// step 1: read the two numbers
    let number = |word: &OsStr, least: u64| {
        let is_digits = |text: &&str| text.bytes().all(|byte| byte.is_ascii_digit());
        let digits = word.to_str().filter(is_digits);
        let number = digits.and_then(|text| text.parse().ok());
        let number = number.filter(|number| (least..=LAST).contains(number));
        number.ok_or_else(|| Error::refused(word))
    };
    let offset = number(offset, 0)?;
    let length = length.map_or(Ok(1), |word| number(word, 1))?;
    Ok(Span { offset, length })
// end of step 1

// step 3: round down
    if span.length - 1 > LAST - span.offset {
        Error::refused(OsStr::new(&span.offset.to_string())).report();
        std::process::exit(1);
    }
    let delta = span.offset % page;
    Place {
        offset: span.offset - delta,
        delta,
        length: delta + span.length,
    }
// end of step 3

// step 4: read the window
    let place = align(span, page);
    let left = file.length.saturating_sub(span.offset);
    if left == 0 {
        return Err(file.failed("show", io::Error::other("it ends before")));
    }
    let length = span.length.min(left);
    let span = Span { length, ..span };
    let place = Place {
        length: place.delta + length,
        ..place
    };
    let range = place.offset..place.offset + place.length;
    let mapping = file.map(ProtFlags::PROT_READ, MapFlags::MAP_PRIVATE, range)?;
    let shown = length.min(SHOWN);
    Ok(Window {
        span,
        place,
        first: mapping.read(place.delta, shown),
        last: mapping.read(place.length - shown, shown),
    })
// end of step 4
