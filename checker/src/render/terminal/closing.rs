//! The last lines of a report in which nothing is shown in full.

use anstyle::Style;

use super::lab_name;
use crate::lab::Tier;
use crate::render::again;
use crate::render::page::Page;
use crate::render::paint::{BAD, DO, GOOD, NOTE};
use crate::report::{ClauseReport, Outcome, Report};
use crate::verdict::Verdict;

/// What it comes to, and what is next.
pub(super) fn put(page: &mut Page, report: &Report) {
    match (report.outcome, report.clauses.as_slice()) {
        (Outcome::Passed, [clause]) => {
            page.line(GOOD, &format!("Clause {} passed.", clause.number));
            page.gap();
            page.command("all", DO, &again(report, None));
        }
        (Outcome::Passed, _) => passed(page, report),
        (Outcome::NotObservable, clauses) => {
            let unseen = clauses.iter().find_map(|clause| match &clause.verdict {
                Verdict::NotObservable { reason } => Some((clause.number, reason)),
                _ => None,
            });
            if let Some((number, reason)) = unseen {
                let words = format!(
                    "Nothing failed, but this machine does not show what decides clause {number}: \
                     {reason}."
                );
                page.paragraph(NOTE, &words);
            }
        }
        (Outcome::Failed | Outcome::DoesNotCompile, clauses) => {
            let blocked = clauses.iter().find_map(|clause| match &clause.verdict {
                Verdict::Blocked { by } => Some((clause.number, by)),
                _ => None,
            });
            if let Some((number, by)) = blocked {
                let words = format!("Clause {number} could not be tried: blocked by {by}.");
                page.paragraph(BAD, &words);
                page.command("again", DO, &again(report, Some(number)));
            }
        }
    }
}

/// That the lab is passed, if there are core clauses at all.
pub(super) fn core_passed(page: &mut Page, report: &Report) {
    let is_core = |one: &&ClauseReport| one.tier == Tier::Core;
    let core = report.clauses.iter().filter(is_core).count();
    if core > 0 {
        let words = format!(
            "Well done: {} is passed, all {core} core clauses.",
            lab_name(report).to_lowercase()
        );
        page.line(GOOD, &words);
        page.gap();
    }
}

fn passed(page: &mut Page, report: &Report) {
    let of_tier = |tier| report.clauses.iter().filter(move |one| one.tier == tier);
    let done = |one: &&ClauseReport| one.verdict == Verdict::Passed;
    let core = of_tier(Tier::Core).count();
    let stretch = of_tier(Tier::Stretch).count();
    let stretch_done = of_tier(Tier::Stretch).filter(done).count();
    if core == 0 {
        page.line(GOOD, &format!("All {stretch} clauses passed."));
        return;
    }
    core_passed(page, report);
    let open = of_tier(Tier::Stretch).find(|one| one.verdict.is_failure());
    match open {
        Some(open) => {
            let next = format!(
                "{stretch_done} of {stretch}, for those who want more; next is clause {}: {}",
                open.number, open.promise
            );
            page.field("stretch", Style::new(), &next, 3);
            page.command("see it", DO, &again(report, Some(open.number)));
        }
        None if stretch > 0 => {
            let words = format!("{stretch_done} of {stretch}");
            page.field("stretch", Style::new(), &words, 1);
        }
        None => {}
    }
    page.command("next", DO, "cargo run -p checker -- list");
}
