//! The report as a learner reads it: the clauses in one line each, then the first that failed in
//! full, last of all, so that it is what the screen shows.

mod clauses;
mod closing;
mod compile_error;

use anstyle::Style;

use super::page::Page;
use super::paint::{BAD, DO, HEAD, Paint};
use super::{again, again_in_order, exhibit, in_the_book, short_name};
use crate::lab::Tier;
use crate::report::{Build, ClauseReport, Outcome, Report, SubjectNote};
use crate::verdict::{Diagnosis, Exhibit, TWO_TIMEOUTS, Verdict};

/// The beginning of the page on a lab whose core clauses have all passed, while the stretch
/// clauses are still run: what [`render`] says later begins with it.
pub fn opening(core: &Report, paint: Paint) -> String {
    let mut page = Page::new(paint);
    page.line(HEAD, &heading(core));
    page.gap();
    clauses::put(&mut page, &core.clauses);
    page.finish()
}

/// The whole page.
pub fn render(report: &Report, paint: Paint) -> String {
    let mut page = Page::new(paint);
    page.line(HEAD, &heading(report));
    page.gap();
    if let Build::Failed { error, errors } = &report.build {
        compile_error::put(&mut page, report, error, *errors);
        return page.finish();
    }
    let focus = focus(report);
    let listed = report.clauses.len() > 1 || focus.is_none();
    if listed {
        clauses::put(&mut page, &report.clauses);
        page.gap();
        two_timeouts(&mut page, report);
    }
    let checks = report.clauses.iter().flat_map(|clause| &clause.checks);
    for order in checks.filter_map(|check| check.order.as_ref()) {
        show(&mut page, order);
        page.gap();
    }
    if focus.is_some_and(|clause| clause.tier == Tier::Stretch) && report.outcome == Outcome::Passed
    {
        closing::core_passed(&mut page, report);
    }
    match focus.map(|clause| (clause, &clause.verdict)) {
        Some((clause, Verdict::Failed(diagnosis))) => failed(&mut page, report, clause, diagnosis),
        Some((clause, Verdict::NotWritten { step, place })) => {
            not_written(&mut page, report, clause, *step, place);
        }
        _ => closing::put(&mut page, report),
    }
    if let Some(folder) = &report.kept {
        let kept = format!("{folder} (a folder for each scenario: files/, evidence.json)");
        page.field("kept", Style::new(), &kept, 3);
    }
    page.finish()
}

fn heading(report: &Report) -> String {
    let subject = match &report.subject {
        SubjectNote::Learner { file } => file.clone(),
        SubjectNote::Reference => "the reference".to_owned(),
        SubjectNote::Program { path } => path.clone(),
    };
    format!("{}: {} ({subject})", lab_name(report), report.title)
}

/// `Lab 3`.
fn lab_name(report: &Report) -> String {
    let short = short_name(&report.lab);
    let number = short.strip_prefix("lab").unwrap_or(short);
    format!("Lab {number}")
}

/// The clause that is shown in full: the first that failed. A stretch clause only if it was asked
/// for and every core clause beside it passed: others who have passed are not met with a failure.
fn focus(report: &Report) -> Option<&ClauseReport> {
    let mut core = report.clauses.iter().filter(|one| one.tier == Tier::Core);
    let asked = report.stretch || core.clone().next().is_none();
    let mut failures = report.clauses.iter().filter(|one| one.verdict.is_failure());
    let first = failures.clone().find(|one| one.tier == Tier::Core);
    let core_passed = core.all(|one| one.verdict == Verdict::Passed);
    first.or_else(|| failures.next().filter(|_| asked && core_passed))
}

/// What "blocked by two timeouts" means.
fn two_timeouts(page: &mut Page, report: &Report) {
    let by_them =
        |one: &ClauseReport| matches!(&one.verdict, Verdict::Blocked { by } if by == TWO_TIMEOUTS);
    if report.clauses.iter().any(by_them) {
        let words = "Two timeouts: two runs did not come to their end and were stopped. No other \
                     run is begun after that, so some clauses could not be tried.";
        page.paragraph(Style::new(), words);
        page.gap();
    }
}

fn failed(page: &mut Page, report: &Report, clause: &ClauseReport, diagnosis: &Diagnosis) {
    let promise = format!("clause {} failed: {}", clause.number, clause.promise);
    page.paragraph(BAD, &promise);
    page.gap();
    let plain = Style::new();
    let fields = [
        ("ran", &diagnosis.command, 2),
        ("expected", &diagnosis.expected, 3),
        ("observed", &diagnosis.observed, 4),
    ];
    for (label, text, lines) in fields {
        if !text.is_empty() {
            page.field(label, plain, text, lines);
        }
    }
    if let Some(exhibit) = &diagnosis.exhibit {
        page.gap();
        show(page, exhibit);
    }
    page.gap();
    let (mut hint, mut section) = (&clause.hint, &clause.section);
    if let Some(mistake) = &diagnosis.mistake {
        page.field("why", plain, &mistake.says, 5);
        if !mistake.hint.is_empty() {
            hint = &mistake.hint;
        }
        if !mistake.section.is_empty() {
            section = &mistake.section;
        }
    }
    if !hint.is_empty() {
        page.field("hint", plain, hint, 3);
    }
    page.field("read", DO, &in_the_book(section), 2);
    page.command(
        "again",
        DO,
        &again_in_order(report, clause.number, diagnosis.schedule.as_ref()),
    );
}

fn show(page: &mut Page, exhibit: &Exhibit) {
    for row in exhibit::rows(exhibit) {
        match row {
            exhibit::Row::Text(text) => page.put(&[(Style::new(), text.trim_end())]),
            exhibit::Row::Carets(text) => page.put(&[(BAD, text.trim_end())]),
        }
    }
}

fn not_written(
    page: &mut Page,
    report: &Report,
    clause: &ClauseReport,
    step: Option<u32>,
    place: &str,
) {
    page.paragraph(HEAD, &clauses::not_written(step, place));
    page.gap();
    let number = clause.number;
    let waits = match step {
        Some(_) => {
            format!("clause {number} waits for this step. The comments there lead through it.")
        }
        None => format!("clause {number} waits for what is still a `todo!` there."),
    };
    let next = format!("This is what comes next: {waits} Write it, then check again.");
    page.paragraph(Style::new(), &next);
    let broken = |one: &&ClauseReport| matches!(one.verdict, Verdict::Failed(_));
    if let Some(other) = report.clauses.iter().find(broken) {
        page.gap();
        let text = format!(
            "Clause {} fails already, whatever comes next.",
            other.number
        );
        page.paragraph(Style::new(), &text);
        page.command("see it", DO, &again(report, Some(other.number)));
    }
    page.gap();
    page.field("promised", Style::new(), &clause.promise, 2);
    page.field("read", DO, &in_the_book(&clause.section), 2);
    page.command("again", DO, &again(report, None));
}
