//! `checker author repeat`: judges programs again and again, each time with other inputs, first one
//! after another and then under load, and counts what did not come to what it should.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::hint;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use anyhow::bail;

use super::check::progress;
use super::{commit, known, print};
use crate::course;
use crate::exit::End;
use crate::known::build;
use crate::known::compare;
use crate::known::header::{Expect, Header};
use crate::known::judging::{self, Order};
use crate::runner;
use crate::scratch::Scratch;
use crate::subject::{self, Built, Origin};
use crate::workspace::Workspace;

/// How many are judged side by side under load.
const LOADED: usize = 3;

/// The name of a lab's reference among the known programs: `lab3-copy/reference`.
const REFERENCE: &str = "reference";

/// A program that is judged again and again.
struct Subject {
    name: String,
    lab: String,
    header: Header,
    executable: PathBuf,
}

/// How often something happened, and the seed with which it did first.
type Counts = BTreeMap<String, (usize, u64)>;

/// What became of a program, idle and under load.
#[derive(Clone, Default)]
struct Outcome {
    failures: [usize; 2],
    what: [Counts; 2],
}

/// Judges the programs with this word in their names `times` times idle and as often under load.
pub(crate) fn run(word: Option<&str>, times: usize) -> anyhow::Result<End> {
    let workspace = Workspace::find()?;
    let scratch = Scratch::new(false)?;
    let subjects = subjects(&workspace, word, scratch.folder())?;
    let outcomes = Mutex::new(vec![Outcome::default(); subjects.len()]);
    let processors = thread::available_parallelism().map_or(1, usize::from);
    let rounds = (0..times).flat_map(|_| 0..subjects.len());
    let rounds: Vec<usize> = rounds.collect();
    for (load, words) in ["idle", "under load"].into_iter().enumerate() {
        progress(&format!("{} runs {words}", rounds.len()));
        let judge = |at: &usize| {
            let subject = &subjects[*at];
            let (seed, faults) = once(subject, scratch.folder());
            let mut outcomes = outcomes.lock().unwrap_or_else(PoisonError::into_inner);
            let outcome = &mut outcomes[*at];
            outcome.failures[load] += usize::from(!faults.is_empty());
            for fault in faults {
                outcome.what[load].entry(fault).or_insert((0, seed)).0 += 1;
            }
        };
        match load {
            0 => judging::each(&rounds, 1, judge),
            _ => busy(processors, || judging::each(&rounds, LOADED, judge)),
        }
    }
    let outcomes = outcomes
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner);
    let head = format!(
        "{}, {processors} processors: each program {times} times, one after another,\n\
         and {times} times, {LOADED} side by side while {processors} threads keep busy\n\n",
        commit::words(workspace.root())
    );
    print(&(head + &table(&subjects, &outcomes, times)))?;
    let failures = outcomes.iter().flat_map(|one| one.failures);
    Ok(match failures.sum() {
        0_usize => End::Done,
        _ => End::Found,
    })
}

/// The references and known programs with this word in their names.
fn subjects(
    workspace: &Workspace,
    word: Option<&str>,
    folder: &Path,
) -> anyhow::Result<Vec<Subject>> {
    let is_meant = |name: &str| word.is_none_or(|word| name.contains(word));
    let mut subjects = Vec::new();
    for lab in course::labs() {
        let name = format!("{}/{REFERENCE}", lab.slug);
        if !is_meant(&name) {
            continue;
        }
        match subject::build(workspace, lab.slug, lab.beside, Origin::Reference)? {
            Built::Ready(subject) => subjects.push(Subject {
                name,
                lab: lab.slug.to_owned(),
                header: Header {
                    expect: Expect::Passes,
                    ..Header::default()
                },
                executable: subject.program,
            }),
            Built::Broken(error) => bail!("{name} does not compile:\n{}", error.error),
        }
    }
    let mut known = known::all(workspace)?;
    known.retain(|program| is_meant(&program.name));
    if !known::can_compile(&known) {
        known.retain(|program| !program.is_c());
    }
    let binaries = build::binaries(workspace, &known)?;
    for program in known {
        match build::executable(&program, folder, &binaries) {
            Ok(executable) => subjects.push(Subject {
                lab: program.lab().to_owned(),
                name: program.name,
                header: program.header,
                executable,
            }),
            Err(fault) => bail!("{}: {fault}", program.name),
        }
    }
    if subjects.is_empty() {
        let word = word.unwrap_or_default();
        bail!("no reference and no known program has `{word}` in its name");
    }
    Ok(subjects)
}

/// Judges a program once; the seed, and where it is not what it should be.
fn once(subject: &Subject, folder: &Path) -> (u64, Vec<String>) {
    let seed = runner::seed();
    let order = Order {
        lab: &subject.lab,
        seed: Some(seed),
        folder,
    };
    let faults = match judging::judge(&subject.executable, order) {
        Ok(report) => compare::differences(&subject.header, &report)
            .into_iter()
            .map(|one| format!("{}, but: {}", one.expected, one.got))
            .collect(),
        Err(fault) => vec![fault],
    };
    (seed, faults)
}

/// Does something while as many threads keep busy.
fn busy(threads: usize, work: impl FnOnce()) {
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    hint::spin_loop();
                }
            });
        }
        work();
        done.store(true, Ordering::Relaxed);
    });
}

/// The failures of each program, and below it what they were.
fn table(subjects: &[Subject], outcomes: &[Outcome], times: usize) -> String {
    let mut text = format!("{:<52}{:>13}{:>15}\n", "program", "idle", "under load");
    for (subject, outcome) in subjects.iter().zip(outcomes) {
        let [idle, loaded] = outcome.failures.map(|n| format!("{n} of {times}"));
        let _ = writeln!(text, "{:<52}{idle:>13}{loaded:>15}", subject.name);
        for (counts, load) in outcome.what.iter().zip(["idle", "loaded"]) {
            for (what, (n, seed)) in counts {
                let _ = writeln!(text, "    {n} {load}, first with seed {seed}: {what}");
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_counted_by_clause() {
        let subject = Subject {
            name: "lab3-copy/reference".to_owned(),
            lab: "lab3-copy".to_owned(),
            header: Header::default(),
            executable: PathBuf::new(),
        };
        let mut outcome = Outcome {
            failures: [0, 2],
            ..Outcome::default()
        };
        let what = "5 passed, but: 5 failed".to_owned();
        outcome.what[1].insert(what, (2, 17));
        let text = table(&[subject], &[outcome], 200);
        assert!(text.contains("0 of 200       2 of 200\n"), "{text}");
        assert!(text.contains("    2 loaded, first with seed 17: 5 passed"));
        assert!(text.lines().all(|line| line.len() <= 80));
    }
}
