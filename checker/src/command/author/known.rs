//! The known programs: built, judged by this very checker, and held against their headers.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use anyhow::bail;

use super::check::progress;
use super::print;
use crate::course;
use crate::exit::End;
use crate::known::build::{self, Binaries};
use crate::known::compare::{self, Difference};
use crate::known::matrix::{self, Row};
use crate::known::programs::{self, Program};
use crate::report::Report;
use crate::scratch::Scratch;
use crate::workspace::Workspace;

/// How many are judged side by side: most of the time a program waits, or is waited for.
const WORKERS: usize = 2;

/// Characters of what came of it that are shown.
const WIDTH: usize = 100;

/// `checker author known`: judges the programs whose names contain `word`.
pub(crate) fn run(word: Option<&str>, as_json: bool) -> anyhow::Result<End> {
    let workspace = Workspace::find()?;
    let mut known = all(&workspace)?;
    known.retain(|program| word.is_none_or(|word| program.name.contains(word)));
    if known.is_empty() {
        bail!(
            "no known program has `{}` in its name",
            word.unwrap_or_default()
        );
    }
    let judged = judge_all(&workspace, &known)?;
    let text = if as_json {
        let text = serde_json::to_string_pretty(&judged.rows)?;
        text + "\n"
    } else {
        matrix::table(&judged.rows)
    };
    print(&text)?;
    Ok(match judged.is_clean() {
        true => End::Done,
        false => End::Found,
    })
}

/// All known programs.
pub(super) fn all(workspace: &Workspace) -> anyhow::Result<Vec<Program>> {
    let corpus = workspace.root().join("checker/corpus");
    programs::all(&corpus).map_err(|faults| anyhow::anyhow!(faults.join("\n")))
}

/// What judging many programs came to.
pub(super) struct Judged {
    /// A row for each lab.
    pub rows: Vec<Row>,
    /// What was left behind.
    left: Vec<String>,
}

impl Judged {
    /// Whether all came to what their headers say, and left nothing behind. Those that could not be
    /// judged for want of a C compiler are no fault.
    pub fn is_clean(&self) -> bool {
        self.rows.iter().all(Row::is_clean) && self.left.is_empty()
    }
}

/// Judges programs, and tells on standard error of each that does not come to what it should.
pub(super) fn judge_all(workspace: &Workspace, known: &[Program]) -> anyhow::Result<Judged> {
    let begun = Instant::now();
    let has_cc = build::has_cc();
    if !has_cc {
        let c = known.iter().filter(|program| program.is_c()).count();
        progress(&format!(
            "no C compiler here: {c} of {} known programs are not judged; install cc",
            known.len()
        ));
    }
    progress(&format!("{} known programs: building", known.len()));
    let binaries = build::binaries(workspace, known)?;
    let scratch = Scratch::new(false)?;
    let next = AtomicUsize::new(0);
    let rows: Mutex<Vec<Row>> = Mutex::new(
        course::labs()
            .iter()
            .map(|lab| Row::new(lab.slug))
            .collect(),
    );
    let work = || {
        while let Some(program) = known.get(next.fetch_add(1, Ordering::SeqCst)) {
            let is_skipped = program.is_c() && !has_cc;
            let came_to = match is_skipped {
                true => None,
                false => differences(program, scratch.folder(), &binaries),
            };
            let mut rows = rows.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            if let Some(row) = rows.iter_mut().find(|row| row.lab == program.lab()) {
                row.count(program, came_to.as_deref());
            }
        }
    };
    thread::scope(|scope| {
        for _ in 1..WORKERS {
            scope.spawn(work);
        }
        work();
    });
    let left = left(scratch.folder());
    for one in &left {
        progress(&format!("left behind: {one}"));
    }
    progress(&format!(
        "{} known programs: judged in {} s",
        known.len(),
        begun.elapsed().as_secs()
    ));
    let mut rows = rows
        .into_inner()
        .unwrap_or_else(|poisoned| poisoned.into_inner());
    rows.retain(|row| row.right + row.wrong > 0);
    Ok(Judged { rows, left })
}

/// Where a program does not come to what its header says. One that cannot be judged at all differs
/// in everything.
fn differences(program: &Program, folder: &Path, binaries: &Binaries) -> Option<Vec<Difference>> {
    let report = build::executable(program, folder, binaries)
        .and_then(|executable| judge(program, &executable, folder));
    match report {
        Ok(report) => {
            let found = compare::differences(&program.header, &report);
            if !found.is_empty() {
                progress(&told(program, &report, &found));
            }
            Some(found)
        }
        Err(fault) => {
            progress(&format!("{}: {fault}", program.name));
            Some(vec![compare::not_judged(&fault)])
        }
    }
}

fn told(program: &Program, report: &Report, found: &[Difference]) -> String {
    let mut text = format!("{} (seed {})", program.name, report.seed);
    for one in found {
        let got: String = one.got.chars().take(WIDTH).collect();
        let _ = write!(text, "\n    {:<28} {got}", one.expected);
    }
    text
}

/// Has a checker of its own judge an executable in everything that the lab has.
fn judge(program: &Program, executable: &Path, folder: &Path) -> Result<Report, String> {
    let checker = std::env::current_exe().map_err(|error| error.to_string())?;
    let output = Command::new(checker)
        .args([program.lab(), "--stretch", "--json", "--program"])
        .arg(executable)
        .env("TMPDIR", folder)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| error.to_string())?;
    serde_json::from_slice(&output.stdout).map_err(|_| {
        let words = String::from_utf8_lossy(&output.stderr);
        format!("{}: {}", output.status, words.trim())
    })
}

/// What is left of runs that had this temporary folder: folders of scenarios, and processes whose
/// program lies in it.
fn left(folder: &Path) -> Vec<String> {
    let entries = |folder: &Path| fs::read_dir(folder).into_iter().flatten().flatten();
    let scratch = entries(folder).filter(|entry| entry.path().is_dir());
    let processes = entries(Path::new("/proc")).filter(|entry| {
        let program = fs::read_link(entry.path().join("exe"));
        program.is_ok_and(|program| program.starts_with(folder))
    });
    let all = scratch.chain(processes);
    all.map(|entry| entry.path().display().to_string())
        .collect()
}
