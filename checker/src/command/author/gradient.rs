//! The way through a lab: its crate with no step filled in, with the first, with the first two,
//! and so on. Each step has to bring at least one clause more, and all steps together may ask for
//! no more lines than a lab of its length has room for.

use std::collections::BTreeSet;
use std::fs;

use anyhow::{Context, bail};

use super::check::{progress, request};
use super::checking;
use crate::lab::Lab;
use crate::report::Report;
use crate::stub;
use crate::stubs;
use crate::subject::{self, Built, Origin};
use crate::verdict::Verdict;
use crate::workspace::Workspace;

/// What trying a lab step by step came to.
pub(super) struct Steps {
    /// The report on the pristine stub.
    pub stub: Report,
    /// What each step brings, a sentence each.
    pub words: Vec<String>,
    /// What is wrong, a sentence each.
    pub faults: Vec<String>,
}

/// How many lines a learner writes at most, by the number of the lab.
fn limit(lab: &Lab) -> usize {
    match lab.number {
        1 | 2 | 4 => 40,
        _ => 60,
    }
}

/// Tries the lab with 0, 1, 2… steps filled in. With all of them it is the reference, which was
/// judged already.
pub(super) fn try_out(
    workspace: &Workspace,
    lab: &Lab,
    reference: Report,
) -> anyhow::Result<Steps> {
    let path = workspace.solution(lab.slug).join("src/lib.rs");
    let lib = fs::read_to_string(&path).with_context(|| format!("`{}`", path.display()))?;
    let steps = stub::steps(&lib).with_context(|| format!("`{}`", path.display()))?;

    let course = workspace.root().join("target/author");
    stubs::course(workspace.root(), &course)?;
    let course = Workspace::at(&course);
    let mut reports = Vec::new();
    for filled in 0..steps.len() {
        progress(&format!("{}: {filled} of {} steps", lab.slug, steps.len()));
        reports.push(report(workspace, &course, lab, filled)?);
    }
    reports.push(reference);

    let (words, mut faults) = gradient(lab.slug, &reports);
    let lines: usize = steps.iter().map(|step| step.lines).sum();
    if lines > limit(lab) {
        let limit = limit(lab);
        faults.push(format!(
            "a learner writes {lines} lines, and a lab of this length has room for {limit}"
        ));
    }
    let mut words: Vec<String> = words;
    words.insert(
        0,
        format!("{lines} of at most {} lines to write", limit(lab)),
    );
    Ok(Steps {
        stub: reports.swap_remove(0),
        words,
        faults,
    })
}

/// Builds the lab with so many steps filled in, in the workspace `course`, and judges it as the
/// learner's.
fn report(
    workspace: &Workspace,
    course: &Workspace,
    lab: &Lab,
    filled: usize,
) -> anyhow::Result<Report> {
    stubs::generate(workspace.root(), lab.slug, filled, &course.lab(lab.slug))?;
    let subject = match subject::build(course, lab.slug, lab.beside, Origin::Learner)? {
        Built::Ready(subject) => subject,
        Built::Broken(error) => {
            bail!("with {filled} steps it does not compile:\n{}", error.error)
        }
    };
    let note = checking::note(lab, &Origin::Learner);
    checking::judged(workspace, lab, &subject, note, &request(), false)
}

/// What each step brings, and where one brings nothing or breaks something.
fn gradient(slug: &str, reports: &[Report]) -> (Vec<String>, Vec<String>) {
    let (mut words, mut faults) = (Vec::new(), Vec::new());
    for (step, pair) in reports.windows(2).enumerate() {
        let (before, after) = (passed(&pair[0]), passed(&pair[1]));
        let list = |set: &BTreeSet<u8>, less: &BTreeSet<u8>| {
            let numbers = set.difference(less).map(u8::to_string);
            numbers.collect::<Vec<_>>().join(", ")
        };
        let (gained, lost) = (list(&after, &before), list(&before, &after));
        let step = step + 1;
        if gained.is_empty() {
            faults.push(format!(
                "step {step} of solutions/{slug}/src/lib.rs brings no clause more"
            ));
        } else {
            words.push(format!("step {step} brings clause {gained}"));
        }
        if !lost.is_empty() {
            faults.push(format!("with step {step}, clause {lost} passes no more"));
        }
    }
    (words, faults)
}

fn passed(report: &Report) -> BTreeSet<u8> {
    let passed = report
        .clauses
        .iter()
        .filter(|one| one.verdict == Verdict::Passed);
    passed.map(|one| one.number).collect()
}
