//! Mutants: the references with one operator, one match arm or one body changed mechanically, as
//! cargo-mutants lists them. A lab has to notice each of them, unless it does the same as the
//! reference; those are listed in `checker/corpus/equivalent.txt` with the reason. Pure.
//!
//! ```text
//! lab1-editor/src/lib.rs: replace | with ^ in overwrite
//!     let both = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
//!     The two flags have no bit in common, so both operators give the same.
//! ```
//!
//! The second line is the line of the reference that the mutant changes (the first, if it changes
//! several); what follows is the reason.

use serde::Deserialize;

use crate::stub::Crate;

/// One change to one file, as `cargo mutants --list --json` tells it.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct Mutant {
    /// `solutions/lab3-copy/src/lib.rs`
    pub file: String,
    /// The file, the place, and what is changed: `solutions/…/lib.rs:63:5: replace … with …`
    pub name: String,
    /// What stands there afterwards.
    pub replacement: String,
    /// What is replaced.
    pub span: Span,
}

/// A part of a text.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
pub struct Span {
    /// Its first character.
    pub start: Place,
    /// The first character behind it.
    pub end: Place,
}

/// A character of a text.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
pub struct Place {
    /// Counted from 1.
    pub line: usize,
    /// In characters, counted from 1.
    pub column: usize,
}

/// A mutant that does the same as its reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Equivalent {
    /// What is changed, without the place: [`Mutant::change`].
    pub change: String,
    /// The line that it stands in.
    pub line: String,
    /// Why it does the same.
    pub reason: String,
}

impl Mutant {
    /// The lab that it is a mutant of.
    pub fn lab(&self) -> &str {
        self.file.split('/').nth(1).unwrap_or_default()
    }

    /// What is changed, without the place: `lab1-editor/src/lib.rs: replace | with ^ in overwrite`.
    pub fn change(&self) -> String {
        let file = self.file.strip_prefix("solutions/").unwrap_or(&self.file);
        let what = self.name.splitn(4, ':').nth(3).unwrap_or(&self.name);
        format!("{file}:{what}")
    }

    /// The first line that is changed, as the reference has it.
    pub fn line(&self, reference: &Crate) -> String {
        let mut reference = reference.clone();
        let text = self.place(&mut reference).map(|text| text.as_str());
        let mut lines = text.unwrap_or_default().lines();
        let line = lines.nth(self.span.start.line.saturating_sub(1));
        line.unwrap_or_default().trim().to_owned()
    }

    /// The reference with the change made.
    ///
    /// # Errors
    ///
    /// The change is to no file of the crate, or its place is not there: a sentence.
    pub fn made(&self, reference: &Crate) -> Result<Crate, String> {
        let mut made = reference.clone();
        let text = self.place(&mut made);
        let text = text.ok_or_else(|| format!("`{}` is no file of a lab", self.file))?;
        let range = offset(text, self.span.start).zip(offset(text, self.span.end));
        let (start, end) = range
            .filter(|(start, end)| start <= end)
            .ok_or_else(|| format!("`{}` has no such place", self.name))?;
        text.replace_range(start..end, &self.replacement);
        Ok(made)
    }

    /// The text of the file that it changes.
    fn place<'a>(&self, of: &'a mut Crate) -> Option<&'a mut String> {
        match self.file.rsplit('/').next()? {
            "lib.rs" => Some(&mut of.lib),
            "given.rs" => Some(&mut of.given),
            "main.rs" => Some(&mut of.main),
            _ => None,
        }
    }
}

/// Where a character begins, in bytes.
fn offset(text: &str, place: Place) -> Option<usize> {
    let before = place.line.checked_sub(1)?;
    let mut lines = text.split_inclusive('\n');
    let start: usize = lines.by_ref().take(before).map(str::len).sum();
    let line = lines.next()?.trim_end_matches('\n');
    let mut places = line.char_indices().map(|(at, _)| at).chain([line.len()]);
    Some(start + places.nth(place.column.checked_sub(1)?)?)
}

/// Reads the list of equivalent mutants.
///
/// # Errors
///
/// An entry has no reason: a sentence.
pub fn equivalents(text: &str) -> Result<Vec<Equivalent>, String> {
    let mut all: Vec<Equivalent> = Vec::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        match (line.trim(), all.last_mut()) {
            ("", _) => {}
            (change, _) if !line.starts_with(' ') => all.push(Equivalent {
                change: change.to_owned(),
                line: String::new(),
                reason: String::new(),
            }),
            (rest, Some(entry)) if entry.line.is_empty() => entry.line = rest.to_owned(),
            (rest, Some(entry)) => {
                let gap = if entry.reason.is_empty() { "" } else { " " };
                entry.reason.push_str(gap);
                entry.reason.push_str(rest);
            }
            (rest, None) => return Err(format!("`{rest}` belongs to no mutant")),
        }
    }
    match all.iter().find(|entry| entry.reason.is_empty()) {
        Some(entry) => Err(format!("`{}` has no reason", entry.change)),
        None => Ok(all),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mutant(file: &str, at: [usize; 4], replacement: &str) -> Mutant {
        let [line, column, end_line, end_column] = at;
        Mutant {
            file: format!("solutions/lab1-editor/src/{file}"),
            name: format!("solutions/lab1-editor/src/{file}:{line}:{column}: replace a::b with c"),
            replacement: replacement.to_owned(),
            span: Span {
                start: Place { line, column },
                end: Place {
                    line: end_line,
                    column: end_column,
                },
            },
        }
    }

    fn reference() -> Crate {
        Crate {
            manifest: String::new(),
            lib: "fn é() {\n    \"é\" + 1\n}\n".to_owned(),
            given: String::new(),
            main: "a\nb\nc\n".to_owned(),
        }
    }

    #[test]
    fn a_change_is_made_in_its_place() {
        let one = mutant("lib.rs", [2, 9, 2, 10], "-");
        let made = one.made(&reference()).expect("a crate");
        assert_eq!(made.lib, "fn é() {\n    \"é\" - 1\n}\n");
        assert_eq!(one.line(&reference()), "\"é\" + 1");
        assert_eq!(one.change(), "lab1-editor/src/lib.rs: replace a::b with c");
        assert_eq!(one.lab(), "lab1-editor");
        let lines = mutant("main.rs", [1, 1, 3, 2], "x");
        assert_eq!(lines.made(&reference()).expect("a crate").main, "x\n");
        for none in [[9, 1, 9, 1], [2, 90, 2, 91], [0, 1, 1, 1], [2, 9, 1, 1]] {
            assert!(mutant("lib.rs", none, "").made(&reference()).is_err());
        }
        assert!(
            mutant("other.rs", [1, 1, 1, 1], "")
                .made(&reference())
                .is_err()
        );
    }

    #[test]
    fn every_equivalent_mutant_has_a_reason() {
        let text = "# what this is\n\na: replace b\n    line\n    Because of\n    this.\n";
        let all = equivalents(text).expect("a list");
        assert_eq!(all.len(), 1);
        assert_eq!(all[0].line, "line");
        assert_eq!(all[0].reason, "Because of this.");
        assert!(equivalents("a: replace b\n    line\n").is_err());
        assert!(equivalents("    line\n").is_err());
    }
}
