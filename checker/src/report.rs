//! The report of one check of one lab: versioned data. Renderers read nothing else.
//!
//! A field is added, never repurposed; `checker/report.schema.json` describes the JSON form.

use serde::{Deserialize, Serialize};

use crate::lab::Tier;
use crate::verdict::{Exhibit, Verdict};

/// The version of the JSON form.
pub const SCHEMA: u32 = 1;

/// What one run of the checker on one lab came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// [`SCHEMA`].
    pub schema: u32,
    /// The lab, such as `lab3-copy`.
    pub lab: String,
    /// Its title.
    pub title: String,
    /// Which program was judged.
    pub subject: SubjectNote,
    /// The seed that the inputs were drawn from.
    pub seed: u64,
    /// Whether the stretch clauses were asked for, and not only run because the core passed.
    #[serde(default)]
    pub stretch: bool,
    /// Whether there was anything to judge.
    pub build: Build,
    /// The clauses that were asked for, in the order of the chapter.
    pub clauses: Vec<ClauseReport>,
    /// What it comes to.
    pub outcome: Outcome,
    /// Where the scenarios' folders and evidence were kept, if that was asked for.
    pub kept: Option<String>,
}

/// Which program was judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "is")]
pub enum SubjectNote {
    /// The learner's crate.
    Learner {
        /// The file that the learner edits, relative to the workspace.
        file: String,
    },
    /// The reference solution.
    Reference,
    /// A program given by path.
    Program {
        /// The path as given.
        path: String,
    },
}

/// Whether the program could be built.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "is")]
pub enum Build {
    /// It was built, or was there already.
    Built,
    /// It does not compile.
    Failed {
        /// rustc's first error, in its own words.
        error: String,
        /// How many errors there are.
        errors: usize,
    },
}

/// A clause and what its checks came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClauseReport {
    /// Its number in the chapter.
    pub number: u8,
    /// Core or stretch.
    pub tier: Tier,
    /// The promise.
    pub promise: String,
    /// Where the book states it: `chapter.md#anchor`.
    pub section: String,
    /// What passing it is worth.
    pub points: u8,
    /// A question or pointer for a failure that no mistake explains.
    pub hint: String,
    /// What it comes to: the first verdict of its checks that is not a pass, or a pass.
    pub verdict: Verdict,
    /// Its checks.
    pub checks: Vec<CheckReport>,
}

/// A check and what it came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CheckReport {
    /// Its name.
    pub name: String,
    /// The scenarios it read.
    pub scenarios: Vec<String>,
    /// What it came to.
    pub verdict: Verdict,
    /// How far a search came that found nothing, in a sentence for each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// The order of steps that was asked for, if nothing is wrong with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<Exhibit>,
}

/// What a report comes to; the exit status follows from it alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// All core clauses that were asked for passed.
    Passed,
    /// A core clause failed.
    Failed,
    /// The program does not compile.
    DoesNotCompile,
    /// No core clause failed, but one was not observable on this machine.
    NotObservable,
}

impl Outcome {
    /// What the clauses come to. If no core clause is among them, the stretch clauses decide.
    pub fn of(clauses: &[ClauseReport]) -> Outcome {
        let has_core = clauses.iter().any(|clause| clause.tier == Tier::Core);
        let deciding = || clauses.iter().filter(|c| !has_core || c.tier == Tier::Core);
        if deciding()
            .any(|c| c.verdict.is_failure() || matches!(c.verdict, Verdict::Blocked { .. }))
        {
            Outcome::Failed
        } else if deciding().any(|c| matches!(c.verdict, Verdict::NotObservable { .. })) {
            Outcome::NotObservable
        } else {
            Outcome::Passed
        }
    }
}
