//! Every kind of report, word for word, at 80 columns and without colour.

use checker::render::{Paint, WIDTH, terminal};
use checker::report::Build;

use crate::made;

#[test]
fn reports_are_worded_as_they_were() {
    for (name, report) in made::all() {
        insta::assert_snapshot!(name, terminal::render(&report, Paint::NONE));
    }
}

#[test]
fn no_line_is_wider_than_the_page_and_none_ends_in_a_space() {
    for (name, report) in made::all() {
        // The compiler's lines stay as the compiler made them.
        let words = match &report.build {
            Build::Failed { error, .. } => error.as_str(),
            Build::Built => "",
        };
        for line in terminal::render(&report, Paint::NONE).lines() {
            let fits = line.chars().count() <= WIDTH || words.lines().any(|own| own == line);
            assert!(fits, "{name}: {line}");
            assert_eq!(line, line.trim_end(), "{name}");
        }
    }
}

#[test]
fn nothing_that_a_terminal_acts_upon_is_printed() {
    for (name, report) in made::all() {
        let page = terminal::render(&report, Paint::NONE);
        let acts = page.chars().find(|&c| c.is_control() && c != '\n');
        assert_eq!(acts, None, "{name}");
        assert!(!page.contains('\u{202e}'), "{name}");
    }
}

#[test]
fn what_is_shown_in_full_fits_on_a_screen() {
    for (name, report) in made::all() {
        let page = terminal::render(&report, Paint::NONE);
        let lines: Vec<&str> = page.lines().collect();
        let is_title = |line: &&str| line.starts_with("clause ");
        let from = lines.iter().position(is_title).unwrap_or(0);
        let compiles = report.build == Build::Built;
        assert!(!compiles || lines.len() - from <= 24, "{name}:\n{page}");
    }
}
