//! The labs of the course, and the clauses of one lab, without anything being run.

use anstyle::Style;

use super::page::Page;
use super::paint::{DO, HEAD, LESS, Paint};
use super::{WIDTH, fold, short_name};
use crate::lab::{Lab, Tier};

/// The labs, and what to type.
pub fn labs(labs: &[&Lab], paint: Paint) -> String {
    let mut page = Page::new(paint);
    for lab in labs {
        let of_tier = |tier| lab.clauses.iter().filter(|one| one.tier == tier).count();
        let row = format!(
            "{:<6}{:<24}about {:>3} minutes, {:>2} core clauses, {:>2} stretch",
            short_name(lab.slug),
            lab.title,
            lab.minutes,
            of_tier(Tier::Core),
            of_tier(Tier::Stretch),
        );
        page.line(Style::new(), row.trim_end());
    }
    if let Some(first) = labs.first() {
        page.gap();
        page.line(Style::new(), "Check any one of them:");
        page.gap();
        let command = format!("    cargo run -p checker -- {}", short_name(first.slug));
        page.line(DO, &command);
    }
    page.finish()
}

/// The clauses of a lab: number, tier, points, promise, and what is looked at.
pub fn clauses(lab: &Lab, paint: Paint) -> String {
    const INDENT: usize = 24;
    let mut page = Page::new(paint);
    let heading = format!(
        "Lab {}: {} (book/src/{}.md, about {} minutes)",
        lab.number, lab.title, lab.slug, lab.minutes
    );
    page.line(HEAD, &heading);
    page.gap();
    for clause in lab.clauses {
        let tier = match clause.tier {
            Tier::Core => "core",
            Tier::Stretch => "stretch",
        };
        let points = match clause.points {
            1 => "1 point".to_owned(),
            n => format!("{n} points"),
        };
        let mut left = format!("{:>3}  {tier:<9}{points:<10}", clause.number);
        for line in fold::wrap(clause.promise, WIDTH - INDENT, 3) {
            page.put(&[(Style::new(), &left), (Style::new(), &line)]);
            left = " ".repeat(INDENT);
        }
        let checks: Vec<&str> = clause.checks.iter().map(|check| check.name).collect();
        for line in fold::wrap(&checks.join(", "), WIDTH - INDENT, usize::MAX) {
            if !line.is_empty() {
                page.put(&[(LESS, &left), (LESS, &line)]);
            }
        }
    }
    page.finish()
}
