//! What a command line of lab 4 asks for, and what the contract answers.

use crate::evidence::Observation;
use crate::evidence::bytes::{Bytes, PREVIEW};
use crate::rule::facts::Fact;
use crate::rule::file;

/// The last offset that a byte of a file can have.
pub const LAST: u64 = i64::MAX as u64;

/// The words of a command line.
#[derive(Clone, Copy, Debug)]
pub struct Words<'a> {
    /// FILE, in the second form.
    pub file: Option<&'a str>,
    /// OFFSET.
    pub offset: &'a str,
    /// LENGTH.
    pub length: Option<&'a str>,
}

impl<'a> Words<'a> {
    /// Those of a run.
    pub fn of(obs: &'a Observation) -> Words<'a> {
        let words = &obs.scenario.actors[0].arguments;
        let word = |n: usize| words.get(n).map(String::as_str);
        match word(0) {
            Some("--read") => Words {
                file: word(1),
                offset: word(2).unwrap_or_default(),
                length: word(3),
            },
            first => Words {
                file: None,
                offset: first.unwrap_or_default(),
                length: word(1),
            },
        }
    }

    /// OFFSET and LENGTH, as far as they are given.
    pub fn numbers(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        [Some(self.offset), self.length].into_iter().flatten()
    }
}

/// Whether a word is decimal digits.
pub fn is_digits(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit())
}

/// A number of the contract: decimal digits, at most [`LAST`].
pub fn number(word: &str) -> Option<u64> {
    let number = is_digits(word).then(|| word.parse().ok()).flatten();
    number.filter(|number| *number <= LAST)
}

/// Bytes of a file, or of none, on pages of some size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Offset of the first.
    pub offset: u64,
    /// How many; as it is cut at the end of the file.
    pub length: u64,
    /// Bytes in a page.
    pub page: u64,
}

impl Window {
    /// The offset of the mapping.
    pub fn aligned(&self) -> u64 {
        self.offset - self.delta()
    }

    /// How far the window lies behind it.
    pub fn delta(&self) -> u64 {
        self.offset % self.page
    }

    /// How many bytes are mapped.
    pub fn mapped(&self) -> u64 {
        self.delta() + self.length
    }

    /// The same in whole pages.
    pub fn whole_pages(&self) -> u64 {
        self.mapped().div_ceil(self.page).saturating_mul(self.page)
    }
}

/// What the contract answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer<'a> {
    /// The facts of this window.
    Shown(Window),
    /// An error that contains one of these words.
    Refused(Vec<&'a str>),
}

/// What the contract answers to the command line of a run.
pub fn answer(obs: &Observation) -> Answer<'_> {
    let words = Words::of(obs);
    let Some(offset) = number(words.offset) else {
        return Answer::Refused(vec![words.offset]);
    };
    let length = match words.length {
        None => Some(1),
        Some(word) => number(word).filter(|length| *length > 0),
    };
    let Some(length) = length else {
        return Answer::Refused(words.length.into_iter().collect());
    };
    if length - 1 > LAST - offset {
        return Answer::Refused(words.numbers().collect());
    }
    let left = words.file.map(|name| {
        let length = file::before(obs, name).map_or(0, |state| state.length);
        length.saturating_sub(offset)
    });
    if left == Some(0) {
        return Answer::Refused(words.file.into_iter().collect());
    }
    Answer::Shown(Window {
        offset,
        length: left.map_or(length, |left| length.min(left)),
        page: obs.page_size().max(1),
    })
}

/// The facts of a window.
pub fn facts(obs: &Observation, window: &Window) -> Vec<Fact> {
    let mut facts = vec![
        ("page size", window.page.to_string()),
        ("offset", window.offset.to_string()),
        ("aligned offset", window.aligned().to_string()),
        ("delta", window.delta().to_string()),
        ("mapped length", window.mapped().to_string()),
    ];
    if let Some(name) = Words::of(obs).file {
        let shown = window.length.min(PREVIEW as u64);
        let end = window.offset + window.length;
        facts.extend([
            ("length", window.length.to_string()),
            ("first bytes", content(obs, name, window.offset, shown)),
            ("last bytes", content(obs, name, end - shown, shown)),
        ]);
    }
    facts
}

/// Bytes of a file, as a fact shows them.
pub fn content(obs: &Observation, name: &str, offset: u64, length: u64) -> String {
    let state = file::before(obs, name);
    let bytes = state.map(|state| state.content.range(offset, length as usize));
    Bytes(bytes.unwrap_or_default()).preview()
}

/// The value of a fact, as standard output has it.
pub fn shown(obs: &Observation, name: &str) -> Option<String> {
    let output = obs.evidence.actors[0].stdout.text();
    let mut values = output.lines().filter_map(|line| {
        let (found, value) = line.split_once(':')?;
        (found == name).then(|| value.trim().to_owned())
    });
    values.next()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::made;
    use crate::scenario::Scenario;

    fn asked(words: &[&str], test: impl Fn(Answer<'_>)) {
        let scenario = Scenario::new("made", words).file("f", b"0123456789");
        test(answer(&made::observation(scenario).done()));
    }

    fn refused(words: &[&str], by: &[&str]) {
        asked(words, |answer| {
            assert_eq!(answer, Answer::Refused(by.to_vec()))
        });
    }

    fn shown(words: &[&str], offset: u64, length: u64) {
        let page = made::PAGE;
        let window = Window {
            offset,
            length,
            page,
        };
        asked(words, |answer| assert_eq!(answer, Answer::Shown(window)));
    }

    #[test]
    fn numbers_are_digits_up_to_the_last_offset() {
        let max = "9223372036854775807";
        shown(&["010"], 10, 1);
        shown(&[max], LAST, 1);
        shown(&["1", max], 1, LAST);
        refused(&["2", max], &["2", max]);
        for word in [
            "",
            "-1",
            "+5",
            " 12",
            "12abc",
            "0x1000",
            "9223372036854775808",
        ] {
            refused(&[word], &[word]);
            refused(&["7", word], &[word]);
        }
        refused(&["7", "0"], &["0"]);
    }

    #[test]
    fn a_window_ends_with_its_file() {
        shown(&["--read", "f", "3", "4"], 3, 4);
        shown(&["--read", "f", "3", "400"], 3, 7);
        refused(&["--read", "f", "10", "1"], &["f"]);
        refused(&["--read", "f", "x", "1"], &["x"]);
    }

    #[test]
    fn a_mapping_of_the_longest_length_needs_all_bits() {
        let window = Window {
            offset: 1,
            length: LAST,
            page: 4096,
        };
        assert_eq!((window.aligned(), window.mapped()), (0, 1 << 63));
        assert_eq!(window.whole_pages(), 1 << 63);
    }
}
