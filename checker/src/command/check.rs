//! `checker LAB`: builds a program, has it observed and judged, and shows the report.

use std::cell::RefCell;
use std::path::Path;

use super::{Usage, lab_name, print};
use crate::cli::CheckArgs;
use crate::course;
use crate::exit::End;
use crate::lab::Lab;
use crate::observe;
use crate::render::{Paint, json, listing, terminal};
use crate::report::{Report, SubjectNote};
use crate::runner::{self, Bench, Request};
use crate::scratch::Scratch;
use crate::snapshot;
use crate::subject::{self, Built, Origin, Subject};
use crate::workspace::{Workspace, learners_file};

/// Checks what the arguments ask for; without a lab, lists the labs.
pub(crate) fn run(args: &CheckArgs) -> anyhow::Result<End> {
    let Some(word) = &args.lab else {
        return super::list::run();
    };
    let lab = lab_name::find(word, course::labs())?;
    if args.list {
        print(&listing::clauses(lab, Paint::for_stdout()))?;
        return Ok(End::Done);
    }
    let request = Request {
        seed: args.seed.unwrap_or_else(runner::seed),
        only: args.only.map(|number| clause(lab, number)).transpose()?,
        stretch: args.stretch,
        schedule: args.schedule.clone(),
    };
    if args.schedule.is_some() {
        runner::can_be_ordered(lab, &request).map_err(Usage)?;
    }
    let origin = match (&args.program, args.solution) {
        (Some(path), _) => program(path)?,
        (None, true) => Origin::Reference,
        (None, false) => Origin::Learner,
    };
    let note = match &args.program {
        Some(path) => SubjectNote::Program {
            path: path.display().to_string(),
        },
        None => note(lab, &origin),
    };
    let workspace = Workspace::find()?;
    let paint = Paint::for_stdout();
    let begun = RefCell::new(String::new());
    let shows_core = |core: &Report| {
        if !args.json {
            let opening = terminal::opening(core, paint);
            // That standard output is at fault shows again when the rest is printed.
            let _ = print(&opening);
            begun.replace(opening);
        }
    };
    let report = match subject::build(&workspace, lab.slug, lab.beside, origin)? {
        Built::Ready(subject) => observed(
            &workspace,
            lab,
            &subject,
            note,
            &request,
            args.keep,
            &shows_core,
        )?,
        Built::Broken(error) => runner::does_not_compile(lab, note, &request, error),
    };
    let text = if args.json {
        json::render(&report)
    } else {
        terminal::render(&report, paint)
    };
    print(text.strip_prefix(&*begun.borrow()).unwrap_or(&text))?;
    Ok(End::Judged(report.outcome))
}

/// Builds, observes and judges one program in one lab.
pub(crate) fn report(
    workspace: &Workspace,
    lab: &Lab,
    origin: Origin,
    note: SubjectNote,
    request: &Request,
    keeps: bool,
) -> anyhow::Result<Report> {
    match subject::build(workspace, lab.slug, lab.beside, origin)? {
        Built::Ready(subject) => judged(workspace, lab, &subject, note, request, keeps),
        Built::Broken(error) => Ok(runner::does_not_compile(lab, note, request, error)),
    }
}

/// Observes and judges one program in one lab.
pub(crate) fn judged(
    workspace: &Workspace,
    lab: &Lab,
    subject: &Subject,
    note: SubjectNote,
    request: &Request,
    keeps: bool,
) -> anyhow::Result<Report> {
    observed(workspace, lab, subject, note, request, keeps, &|_| ())
}

/// The same, and shows a core that passed before the stretch clauses are begun.
fn observed(
    workspace: &Workspace,
    lab: &Lab,
    subject: &Subject,
    note: SubjectNote,
    request: &Request,
    keeps: bool,
    shows_core: &dyn Fn(&Report),
) -> anyhow::Result<Report> {
    observe::close_to_others()?;
    let scratch = Scratch::new(keeps)?;
    let bench = Bench {
        observe: &|program, scenario, folder| {
            observe::observe(program, &subject.beside, scenario, folder)
        },
        transcripts: &|name| snapshot::load(workspace, lab.slug, name),
        scratch: &scratch,
        workers: runner::workers(),
        shows_core,
    };
    Ok(runner::check(lab, &subject.program, note, request, &bench)?)
}

/// How a report names a crate of the workspace.
pub(crate) fn note(lab: &Lab, origin: &Origin) -> SubjectNote {
    match origin {
        Origin::Learner => SubjectNote::Learner {
            file: learners_file(lab.slug),
        },
        Origin::Reference => SubjectNote::Reference,
        Origin::Program(path) | Origin::Crate(path) => SubjectNote::Program {
            path: path.display().to_string(),
        },
    }
}

fn program(path: &Path) -> Result<Origin, Usage> {
    Origin::program(path).map_err(|unusable| Usage(format!("--program: {unusable}")))
}

/// `number`, if the lab has such a clause.
fn clause(lab: &Lab, number: u8) -> Result<u8, Usage> {
    let mut numbers = lab.clauses.iter().map(|clause| clause.number);
    if numbers.any(|known| known == number) {
        return Ok(number);
    }
    Err(Usage(format!(
        "lab{} has no clause {number}; `checker lab{} --list` shows its clauses",
        lab.number, lab.number
    )))
}
