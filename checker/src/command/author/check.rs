//! `checker author check`: every part of every lab is there, references pass, stubs greet, every
//! step brings a learner further, and every known program comes to what it says of itself.

use std::io::Write;

use anyhow::Context;

use super::{checking, gradient, known, parity, print};
use crate::course;
use crate::exit::End;
use crate::known::{coverage, matrix, words};
use crate::lab::Lab;
use crate::render::{Paint, terminal};
use crate::report::{Outcome, Report};
use crate::runner::{self, Request};
use crate::stubs;
use crate::subject::Origin;
use crate::verdict::Verdict;
use crate::workspace::Workspace;

/// What a lab is judged for here: all there is of it.
pub(super) fn request() -> Request {
    Request {
        seed: runner::seed(),
        only: None,
        stretch: true,
        ..Request::default()
    }
}

/// Says on standard error what is done now; whether anyone reads it is no matter.
pub(super) fn progress(words: &str) {
    let _ = writeln!(std::io::stderr(), "{words}");
}

/// Checks all labs and prints what is wrong with each.
pub(crate) fn run() -> anyhow::Result<End> {
    let workspace = Workspace::find()?;
    let mut found = 0;
    let programs = known::all(&workspace)?;
    let mut strays = coverage::strays(course::labs(), &programs);
    strays.extend(words::strays(&known::corpus(&workspace), &programs));
    for stray in strays {
        print(&format!("{stray}\n"))?;
        found += 1;
    }
    for lab in course::labs() {
        let mut faults = parity::faults(&workspace, lab);
        faults.extend(coverage::faults(lab, &programs));
        faults.extend(drift(&workspace, lab)?);
        progress(&format!("{}: the reference", lab.slug));
        let reference = reference(&workspace, lab)?;
        faults.extend(reference_fault(&reference));
        let steps = gradient::try_out(&workspace, lab, reference)
            .with_context(|| format!("in {}", lab.slug))?;
        faults.extend(stub_fault(&steps.stub));
        faults.extend(steps.faults);
        found += faults.len();
        for word in steps.words {
            print(&format!("{}: {word}\n", lab.slug))?;
        }
        if faults.is_empty() {
            print(&format!("{}: in order\n", lab.slug))?;
        }
        for fault in faults {
            print(&format!("{}: {}\n", lab.slug, fault.trim_end()))?;
        }
    }
    let judged = known::judge_all(&workspace, &programs, known::Words::Compared)?;
    print(&matrix::table(&judged.rows))?;
    let is_clean = found == 0 && judged.is_clean();
    Ok(if is_clean { End::Done } else { End::Found })
}

/// Where labs/ is not what the solutions give.
fn drift(workspace: &Workspace, lab: &Lab) -> anyhow::Result<Vec<String>> {
    let differences = stubs::differences(workspace.root(), lab.slug)?;
    let sentence = |one: &stubs::Difference| {
        let (slug, file, line) = (lab.slug, one.file, one.line);
        format!("`labs/{slug}/{file}` line {line} is not its stub's: run `checker author stubs`")
    };
    Ok(differences.iter().map(sentence).collect())
}

fn reference(workspace: &Workspace, lab: &Lab) -> anyhow::Result<Report> {
    let note = checking::note(lab, &Origin::Reference);
    checking::report(workspace, lab, Origin::Reference, note, &request(), false)
        .with_context(|| format!("in {}", lab.slug))
}

/// What is wrong with the reference: any clause that does not pass, unless this machine cannot
/// show a stretch clause.
fn reference_fault(report: &Report) -> Option<String> {
    let broken =
        |verdict: &Verdict| !matches!(verdict, Verdict::Passed | Verdict::NotObservable { .. });
    let all = report.clauses.iter().all(|one| !broken(&one.verdict));
    if report.outcome == Outcome::Passed && all {
        return None;
    }
    let page = terminal::render(report, Paint::NONE);
    Some(format!("the reference does not pass:\n\n{page}"))
}

/// What is wrong with the stub: it has to be unwritten or blocked in every clause but the given
/// one, and nowhere a failure.
fn stub_fault(report: &Report) -> Option<String> {
    let fault = report.clauses.iter().find_map(|one| match &one.verdict {
        Verdict::Passed if one.number == 0 => None,
        Verdict::NotWritten { .. } | Verdict::NotObservable { .. } => None,
        Verdict::Blocked { by } if by.starts_with("clause ") => None,
        Verdict::Passed => Some(format!("clause {} passes unwritten", one.number)),
        Verdict::Failed(why) => Some(format!(
            "clause {} fails instead of greeting: {}",
            one.number, why.observed
        )),
        Verdict::Blocked { by } => Some(format!("clause {} is blocked by {by}", one.number)),
    });
    fault.map(|fault| format!("the stub: {fault}"))
}
