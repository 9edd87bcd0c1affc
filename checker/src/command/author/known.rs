//! The known programs: built, judged by this very checker, and held against their headers and
//! against the reports that are kept of them.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use anyhow::bail;

use super::check::progress;
use super::print;
use crate::course;
use crate::exit::End;
use crate::known::build::{self, Binaries};
use crate::known::compare::{self, Difference};
use crate::known::judging::{self, Order};
use crate::known::matrix::{self, Row};
use crate::known::programs::{self, Program};
use crate::known::words;
use crate::report::Report;
use crate::scratch::Scratch;
use crate::workspace::Workspace;

/// How many are judged side by side: most of the time a program waits, or is waited for.
const WORKERS: usize = 2;

/// Characters of what came of it that are shown.
const WIDTH: usize = 100;

/// `checker author known`: judges the programs whose names contain `word`.
pub(crate) fn run(word: Option<&str>, as_json: bool, bless: bool) -> anyhow::Result<End> {
    let workspace = Workspace::find()?;
    let known = some(&workspace, word)?;
    let what = match bless {
        true => Words::Kept,
        false => Words::Compared,
    };
    let judged = judge_all(&workspace, &known, what)?;
    let text = if as_json {
        let text = serde_json::to_string_pretty(&judged.rows)?;
        text + "\n"
    } else {
        matrix::table(&judged.rows)
    };
    print(&text)?;
    Ok(match judged.is_clean() && judged.is_worded_as_kept() {
        true => End::Done,
        false => End::Found,
    })
}

/// All known programs.
pub(super) fn all(workspace: &Workspace) -> anyhow::Result<Vec<Program>> {
    programs::all(&corpus(workspace)).map_err(|faults| anyhow::anyhow!(faults.join("\n")))
}

/// Those with this word in their names; at least one.
pub(super) fn some(workspace: &Workspace, word: Option<&str>) -> anyhow::Result<Vec<Program>> {
    let mut known = all(workspace)?;
    known.retain(|program| word.is_none_or(|word| program.name.contains(word)));
    if known.is_empty() {
        let word = word.unwrap_or_default();
        bail!("no known program has `{word}` in its name");
    }
    Ok(known)
}

/// The folder that they lie in.
pub(super) fn corpus(workspace: &Workspace) -> PathBuf {
    workspace.root().join("checker/corpus")
}

/// What becomes of the reports on programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Words {
    /// They are held against those that are kept.
    Compared,
    /// They are kept.
    Kept,
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

    /// Whether every report has the words that are kept. Which calls a program makes is for the C
    /// library and the compiler of the machine to say too, so on another machine some may differ.
    fn is_worded_as_kept(&self) -> bool {
        self.rows.iter().all(|row| row.reworded == 0)
    }
}

/// Where programs are judged.
struct Place<'a> {
    workspace: &'a Workspace,
    binaries: Binaries,
    scratch: Scratch,
    words: Words,
}

/// Judges programs, and tells on standard error of each that does not come to what it should.
pub(super) fn judge_all(
    workspace: &Workspace,
    known: &[Program],
    words: Words,
) -> anyhow::Result<Judged> {
    let begun = Instant::now();
    let has_cc = can_compile(known);
    progress(&format!("{} known programs: building", known.len()));
    let place = Place {
        workspace,
        binaries: build::binaries(workspace, known)?,
        scratch: Scratch::new(false)?,
        words,
    };
    let labs = course::labs().iter();
    let rows: Mutex<Vec<Row>> = Mutex::new(labs.map(|lab| Row::new(lab.slug)).collect());
    judging::each(known, WORKERS, |program| {
        let came_to = (has_cc || !program.is_c()).then(|| came_to(program, &place));
        let mut rows = rows.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(row) = rows.iter_mut().find(|row| row.lab == program.lab()) {
            row.count(program, came_to.as_ref());
        }
    });
    let left = judging::left(place.scratch.folder());
    for one in &left {
        progress(&format!("left behind: {one}"));
    }
    progress(&format!(
        "{} known programs: judged in {} s",
        known.len(),
        begun.elapsed().as_secs()
    ));
    let mut rows = rows.into_inner().unwrap_or_else(PoisonError::into_inner);
    rows.retain(|row| row.right + row.wrong > 0);
    Ok(Judged { rows, left })
}

/// Whether programs in C can be compiled; if not, says so.
pub(super) fn can_compile(known: &[Program]) -> bool {
    let has_cc = build::has_cc();
    if !has_cc {
        let c = known.iter().filter(|program| program.is_c()).count();
        progress(&format!(
            "no C compiler here: {c} of {} known programs are not judged; install cc",
            known.len()
        ));
    }
    has_cc
}

/// What a program comes to. One that cannot be judged at all differs in everything.
fn came_to(program: &Program, place: &Place<'_>) -> matrix::CameTo {
    let folder = place.scratch.folder();
    let order = Order {
        lab: program.lab(),
        seed: Some(words::seed(&program.name)),
        folder,
    };
    let report = build::executable(program, folder, &place.binaries)
        .and_then(|executable| judging::judge(&executable, order));
    match report {
        Ok(report) => {
            let differences = compare::differences(&program.header, &report);
            let words = wording(program, &report, place);
            if !differences.is_empty() || words.is_some() {
                progress(&told(program, &report, &differences, words.as_deref()));
            }
            matrix::CameTo {
                is_reworded: words.is_some(),
                is_unnamed: compare::is_unnamed(&report),
                differences,
            }
        }
        Err(fault) => {
            progress(&format!("{}: {fault}", program.name));
            matrix::CameTo {
                differences: vec![compare::not_judged(&fault)],
                ..matrix::CameTo::default()
            }
        }
    }
}

/// Where the report differs from the one that is kept, after it was kept if it shall be.
fn wording(program: &Program, report: &Report, place: &Place<'_>) -> Option<String> {
    if program.header.varies.is_some() {
        return None;
    }
    let corpus = corpus(place.workspace);
    let page = words::page(report);
    match place.words {
        Words::Compared => words::difference(&corpus, program, &page),
        Words::Kept => words::keep(&corpus, program, &page)
            .err()
            .map(|error| error.to_string()),
    }
}

/// Where a program differs, as it is told.
pub(super) fn told(
    program: &Program,
    report: &Report,
    found: &[Difference],
    words: Option<&str>,
) -> String {
    let mut text = format!("{} (seed {})", program.name, report.seed);
    for one in found {
        let got: String = one.got.chars().take(WIDTH).collect();
        let _ = write!(text, "\n    {:<28} {got}", one.expected);
    }
    if let Some(words) = words {
        let _ = write!(text, "\n    {words}");
    }
    text
}
