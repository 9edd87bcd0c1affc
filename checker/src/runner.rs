//! Decides what is run and judged, and in which order, and collects the report.
//!
//! It holds no opinion of its own: programs are run by the observing room, checks are decided by
//! the judging room, and what is known about a lab stands in the lab.

mod collect;
mod select;
mod shelf;
mod watch;

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::Path;

use crate::evidence::Observation;
use crate::evidence::schedule::Schedule;
use crate::lab::{Clause, Judge, Lab};
use crate::observe::{self, Answer};
use crate::report::{Build, ClauseReport, Outcome, Report, SCHEMA, SubjectNote};
use crate::scenario::Scenario;
use crate::scratch::{self, Scratch};
use crate::snapshot;
use crate::subject::CompileError;
use shelf::Shelved;

pub use shelf::is_timeout;
pub use watch::workers;

/// What is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// The seed that inputs are drawn from.
    pub seed: u64,
    /// This clause alone.
    pub only: Option<u8>,
    /// The stretch clauses too, whatever becomes of the core.
    pub stretch: bool,
    /// This order of steps alone, where processes are explored; only with [`Request::only`].
    pub schedule: Option<Schedule>,
}

/// Runs a program in a scenario, in an empty folder, and tells what was seen:
/// [`observe::observe`], or in tests something simpler.
pub type Observe<'a> =
    &'a (dyn Fn(&Path, &Scenario, &Path) -> Result<Answer, observe::Fault> + Sync);

/// Finds a stored transcript by its name.
pub type Transcripts<'a> = &'a dyn Fn(&str) -> Result<Option<String>, snapshot::Fault>;

/// What a run works with.
pub struct Bench<'a> {
    /// How programs are run.
    pub observe: Observe<'a>,
    /// Where transcripts are stored.
    pub transcripts: Transcripts<'a>,
    /// Where scenarios have their folders.
    pub scratch: &'a Scratch,
    /// How many scenarios run side by side.
    pub workers: usize,
    /// Is shown the report on a core that passed before the stretch clauses are begun, unless one
    /// of them stands between core clauses.
    pub shows_core: &'a dyn Fn(&Report),
}

/// Why there is no report: the machine or the checker is at fault.
#[derive(Debug)]
pub enum Fault {
    /// A scenario could not be observed.
    Observe(String, observe::Fault),
    /// The evidence of a scenario was put into a file and cannot be read any more.
    Lost(String, io::Error),
    /// There is no folder to work in.
    Scratch(scratch::Fault),
    /// A stored transcript cannot be read.
    Snapshot(snapshot::Fault),
    /// A check names a scenario that its lab does not have.
    NoScenario(String),
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Observe(scenario, fault) => {
                write!(out, "the scenario `{scenario}` cannot be observed: {fault}")
            }
            Fault::Lost(scenario, error) => write!(
                out,
                "the evidence of the scenario `{scenario}` cannot be read again: {error}"
            ),
            Fault::Scratch(fault) => write!(out, "{fault}"),
            Fault::Snapshot(fault) => write!(out, "{fault}"),
            Fault::NoScenario(name) => write!(out, "there is no scenario `{name}`"),
        }
    }
}

impl std::error::Error for Fault {}

impl From<scratch::Fault> for Fault {
    fn from(fault: scratch::Fault) -> Fault {
        Fault::Scratch(fault)
    }
}

impl From<snapshot::Fault> for Fault {
    fn from(fault: snapshot::Fault) -> Fault {
        Fault::Snapshot(fault)
    }
}

/// A seed for one run, short enough to be typed.
pub fn seed() -> u64 {
    fastrand::u64(1..1_000_000)
}

/// Whether the clauses that are asked for explore the orders of steps, so that one can be asked for.
///
/// # Errors
///
/// That they do not, in a sentence.
pub fn can_be_ordered(lab: &Lab, request: &Request) -> Result<(), String> {
    let selection = select::clauses(lab, request);
    let scenarios =
        select::scenarios(lab, request, &selection).map_err(|fault| fault.to_string())?;
    if scenarios
        .first
        .iter()
        .any(|scenario| scenario.explore.is_some())
    {
        return Ok(());
    }
    let ordered = lab.clauses.iter().filter(|clause| {
        let only = Some(clause.number);
        let selection = select::clauses(
            lab,
            &Request {
                only,
                ..request.clone()
            },
        );
        let scenarios = select::scenarios(lab, request, &selection);
        scenarios.is_ok_and(|all| all.first.iter().any(|one| one.explore.is_some()))
    });
    let ordered: Vec<String> = ordered.map(|clause| clause.number.to_string()).collect();
    let which = if ordered.is_empty() {
        "no clause of this lab does".to_owned()
    } else {
        format!("clauses {} do", ordered.join(", "))
    };
    Err(format!(
        "--schedule: this clause does not let processes take turns step by step; {which}"
    ))
}

/// Runs and judges `program` in a lab.
pub fn check(
    lab: &Lab,
    program: &Path,
    subject: SubjectNote,
    request: &Request,
    bench: &Bench<'_>,
) -> Result<Report, Fault> {
    let selection = select::clauses(lab, request);
    let scenarios = select::scenarios(lab, request, &selection)?;
    let transcripts = transcripts(&selection.all(), bench.transcripts)?;
    let learner = matches!(subject, SubjectNote::Learner { .. });

    let about = |clauses: Vec<ClauseReport>| {
        let kept = bench.scratch.keeps().then(|| bench.scratch.folder());
        Report {
            outcome: Outcome::of(&clauses),
            build: Build::Built,
            clauses,
            kept: kept.map(|folder| folder.display().to_string()),
            ..empty(lab, subject.clone(), request)
        }
    };
    let mut seen = watch::watch(program, &scenarios.first, &[], bench)?;
    let mut clauses = collect::clauses(lab, &selection.first, &seen, &transcripts, learner)?;
    if !selection.then.is_empty() && Outcome::of(&clauses) == Outcome::Passed {
        if selection.is_in_order() {
            (bench.shows_core)(&about(clauses));
        }
        let more = watch::watch(program, &scenarios.then, &seen, bench)?;
        seen.extend(more);
        clauses = collect::clauses(lab, &selection.all(), &seen, &transcripts, learner)?;
    }
    Ok(about(clauses))
}

/// The report on a program that does not compile.
pub fn does_not_compile(
    lab: &Lab,
    subject: SubjectNote,
    request: &Request,
    error: CompileError,
) -> Report {
    let selection = select::clauses(lab, request);
    Report {
        build: Build::Failed {
            error: error.error,
            errors: error.errors,
        },
        clauses: collect::blocked(lab, &selection.first, "the compile error"),
        ..empty(lab, subject, request)
    }
}

/// Judges stored observations again, of a run of the same lab with the same request. The same
/// evidence gives the same verdicts.
pub fn rejudge(
    lab: &Lab,
    observations: &[Observation],
    subject: &SubjectNote,
    request: &Request,
    stored: Transcripts<'_>,
) -> Result<Vec<ClauseReport>, Fault> {
    let selection = select::clauses(lab, request);
    let scenarios = select::scenarios(lab, request, &selection)?;
    let transcripts = transcripts(&selection.all(), stored)?;
    let learner = matches!(subject, SubjectNote::Learner { .. });
    let order = |scenarios: &[Scenario]| -> Vec<Shelved<'_>> {
        let stored = scenarios.iter().filter_map(|scenario| {
            let same = |one: &&Observation| one.scenario.name == scenario.name;
            observations.iter().find(same).map(Shelved::stored)
        });
        stored.collect()
    };
    let mut seen = order(&scenarios.first);
    let clauses = collect::clauses(lab, &selection.first, &seen, &transcripts, learner)?;
    if selection.then.is_empty() || Outcome::of(&clauses) != Outcome::Passed {
        return Ok(clauses);
    }
    seen.extend(order(&scenarios.then));
    let all = selection.all();
    collect::clauses(lab, &all, &seen, &transcripts, learner)
}

/// The stored transcripts that the checks of `clauses` compare with.
fn transcripts(
    clauses: &[&Clause],
    stored: Transcripts<'_>,
) -> Result<BTreeMap<&'static str, String>, Fault> {
    let mut found = BTreeMap::new();
    for check in clauses.iter().flat_map(|clause| clause.checks) {
        if let Judge::Transcript(name) = check.judge
            && let Some(text) = stored(name)?
        {
            found.insert(name, text);
        }
    }
    Ok(found)
}

/// A report that says nothing yet.
fn empty(lab: &Lab, subject: SubjectNote, request: &Request) -> Report {
    Report {
        schema: SCHEMA,
        lab: lab.slug.to_owned(),
        title: lab.title.to_owned(),
        subject,
        seed: request.seed,
        stretch: request.stretch,
        build: Build::Built,
        clauses: Vec::new(),
        outcome: Outcome::DoesNotCompile,
        kept: None,
    }
}

#[cfg(test)]
mod tests;
