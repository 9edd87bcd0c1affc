//! The report on a known program as a learner would read it, kept beside the program word for word:
//! `NAME.report`. Its seed follows from its name, so that names, lengths and bytes are the same in
//! every run.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::programs::Program;
use crate::render::{Paint, terminal};
use crate::report::Report;

/// The seed that the inputs of a program are drawn from: another one for each name.
pub fn seed(name: &str) -> u64 {
    let mixed = name
        .bytes()
        .fold(7_u64, |sum, byte| (sum * 31 + u64::from(byte)) % 999_983);
    mixed + 1
}

/// The page that a learner sees, with all masked that cannot be the same in two runs.
pub fn page(report: &Report) -> String {
    masked(&terminal::render(report, Paint::NONE))
}

/// Where the report on a program is kept.
pub fn path(corpus: &Path, program: &Program) -> PathBuf {
    corpus.join(format!("{}.report", program.name))
}

/// Keeps a page.
///
/// # Errors
///
/// The file cannot be written.
pub fn keep(corpus: &Path, program: &Program, page: &str) -> io::Result<()> {
    fs::write(path(corpus, program), page)
}

/// Where a page is not the one that is kept: a sentence and two lines.
pub fn difference(corpus: &Path, program: &Program, page: &str) -> Option<String> {
    let Ok(kept) = fs::read_to_string(path(corpus, program)) else {
        return Some("no report is kept".to_owned());
    };
    if kept == page {
        return None;
    }
    let (mut old, mut new) = (kept.lines(), page.lines());
    let mut number = 0;
    loop {
        number += 1;
        let (old, new) = (old.next(), new.next());
        if old != new || old.is_none() {
            let shown = |line: Option<&str>| line.unwrap_or("the end").trim().to_owned();
            let (old, new) = (shown(old), shown(new));
            return Some(format!(
                "line {number} of the report was {old}\n    and is {new}"
            ));
        }
    }
}

/// The reports in a corpus that are on none of these programs, a sentence each.
pub fn strays(corpus: &Path, programs: &[Program]) -> Vec<String> {
    let entries = |folder: PathBuf| {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        entries.map(|entry| entry.path())
    };
    let wanted: BTreeSet<PathBuf> = programs
        .iter()
        .filter(|program| program.header.varies.is_none())
        .map(|program| path(corpus, program))
        .collect();
    let labs = entries(corpus.to_owned()).filter(|folder| folder.is_dir());
    let files = labs.flat_map(entries).flat_map(entries);
    let reports = files.filter(|path| path.extension().is_some_and(|end| end == "report"));
    let strays = reports.filter(|path| !wanted.contains(path));
    let mut strays: Vec<String> = strays
        .map(|path| format!("`{}` is the report on no program", path.display()))
        .collect();
    strays.sort();
    strays
}

/// Masks what cannot be the same in two runs, in this order. Lines keep their breaks: an address
/// has the same length everywhere that it is masked.
fn masked(page: &str) -> String {
    let mut parts = page.split("0x");
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|c: char| !c.is_ascii_hexdigit());
        let (digits, rest) = part.split_at(end.unwrap_or(part.len()));
        // Flags and modes are short, and the same everywhere.
        match digits.len() {
            0..9 => text.push_str(&format!("0x{digits}")),
            _ => text.push_str("0xADDRESS"),
        }
        text.push_str(rest);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_masked_and_nothing_else() {
        let page = "mmap(NULL, 0x1000) = 0x7fc7f4c00000\n  0x";
        assert_eq!(masked(page), "mmap(NULL, 0x1000) = 0xADDRESS\n  0x");
    }
}
