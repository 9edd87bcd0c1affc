//! What a learner is told whose program does not compile: the compiler's own words.

use anstyle::Style;

use crate::printable::printable;
use crate::render::again;
use crate::render::page::Page;
use crate::render::paint::{BAD, DO, LESS};
use crate::report::{Report, SubjectNote};

/// How many lines of the first error are shown.
const LINES: usize = 30;

/// The first error, and what it blocks.
pub(super) fn put(page: &mut Page, report: &Report, error: &str, errors: usize) {
    let count = match errors {
        1 => "one error".to_owned(),
        n => format!("{n} errors, the first of them"),
    };
    page.line(BAD, &format!("It does not compile: {count}:"));
    page.gap();
    // Word for word and from the first column: the compiler has aligned its carets, and an editor
    // knows how to go to the place it names.
    let error = printable(error, true);
    let lines: Vec<&str> = error.lines().map(str::trim_end).collect();
    let shown = lines.len().min(LINES);
    for line in &lines[..shown] {
        page.put(&[(Style::new(), line)]);
    }
    page.gap();
    let left_out = [
        (
            lines.len() - shown,
            "more line of this error",
            "more lines of this error",
        ),
        (errors.saturating_sub(1), "more error", "more errors"),
    ];
    let left_out: Vec<String> = left_out
        .iter()
        .filter(|(n, ..)| *n > 0)
        .map(|(n, one, many)| format!("{n} {}", if *n == 1 { one } else { many }))
        .collect();
    if !left_out.is_empty() {
        page.paragraph(
            Style::new(),
            &format!("Not shown: {}.", left_out.join(", ")),
        );
    }
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
    if let (false, Some(package)) = (left_out.is_empty(), package(report)) {
        page.command("see all", DO, &format!("cargo build -p {package}"));
    }
    page.command("again", DO, &again(report, None));
}

/// The package that was built, where it is one of the workspace.
fn package(report: &Report) -> Option<String> {
    match &report.subject {
        SubjectNote::Learner { .. } => Some(report.lab.clone()),
        SubjectNote::Reference => Some(format!("{}-solution", report.lab)),
        SubjectNote::Program { .. } => None,
    }
}
