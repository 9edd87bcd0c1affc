//! What a learner is told whose program does not compile: the compiler's own words.

use anstyle::Style;

use crate::printable::printable;
use crate::render::page::Page;
use crate::render::paint::{BAD, DO, LESS};
use crate::render::{WIDTH, again, fold};
use crate::report::Report;

/// The first error, and what it blocks.
pub(super) fn put(page: &mut Page, report: &Report, error: &str, errors: usize) {
    let count = match errors {
        1 => "one error".to_owned(),
        n => format!("{n} errors, the first of them"),
    };
    page.line(BAD, &format!("It does not compile: {count}:"));
    page.gap();
    for line in printable(error, true).lines() {
        for line in compiler_line(line.trim_end()) {
            let indent = if line.is_empty() { "" } else { "    " };
            page.put(&[(Style::new(), &format!("{indent}{line}"))]);
        }
    }
    page.gap();
    let numbers = report.clauses.iter().map(|clause| clause.number);
    match (numbers.clone().min(), numbers.max()) {
        (Some(first), Some(last)) if first < last => {
            let blocked = format!("Clauses {first} to {last}: blocked by the compile error.");
            page.line(LESS, &blocked);
        }
        (Some(only), _) => {
            let blocked = format!("Clause {only}: blocked by the compile error.");
            page.line(LESS, &blocked);
        }
        _ => {}
    }
    page.gap();
    page.command("again", DO, &again(report, None));
}

/// A line of the compiler, made to fit: the learner's source is cut, since the learner has it;
/// what the compiler says about it is folded, so that no word of it is lost.
fn compiler_line(line: &str) -> Vec<String> {
    const ROOM: usize = WIDTH - 4;
    let is_source = line.trim_start().starts_with(|c: char| c.is_ascii_digit());
    if is_source {
        return vec![fold::shorten(line, ROOM)];
    }
    let mut lines = Vec::new();
    let mut rest = line.to_owned();
    while let Some((cut, _)) = rest.char_indices().nth(ROOM) {
        let space = rest[..cut].rfind(' ').filter(|&at| at > ROOM / 2);
        let tail = rest.split_off(space.unwrap_or(cut));
        lines.push(rest.trim_end().to_owned());
        rest = format!("{}{}", " ".repeat(12), tail.trim_start());
    }
    lines.push(rest);
    lines
}
