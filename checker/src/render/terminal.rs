//! The report as a learner reads it: the clauses in one line each, then the first that failed in
//! full, last of all, so that it is what the screen shows.

use anstyle::Style;

use super::page::Page;
use super::paint::{BAD, DO, GOOD, HEAD, LESS, NOTE, Paint};
use super::{WIDTH, again, exhibit, fold, in_the_book, short_name};
use crate::lab::Tier;
use crate::printable::printable;
use crate::report::{Build, ClauseReport, Outcome, Report, SubjectNote};
use crate::verdict::{Diagnosis, Verdict};

/// The whole page.
pub fn render(report: &Report, paint: Paint) -> String {
    let mut page = Page::new(paint);
    page.line(HEAD, &heading(report));
    page.gap();
    if let Build::Failed { error, errors } = &report.build {
        compile_error(&mut page, report, error, *errors);
        return page.finish();
    }
    let focus = focus(report);
    let listed = report.clauses.len() > 1 || focus.is_none();
    if listed {
        list(&mut page, &report.clauses);
        page.gap();
    }
    match focus.map(|clause| (clause, &clause.verdict)) {
        Some((clause, Verdict::Failed(diagnosis))) => failed(&mut page, report, clause, diagnosis),
        Some((clause, Verdict::NotWritten { step, place })) => {
            not_written(&mut page, report, clause, *step, place);
        }
        _ => closing(&mut page, report),
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

/// The clause that is shown in full: the first that failed. A stretch clause only if there is no
/// core clause beside it: those who have passed are not met with a failure.
fn focus(report: &Report) -> Option<&ClauseReport> {
    let has_core = report.clauses.iter().any(|one| one.tier == Tier::Core);
    let mut failures = report.clauses.iter().filter(|one| one.verdict.is_failure());
    failures.find(|one| one.tier == Tier::Core || !has_core)
}

fn list(page: &mut Page, clauses: &[ClauseReport]) {
    let status = |clause: &ClauseReport| match &clause.verdict {
        Verdict::Passed => ("passed".to_owned(), GOOD, true),
        Verdict::Failed(_) => ("failed".to_owned(), BAD, true),
        Verdict::Blocked { by } => (format!("blocked by {by}"), LESS, true),
        Verdict::NotWritten { step, place } => (
            format!("not written yet: step {step}, {place}"),
            NOTE,
            false,
        ),
        Verdict::NotObservable { reason } => {
            (format!("not observable here: {reason}"), NOTE, false)
        }
    };
    let statuses: Vec<_> = clauses.iter().map(status).collect();
    let width = |(text, _, short): &(String, Style, bool)| {
        let width = text.chars().count();
        if *short { width } else { 0 }
    };
    let column = statuses.iter().map(width).max().unwrap_or(0).min(40);
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
        } else {
            let status = fold::shorten(&status, WIDTH - 5);
            page.put(&[(Style::new(), &number), (*style, &status)]);
        }
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
        for row in exhibit::rows(exhibit) {
            match row {
                exhibit::Row::Text(text) => page.put(&[(plain, text.trim_end())]),
                exhibit::Row::Carets(text) => page.put(&[(BAD, text.trim_end())]),
            }
        }
    }
    page.gap();
    let (mut hint, mut section) = (&clause.hint, &clause.section);
    if let Some(mistake) = &diagnosis.mistake {
        let why = format!("{} [{}]", mistake.says, mistake.code);
        page.field("why", plain, &why, 5);
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
    page.command("again", DO, &again(report, Some(clause.number)));
}

fn not_written(page: &mut Page, report: &Report, clause: &ClauseReport, step: u32, place: &str) {
    page.paragraph(HEAD, &format!("not written yet: step {step}, {place}"));
    page.gap();
    let next = format!(
        "Nothing is wrong: clause {} waits for this step. The comments there lead through it. \
         Write it, then type the same command again.",
        clause.number
    );
    page.paragraph(Style::new(), &next);
    page.gap();
    page.field("promised", Style::new(), &clause.promise, 2);
    page.field("read", DO, &in_the_book(&clause.section), 2);
    page.command("again", DO, &again(report, None));
}

fn compile_error(page: &mut Page, report: &Report, error: &str, errors: usize) {
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

/// The last lines where nothing is shown in full.
fn closing(page: &mut Page, report: &Report) {
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
    let words = format!(
        "Well done: {} is passed, all {core} core clauses.",
        lab_name(report).to_lowercase()
    );
    page.line(GOOD, &words);
    page.gap();
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
