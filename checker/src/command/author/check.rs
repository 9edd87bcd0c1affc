//! `checker author check`: every part of every lab is there, references pass, stubs greet.

use anyhow::Context;

use super::{checking, parity, print};
use crate::course;
use crate::exit::End;
use crate::lab::Lab;
use crate::render::{Paint, terminal};
use crate::report::{Outcome, Report};
use crate::runner::{self, Request};
use crate::subject::Origin;
use crate::verdict::Verdict;
use crate::workspace::Workspace;

/// Checks all labs and prints what is wrong with each.
pub(crate) fn run() -> anyhow::Result<End> {
    let workspace = Workspace::find()?;
    let mut found = 0;
    for lab in course::labs() {
        let mut faults = parity::faults(&workspace, lab);
        faults.extend(reference(&workspace, lab)?);
        faults.extend(stub(&workspace, lab)?);
        found += faults.len();
        if faults.is_empty() {
            print(&format!("{}: in order\n", lab.slug))?;
        }
        for fault in faults {
            print(&format!("{}: {}\n", lab.slug, fault.trim_end()))?;
        }
    }
    Ok(if found == 0 { End::Done } else { End::Found })
}

fn judged(workspace: &Workspace, lab: &Lab, origin: Origin) -> anyhow::Result<Report> {
    let request = Request {
        seed: runner::seed(),
        only: None,
        stretch: true,
    };
    let note = checking::note(lab, &origin);
    checking::report(workspace, lab, origin, note, &request, false)
        .with_context(|| format!("in {}", lab.slug))
}

/// What is wrong with the reference: any clause that does not pass, unless this machine cannot
/// show a stretch clause.
fn reference(workspace: &Workspace, lab: &Lab) -> anyhow::Result<Option<String>> {
    let report = judged(workspace, lab, Origin::Reference)?;
    let broken =
        |verdict: &Verdict| !matches!(verdict, Verdict::Passed | Verdict::NotObservable { .. });
    let all = report.clauses.iter().all(|one| !broken(&one.verdict));
    if report.outcome == Outcome::Passed && all {
        return Ok(None);
    }
    let page = terminal::render(&report, Paint::NONE);
    Ok(Some(format!("the reference does not pass:\n\n{page}")))
}

/// What is wrong with the stub: it has to be unwritten or blocked in every clause but the given
/// one, and nowhere a failure.
fn stub(workspace: &Workspace, lab: &Lab) -> anyhow::Result<Option<String>> {
    let report = judged(workspace, lab, Origin::Learner)?;
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
    Ok(fault.map(|fault| format!("the stub: {fault}")))
}
