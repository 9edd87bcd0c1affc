//! The mistakes of lab 4 that are told apart by name.

use crate::evidence::Observation;
use crate::evidence::bytes::PREVIEW;
use crate::evidence::ending::Ending;
use crate::evidence::trace::Mmap;
use crate::lab::{Clue, Mistake};
use crate::rule::moved::{Way, movers};
use crate::rule::trace::{Step, calls_seen, target};
use crate::rule::{clue, file};

use super::asked::{self, Answer, LAST, Window, Words, is_digits, shown};

/// All, the most specific first.
pub static ALL: &[Mistake] = &[
    Mistake {
        code: "page-size-known",
        says: "The number does not fit this machine's pages. It was written into the program, or comes from a place that knows another machine.",
        hint: "How large is a page on the machine next door, and which line of the program would find out?",
        section: "lab4-page-align.md#clause-1",
        clauses: &[1, 4, 5],
        recognise: page_size_known,
    },
    Mistake {
        code: "signed-mask",
        says: "A number below 0 was taken. Cleared of its low bits it looks like an aligned offset, and no file has bytes there.",
        hint: "At which moment does the program know that the word is not a number of the contract, and what does it do then?",
        section: "lab4-page-align.md#clause-3",
        clauses: &[3],
        recognise: below_zero,
    },
    Mistake {
        code: "number-clamped",
        says: "A number that no file can have was taken for another one, without a word: it was cut, clamped, or went round.",
        hint: "What does your way of reading numbers answer to one that is too large, and what happens to a sum that is?",
        section: "lab4-page-align.md#clause-8",
        clauses: &[3, 8],
        recognise: clamped,
    },
    Mistake {
        code: "base-guessed",
        says: "The word was read to another base than ten: a leading 0 makes a number octal for some functions, a leading 0x hexadecimal.",
        hint: "Which argument of the function tells the base, and what does 0 mean there?",
        section: "lab4-page-align.md#clause-3",
        clauses: &[2, 3],
        recognise: other_base,
    },
    Mistake {
        code: "parsed-like-atoi",
        says: "A word that is not a number was taken for one. Functions that read numbers take more than digits: Rust's `parse` a `+`, C's `strtol` spaces and signs before the digits and whatever comes after them.",
        hint: "How do you find out where the digits ended, and what may stand in front of them?",
        section: "lab4-page-align.md#clause-3",
        clauses: &[3],
        recognise: not_a_number,
    },
    Mistake {
        code: "length-zero",
        says: "A window of 0 bytes is none, and a mapping of length 0 does not exist.",
        hint: "What is the smallest LENGTH that makes sense, and who looks at it?",
        section: "lab4-page-align.md#clause-3",
        clauses: &[3],
        recognise: length_zero,
    },
    Mistake {
        code: "said-before-refused",
        says: "Facts were printed, and then the command was refused. Whoever reads standard output believes them.",
        hint: "What has to be known before the first line is printed?",
        section: "lab4-page-align.md#clause-3",
        clauses: &[0, 3, 7, 8],
        recognise: clue::nothing,
    },
    Mistake {
        code: "cut-to-32-bits",
        says: "A number went through 32 bits on its way, and what did not fit is gone.",
        hint: "Which types do offset and length have, from the word of the command line to mmap and to the fact?",
        section: "lab4-page-align.md#clause-10",
        clauses: &[2, 8, 10],
        recognise: in_32_bits,
    },
    Mistake {
        code: "rounded-up",
        says: "The offset was rounded up. The mapping then begins behind the byte that was asked for.",
        hint: "Which page does the byte lie in: the one that begins before it, or the one that begins behind it?",
        section: "lab4-page-align.md#clause-2",
        clauses: &[2, 4, 5, 6],
        recognise: rounded_up,
    },
    Mistake {
        code: "delta-not-mapped",
        says: "The mapping begins delta bytes before the window, and is only as long as the window, so the end of the window is not in it.",
        hint: "How far is it from the beginning of the mapping to the end of the window?",
        section: "lab4-page-align.md#clause-2",
        clauses: &[2, 4, 5, 6, 8, 10],
        recognise: delta_not_mapped,
    },
    Mistake {
        code: "delta-not-added",
        says: "What is shown as the window is the beginning of the mapping, and that lies delta bytes before it.",
        hint: "Which byte of the mapping is the first one of the window?",
        section: "lab4-page-align.md#clause-5",
        clauses: &[4, 5, 7, 8, 9, 10],
        recognise: delta_not_added,
    },
    Mistake {
        code: "moved-by-call",
        says: "A system call brought the bytes. A mapping is there so that none has to.",
        hint: "Once the file is mapped, how does a program look at a byte of it?",
        section: "lab4-page-align.md#clause-5",
        clauses: &[5, 6, 9, 10],
        recognise: moved_by_call,
    },
    Mistake {
        code: "whole-file-mapped",
        says: "The whole file is mapped for a few bytes of it. That hides the offset rule, and fails where the file is larger than the address space.",
        hint: "Which pages does the window touch? Which argument of mmap says where the mapping begins?",
        section: "lab4-page-align.md#clause-6",
        clauses: &[6, 10],
        recognise: whole_file,
    },
    Mistake {
        code: "page-too-many",
        says: "More pages are mapped than the window touches: the length was rounded up once too often, or a page was added to be safe.",
        hint: "In which page does the last byte of the window lie?",
        section: "lab4-page-align.md#clause-6",
        clauses: &[6],
        recognise: too_many_pages,
    },
    Mistake {
        code: "mapped-again",
        says: "One mapping can show the whole window: it may be as long as the window is, over as many pages as it likes.",
        hint: "Which of the mappings shows bytes that no other one could show as well?",
        section: "lab4-page-align.md#clause-6",
        clauses: &[6],
        recognise: clue::nothing,
    },
    Mistake {
        code: "window-not-cut",
        says: "The window goes on behind the end of the file. The rest of the last page reads as zeros that the file does not have, and behind that page there is SIGBUS.",
        hint: "How many bytes does the file have from the offset on, and who compares that with LENGTH?",
        section: "lab4-page-align.md#clause-7",
        clauses: &[7, 8, 9],
        recognise: not_cut,
    },
    Mistake {
        code: "begins-behind-the-end",
        says: "The file has no byte at this offset, so there is no window to show.",
        hint: "What is the last offset of a file that is LENGTH bytes long, and what is there at LENGTH itself?",
        section: "lab4-page-align.md#clause-7",
        clauses: &[7, 8],
        recognise: behind_the_end,
    },
    Mistake {
        code: "touched-every-page",
        says: "Every page of the window was touched, and each that is touched takes memory. The facts need a few of them.",
        hint: "Which bytes of the window are shown, and what does the program do with the others?",
        section: "lab4-page-align.md#clause-10",
        clauses: &[10],
        recognise: clue::nothing,
    },
];

fn shown_number(obs: &Observation, name: &str) -> Option<u64> {
    shown(obs, name)?.parse().ok()
}

fn window(obs: &Observation) -> Option<Window> {
    match asked::answer(obs) {
        Answer::Shown(window) => Some(window),
        Answer::Refused(_) => None,
    }
}

/// Two sentences about one fact, and standard output as it is shown anyway.
fn about(fact: &str, wanted: u64, seen: impl std::fmt::Display) -> Clue {
    Clue {
        expected: Some(format!("the fact `{fact}: {wanted}`")),
        observed: Some(format!("it is `{fact}: {seen}`")),
        exhibit: None,
    }
}

fn page_size_known(obs: &Observation) -> Option<Clue> {
    let (window, own) = (window(obs)?, obs.evidence.page_size.max(1));
    if window.page == own {
        return None;
    }
    let page = shown_number(obs, "page size")?;
    if page != window.page {
        return Some(about("page size", window.page, page));
    }
    let aligned = shown_number(obs, "aligned offset")?;
    let by_other = [4096, own]
        .iter()
        .any(|other| aligned == window.offset - window.offset % other);
    (by_other && aligned != window.aligned())
        .then(|| about("aligned offset", window.aligned(), aligned))
}

/// Whether the program did what it was to refuse.
fn took(obs: &Observation) -> bool {
    let is_done = obs.evidence.actors[0].ending == (Ending::Exited { code: 0 });
    window(obs).is_none() && (is_done || shown(obs, "mapped length").is_some())
}

/// What was taken of a word that is to be refused, if it is one of these.
fn took_word(obs: &Observation, is_such: impl Fn(&str) -> bool) -> Option<Clue> {
    let word = Words::of(obs).numbers().find(|word| is_such(word))?;
    let seen = match shown(obs, "offset") {
        Some(offset) => format!("it was taken, and `offset: {offset}` printed"),
        None => "it was taken, with exit status 0".to_owned(),
    };
    took(obs).then(|| Clue {
        expected: Some(format!("`{word}` is refused, with exit status 1")),
        observed: Some(seen),
        exhibit: None,
    })
}

fn below_zero(obs: &Observation) -> Option<Clue> {
    took_word(obs, |word| word.strip_prefix('-').is_some_and(is_digits))
}

fn clamped(obs: &Observation) -> Option<Clue> {
    let words = Words::of(obs);
    if !words.numbers().all(is_digits) || words.length == Some("0") {
        return None;
    }
    // Of a window behind the end of its file both numbers are right.
    let sum = words.numbers().map(asked::number).sum::<Option<u64>>();
    let too_large = sum.is_none_or(|sum| sum - 1 > LAST);
    took_word(obs, |_| too_large)
}

fn other_base(obs: &Observation) -> Option<Clue> {
    let read = |word: &str| {
        let hex = word.strip_prefix("0x").or(word.strip_prefix("0X"));
        let octal = word.strip_prefix('0').filter(|rest| !rest.is_empty());
        hex.map_or_else(
            || u64::from_str_radix(octal?, 8).ok(),
            |hex| u64::from_str_radix(hex, 16).ok(),
        )
    };
    let offset = Words::of(obs).offset;
    let (otherwise, seen) = (read(offset)?, shown_number(obs, "offset")?);
    if otherwise != seen || asked::number(offset) == Some(seen) {
        return None;
    }
    Some(match asked::number(offset) {
        Some(number) => about("offset", number, seen),
        None => took_word(obs, |word| word == offset)?,
    })
}

fn not_a_number(obs: &Observation) -> Option<Clue> {
    let is_taken = shown(obs, "offset").is_some();
    is_taken
        .then(|| took_word(obs, |word| !is_digits(word)))
        .flatten()
}

fn length_zero(obs: &Observation) -> Option<Clue> {
    took_word(obs, |_| Words::of(obs).length == Some("0"))
}

fn in_32_bits(obs: &Observation) -> Option<Clue> {
    let window = window(obs)?;
    let wanted = [
        ("offset", window.offset),
        ("aligned offset", window.aligned()),
        ("mapped length", window.mapped()),
        ("length", window.length),
    ];
    wanted.into_iter().find_map(|(name, wanted)| {
        let seen = shown(obs, name)?;
        let unsigned = (wanted as u32).to_string();
        let signed = (wanted as i32).to_string();
        let is_cut = seen == unsigned || seen == signed;
        (is_cut && seen != wanted.to_string()).then(|| about(name, wanted, seen))
    })
}

fn rounded_up(obs: &Observation) -> Option<Clue> {
    let window = window(obs)?;
    let up = window.offset.checked_next_multiple_of(window.page)?;
    let seen = shown_number(obs, "aligned offset")?;
    (seen == up && up != window.aligned()).then(|| about("aligned offset", window.aligned(), seen))
}

fn delta_not_mapped(obs: &Observation) -> Option<Clue> {
    let window = window(obs)?;
    if window.delta() == 0 {
        return None;
    }
    // Of a window that was not cut, the length that was asked for.
    let lengths = [
        Some(window.length),
        Words::of(obs).length.and_then(asked::number),
    ];
    // Or that length in whole pages.
    let is_bare = |length: u64| {
        let mut lengths = lengths.iter().flatten();
        let is = |bare: &u64| {
            length == *bare || Some(length) == bare.checked_next_multiple_of(window.page)
        };
        length < window.mapped() && lengths.any(is)
    };
    if let Some(seen) = shown_number(obs, "mapped length").filter(|seen| is_bare(*seen)) {
        return Some(about("mapped length", window.mapped(), seen));
    }
    let (step, map) = mapping(obs, |map| {
        map.offset == window.aligned() && is_bare(map.length)
    })?;
    let expected = format!("{} bytes are mapped: delta and the window", window.mapped());
    let seen = format!("{} bytes are mapped", map.length);
    let word = map.length.to_string();
    Some(clue::at(obs, step.index, &[&word], expected, seen))
}

/// The first successful mmap of the file that is so.
fn mapping(obs: &Observation, is_so: impl Fn(&Mmap<'_>) -> bool) -> Option<(Step<'_>, Mmap<'_>)> {
    let of = target(obs, Words::of(obs).file?);
    let mut all = calls_seen(obs).into_iter().filter_map(|step| {
        let map = Mmap::of(step.call).filter(|_| step.call.succeeded() && of.in_call(step.call))?;
        Some((step, map))
    });
    all.find(|(_, map)| is_so(map))
}

fn delta_not_added(obs: &Observation) -> Option<Clue> {
    let (window, name) = (window(obs)?, Words::of(obs).file?);
    let seen = shown(obs, "first bytes")?;
    let length = window.length.min(PREVIEW as u64);
    let at = |offset: u64| asked::content(obs, name, offset, length);
    let is_start = seen == at(window.aligned()) && seen != at(window.offset);
    is_start.then(|| Clue {
        expected: Some(format!(
            "`first bytes` has the bytes from {} on",
            window.offset
        )),
        observed: Some(format!("it has those from {} on", window.aligned())),
        exhibit: None,
    })
}

fn moved_by_call(obs: &Observation) -> Option<Clue> {
    let name = Words::of(obs).file?;
    let movers = movers(obs, &target(obs, name), Way::Either).ok()?;
    let found = movers.first()?;
    let expected = format!("no system call moves bytes of `{name}`");
    let seen = format!("`{}` moved some", found.call.name);
    Some(clue::at(obs, found.index, &[], expected, seen))
}

fn whole_file(obs: &Observation) -> Option<Clue> {
    let (window, name) = (window(obs)?, Words::of(obs).file?);
    let length = file::before(obs, name)?.length;
    if window.aligned() == 0 && window.whole_pages() >= length {
        return None;
    }
    let (step, map) = mapping(obs, |map| map.offset == 0 && map.length >= length)?;
    let expected = format!(
        "`{name}` is mapped from {} on, {} bytes",
        window.aligned(),
        window.mapped()
    );
    let seen = "the whole file is mapped";
    let word = map.length.to_string();
    Some(clue::at(obs, step.index, &[&word], expected, seen))
}

fn too_many_pages(obs: &Observation) -> Option<Clue> {
    let window = window(obs)?;
    let more = |map: &Mmap<'_>| {
        map.offset <= window.aligned()
            && map.offset + map.length > window.aligned() + window.whole_pages()
            || map.offset < window.aligned()
    };
    mapping(obs, more).map(|_| Clue::default())
}

fn not_cut(obs: &Observation) -> Option<Clue> {
    let (window, words) = (window(obs)?, Words::of(obs));
    let asked = words.length.and_then(asked::number)?;
    let is_cut = words.file.is_some() && asked > window.length;
    let faulted = matches!(
        &obs.evidence.actors[0].ending,
        Ending::Killed { signal, .. } if signal == "SIGBUS"
    );
    if !is_cut {
        return None;
    }
    match shown_number(obs, "length") {
        Some(seen) if seen > window.length => Some(about("length", window.length, seen)),
        _ if faulted => Some(Clue {
            expected: Some(format!(
                "a window of {} bytes, all that are left",
                window.length
            )),
            ..Clue::default()
        }),
        _ => None,
    }
}

fn behind_the_end(obs: &Observation) -> Option<Clue> {
    let words = Words::of(obs);
    let (name, offset) = (words.file?, asked::number(words.offset)?);
    let length = file::before(obs, name)?.length;
    (offset >= length && took(obs)).then(|| Clue {
        expected: Some(format!("an error: `{name}` has no byte at {offset}")),
        observed: Some("the program says that all was done".to_owned()),
        exhibit: None,
    })
}
