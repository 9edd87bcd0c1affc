//! `checker author mutants`: changes the references mechanically, one place at a time, and says
//! which clause notices each change.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs;
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::thread;

use anyhow::{Context, bail};

use super::check::progress;
use super::{commit, known, print};
use crate::course;
use crate::exit::End;
use crate::known::build::{self, Binaries};
use crate::known::judging::{self, Order};
use crate::known::mutants::{self, Equivalent, Mutant};
use crate::known::words;
use crate::lab::Lab;
use crate::report::Report;
use crate::scratch::Scratch;
use crate::stub::Crate;
use crate::stubs;
use crate::verdict::Verdict;
use crate::workspace::Workspace;

/// What becomes of a mutant.
enum Outcome {
    /// It does not compile.
    Unviable,
    /// A clause fails.
    Noticed(String),
    /// It does the same as the reference.
    Equivalent,
    /// No clause fails, and nobody has said why.
    Unnoticed,
    /// It could not be judged.
    NotJudged(String),
}

/// Judges the mutants of the references whose labs have this word in their names.
pub(crate) fn run(word: Option<&str>) -> anyhow::Result<End> {
    let workspace = Workspace::find()?;
    let path = known::corpus(&workspace).join("equivalent.txt");
    let text = fs::read_to_string(&path).with_context(|| format!("`{}`", path.display()))?;
    let equivalents = mutants::equivalents(&text).map_err(|fault| anyhow::anyhow!(fault))?;
    let is_meant = |lab: &&&Lab| word.is_none_or(|word| lab.slug.contains(word));
    let labs: Vec<&&Lab> = course::labs().iter().filter(is_meant).collect();
    if labs.is_empty() {
        bail!("no lab has `{}` in its name", word.unwrap_or_default());
    }
    let mut text = format!(
        "{}: the mutants of the references\n",
        commit::words(workspace.root())
    );
    let mut is_clean = true;
    for lab in labs {
        let reference = stubs::reference(workspace.root(), lab.slug)?;
        let all = list(&workspace, lab)?;
        progress(&format!("{}: {} mutants: building", lab.slug, all.len()));
        let outcomes = judge(&workspace, lab, &reference, &all, &equivalents)?;
        is_clean &= put(&mut text, lab, &reference, &all, &outcomes);
    }
    print(&text)?;
    Ok(if is_clean { End::Done } else { End::Found })
}

/// The mutants of a reference.
fn list(workspace: &Workspace, lab: &Lab) -> anyhow::Result<Vec<Mutant>> {
    let package = format!("{}-solution", lab.slug);
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let output = Command::new(cargo)
        .args(["mutants", "--list", "--json", "-p", &package])
        .current_dir(workspace.root())
        .stdin(Stdio::null())
        .output()
        .context("cargo cannot be run")?;
    if !output.status.success() {
        bail!(
            "cargo mutants cannot be run (`cargo install --locked cargo-mutants`): {}",
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    serde_json::from_slice(&output.stdout).context("what cargo mutants lists cannot be read")
}

fn judge(
    workspace: &Workspace,
    lab: &Lab,
    reference: &Crate,
    all: &[Mutant],
    equivalents: &[Equivalent],
) -> anyhow::Result<Vec<Outcome>> {
    let name = |at: usize| format!("{}-mutant-{at}", lab.slug);
    let package = format!("{}-solution", lab.slug);
    let crates = all.iter().enumerate().map(|(at, mutant)| {
        let made = mutant.made(reference);
        let made = made.map(|made| build::renamed(made, &package, &name(at)));
        (name(at), made)
    });
    let binaries: Binaries = build::in_course(workspace, "author-mutants", crates.collect())?;
    let scratch = Scratch::new(false)?;
    let outcomes: Mutex<BTreeMap<usize, Outcome>> = Mutex::default();
    let numbers: Vec<usize> = (0..all.len()).collect();
    let workers = thread::available_parallelism().map_or(1, usize::from);
    judging::each(&numbers, workers, |at| {
        let order = Order {
            lab: lab.slug,
            seed: Some(words::seed(&name(*at))),
            folder: scratch.folder(),
        };
        let outcome = match binaries.get(&name(*at)) {
            Some(Ok(executable)) => match judging::judge(executable, order) {
                Ok(report) => outcome(&all[*at], reference, &report, equivalents),
                Err(fault) => Outcome::NotJudged(fault),
            },
            _ => Outcome::Unviable,
        };
        let mut outcomes = outcomes.lock().unwrap_or_else(PoisonError::into_inner);
        outcomes.insert(*at, outcome);
    });
    let outcomes = outcomes
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner);
    Ok(outcomes.into_values().collect())
}

/// What a report makes of a mutant.
fn outcome(
    mutant: &Mutant,
    reference: &Crate,
    report: &Report,
    equivalents: &[Equivalent],
) -> Outcome {
    for clause in &report.clauses {
        if let Verdict::Failed(why) = &clause.verdict {
            let mistake = why.mistake.as_ref().map(|one| one.code.as_str());
            let mistake = mistake.unwrap_or("unnamed");
            return Outcome::Noticed(format!("clause {} [{mistake}]", clause.number));
        }
    }
    let (change, line) = (mutant.change(), mutant.line(reference));
    let is_same = |one: &Equivalent| one.change == change && one.line == line;
    match equivalents.iter().any(is_same) {
        true => Outcome::Equivalent,
        false => Outcome::Unnoticed,
    }
}

/// Adds the table of a lab; whether every mutant was noticed or is known to be equivalent.
fn put(
    text: &mut String,
    lab: &Lab,
    reference: &Crate,
    all: &[Mutant],
    outcomes: &[Outcome],
) -> bool {
    let count = |is: fn(&Outcome) -> bool| outcomes.iter().filter(|one| is(one)).count();
    let noticed = count(|one| matches!(one, Outcome::Noticed(_)));
    let equivalent = count(|one| matches!(one, Outcome::Equivalent));
    let unviable = count(|one| matches!(one, Outcome::Unviable));
    let open = outcomes.len() - noticed - equivalent - unviable;
    let _ = writeln!(
        text,
        "\n{}: {} mutants, {noticed} noticed, {equivalent} equivalent, {unviable} do not compile, \
         {open} unnoticed\n",
        lab.slug,
        all.len()
    );
    for (mutant, outcome) in all.iter().zip(outcomes) {
        let what = match outcome {
            Outcome::Unviable => "does not compile",
            Outcome::Noticed(clause) => clause,
            Outcome::Equivalent => "equivalent",
            Outcome::Unnoticed => "UNNOTICED",
            Outcome::NotJudged(fault) => fault,
        };
        let _ = writeln!(text, "{what:<34} {}", mutant.change());
        if matches!(outcome, Outcome::Unnoticed | Outcome::NotJudged(_)) {
            let _ = writeln!(text, "    {}", mutant.line(reference));
        }
    }
    open == 0
}
