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

/// The page that a learner sees of a report whose [`unpredictable`] parts are masked.
pub fn page(report: &Report) -> String {
    addresses_masked(&terminal::render(report, Paint::NONE))
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

/// Whether a character is of a kind.
type IsSuch = fn(char) -> bool;

/// What follows these words is another thing in every run: characters of this kind, in place of
/// which that is put. In this order.
const AFTER: [(&str, IsSuch, &str); 9] = [
    ("pipe:[", is_digit, "N"),
    ("socket:[", is_digit, "N"),
    ("/proc/", is_digit, "PID"),
    ("process_vm_readv(", is_digit, "PID"),
    ("process_vm_writev(", is_digit, "PID"),
    ("thread 'main' (", is_digit, "TID"),
    // A file without a name.
    ("/#", is_digit, "N"),
    // The temporary files of programs of lab 3.
    (".lab3-", |c| c.is_ascii_alphanumeric() || c == '.', "NAME"),
    // The folders of scenarios.
    (
        "/tmp/checker-",
        |c| c.is_ascii_alphanumeric() || "/-".contains(c),
        "FOLDER/",
    ),
];

/// The number before these words is another one in every run.
const BEFORE: [&str; 3] = [
    " ms, and nothing would wake it",
    " MiB of memory",
    " of pagemap",
];

fn is_digit(c: char) -> bool {
    c.is_ascii_digit()
}

/// Masks in a report, as JSON, what cannot be the same in two runs but addresses after `0x`: before
/// it is rendered, as lines break where they do for what stands in them.
pub fn unpredictable(report: &str) -> String {
    let mut text = report.to_owned();
    for (words, is_such, mask) in AFTER {
        text = after(&text, words, is_such, mask);
    }
    for words in BEFORE {
        text = before(&text, words);
    }
    bare_addresses_masked(&text)
}

fn after(text: &str, words: &str, is_such: IsSuch, mask: &str) -> String {
    let mut parts = text.split(words);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        out.push_str(words);
        let rest = part.trim_start_matches(is_such);
        if rest.len() < part.len() {
            out.push_str(mask);
        }
        out.push_str(rest);
    }
    out
}

fn before(text: &str, words: &str) -> String {
    let parts: Vec<&str> = text.split(words).collect();
    let last = parts.len() - 1;
    let masked = parts.iter().enumerate().map(|(n, part)| {
        let kept = part.trim_end_matches(is_digit);
        match n < last && kept.len() < part.len() {
            true => format!("{kept}N"),
            false => (*part).to_owned(),
        }
    });
    let masked: Vec<String> = masked.collect();
    masked.join(words)
}

/// Addresses that are written without `0x`: 12 hexadecimal digits in `maps`, 15 decimal ones as a
/// place in `/proc/PID/mem`.
fn bare_addresses_masked(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_alphanumeric()) {
        let (between, from) = rest.split_at(start);
        let end = from.find(|c: char| !c.is_ascii_alphanumeric());
        let (word, behind) = from.split_at(end.unwrap_or(from.len()));
        let is_hex = word.len() == 12
            && word.chars().all(|c| c.is_ascii_hexdigit())
            && (word.starts_with("7f") || word.starts_with("55") || word.starts_with("56"));
        let is_place = word.len() == 15 && word.chars().all(is_digit) && word.starts_with('1');
        out.push_str(between);
        out.push_str(match is_hex || is_place {
            true => "ADDRESS",
            false => word,
        });
        rest = behind;
    }
    out + rest
}

/// Masks addresses after `0x`. Lines keep their breaks: an address has the same length everywhere
/// that it is masked.
fn addresses_masked(page: &str) -> String {
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
    fn what_nobody_can_predict_is_masked_and_nothing_else() {
        let page = "mmap(NULL, 0x1000) = 0x7fc7f4c00000\n  0x";
        assert_eq!(
            addresses_masked(page),
            "mmap(NULL, 0x1000) = 0xADDRESS\n  0x"
        );
        let masked = [
            (
                "read(4<pipe:[4993]>, 41) = 41",
                "read(4<pipe:[N]>, 41) = 41",
            ),
            (
                "3</proc/22044/mem>, 139895816732672",
                "3</proc/PID/mem>, ADDRESS",
            ),
            ("/proc/self/mem", "/proc/self/mem"),
            ("`shelf/.lab3-copy.31521.0` was", "`shelf/.lab3-NAME` was"),
            (
                "/tmp/checker-dSW1Lq/checker-8Z/0d3/files/a.l",
                "/tmp/checker-FOLDER/.l",
            ),
            (
                "still for 4025 ms, and nothing would wake it",
                "still for N ms, and nothing would wake it",
            ),
            (
                "with 848 MiB of memory, 3 MiB",
                "with N MiB of memory, 3 MiB",
            ),
            (
                "7f5c5604a000-7f5c5604b000 rw-p 00000000",
                "ADDRESS-ADDRESS rw-p 00000000",
            ),
            ("value: 1156797701854066455", "value: 1156797701854066455"),
            ("0x7fc7f4c00000", "0x7fc7f4c00000"),
        ];
        for (text, wanted) in masked {
            assert_eq!(unpredictable(text), wanted);
        }
    }
}
