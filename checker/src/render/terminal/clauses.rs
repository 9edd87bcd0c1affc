//! The clauses, one line each.

use anstyle::Style;

use crate::lab::Tier;
use crate::printable::printable;
use crate::render::page::Page;
use crate::render::paint::{BAD, GOOD, LESS, NOTE};
use crate::render::{WIDTH, fold};
use crate::report::ClauseReport;
use crate::verdict::Verdict;

/// What is not written yet, and where.
pub(super) fn not_written(step: Option<u32>, place: &str) -> String {
    match step {
        Some(step) => format!("not written yet: step {step}, {place}"),
        None => format!("not written yet: {place}"),
    }
}

/// All clauses, the stretch ones apart.
pub(super) fn put(page: &mut Page, clauses: &[ClauseReport]) {
    let status = |clause: &ClauseReport| match &clause.verdict {
        Verdict::Passed => ("passed".to_owned(), GOOD, true),
        Verdict::Failed(_) => ("failed".to_owned(), BAD, true),
        Verdict::Blocked { by } => (format!("blocked by {by}"), LESS, true),
        Verdict::NotWritten { step, place } => (not_written(*step, place), NOTE, false),
        Verdict::NotObservable { reason } => {
            (format!("not observable here: {reason}"), NOTE, false)
        }
    };
    let statuses: Vec<_> = clauses.iter().map(status).collect();
    let width = |(text, _, short): &(String, Style, bool)| {
        let width = text.chars().count();
        if *short { width } else { 0 }
    };
    // Core and stretch have columns of their own: the core may be on the screen already.
    let column = |tier: Tier| {
        let both = clauses.iter().zip(&statuses);
        let own = both.filter(|(clause, _)| clause.tier == tier);
        own.map(|(_, status)| width(status))
            .max()
            .unwrap_or(0)
            .min(40)
    };
    let columns = (column(Tier::Core), column(Tier::Stretch));
    let has_core = clauses.iter().any(|clause| clause.tier == Tier::Core);
    let mut stretch_begins = has_core;
    for (clause, (status, style, short)) in clauses.iter().zip(&statuses) {
        if clause.tier == Tier::Stretch && stretch_begins {
            page.line(LESS, "     stretch");
            stretch_begins = false;
        }
        let number = format!("{:>3}  ", clause.number);
        let status = printable(status, false);
        if *short {
            let column = match clause.tier {
                Tier::Core => columns.0,
                Tier::Stretch => columns.1,
            };
            let status = fold::shorten(&status, column);
            let gap = " ".repeat(column + 2 - status.chars().count());
            let promise = fold::shorten(&clause.promise, WIDTH - 5 - column - 2);
            let plain = Style::new();
            page.put(&[
                (plain, &number),
                (*style, &status),
                (plain, &gap),
                (plain, &promise),
            ]);
            let indent = " ".repeat(5 + column + 2);
            for note in clause.checks.iter().flat_map(|check| &check.notes) {
                let note = printable(note, false);
                for line in fold::wrap(&note, WIDTH - indent.len(), 3) {
                    page.put(&[(plain, &indent), (LESS, &line)]);
                }
            }
        } else {
            let status = fold::shorten(&status, WIDTH - 5);
            page.put(&[(Style::new(), &number), (*style, &status)]);
        }
    }
}
