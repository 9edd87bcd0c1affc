//! Reports for people and for programs. Everything is read from the report, and nothing else.
//!
//! Frame sentences, colour and width live here; what is said about a lab comes from its checks.

mod exhibit;
mod fold;
pub mod json;
pub mod listing;
mod page;
mod paint;
pub mod terminal;

pub use paint::Paint;

use crate::evidence::schedule::Schedule;
use crate::report::{Report, SubjectNote};

/// Columns of a line at most.
pub const WIDTH: usize = 80;

/// `lab3` of `lab3-copy`: the shortest name that the command line takes everywhere.
fn short_name(slug: &str) -> &str {
    slug.split_once('-').map_or(slug, |(short, _)| short)
}

/// The command line that judges the same program again; with a clause, that clause alone and
/// with the same inputs.
fn again(report: &Report, clause: Option<u8>) -> String {
    let mut command = format!("cargo run -p checker -- {}", short_name(&report.lab));
    match &report.subject {
        SubjectNote::Learner { .. } => {}
        SubjectNote::Reference => command.push_str(" --solution"),
        SubjectNote::Program { path } => {
            command.push_str(" --program ");
            command.push_str(&quoted(path));
        }
    }
    if let Some(clause) = clause {
        command.push_str(&format!(" --only {clause} --seed {}", report.seed));
    }
    command
}

/// The same for one clause, in the order of steps in which it failed.
fn again_in_order(report: &Report, clause: u8, schedule: Option<&Schedule>) -> String {
    let command = again(report, Some(clause));
    match schedule {
        Some(schedule) => format!("{command} --schedule {}", quoted(&schedule.to_string())),
        None => command,
    }
}

/// A word as a shell has to be given it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+,:@%=".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

/// Where a section of the book lies in the workspace.
fn in_the_book(section: &str) -> String {
    format!("book/src/{section}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_for_the_shell() {
        assert_eq!(quoted("./my-copy"), "./my-copy");
        assert_eq!(quoted("my copy"), "'my copy'");
        assert_eq!(quoted("it's"), "'it'\\''s'");
        assert_eq!(quoted(""), "''");
    }
}
