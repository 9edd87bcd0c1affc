//! What came of letting processes take turns in every order: the outcomes, and one order that leads
//! to each.

use serde::{Deserialize, Serialize};

use super::bytes::Bytes;
use super::ending::{Actor, Ending};
use super::schedule::Schedule;

/// What exploring a scenario showed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Exploration {
    /// How far the search came.
    pub extent: Extent,
    /// Interleavings that were run to their end.
    pub interleavings: u64,
    /// Interleavings that were left on the way, since they differ from one that was run only in the
    /// order of steps that have nothing to do with each other.
    pub redundant: u64,
    /// Steps of all runs together, those of the redundant ones included.
    pub steps: u64,
    /// Wall time of the search, microseconds.
    pub micros: u64,
    /// Every outcome that was met, in the order of meeting, up to [`Exploration::KEPT`].
    pub outcomes: Vec<Outcome>,
}

impl Exploration {
    /// How many different outcomes are kept.
    pub const KEPT: usize = 64;
    /// How many steps of one outcome's schedule are kept.
    pub const STEPS: usize = 1000;
}

/// How far a search came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Extent {
    /// To its end: there is no interleaving that it did not look at.
    Exhausted,
    /// To its end among the interleavings in which no more than so many times a process that could
    /// have gone on was made to wait. The complete search was too long: why, as a clause that can
    /// follow "because".
    Preemptions(u32, String),
    /// To the first outcome that is not accepted.
    Stopped,
    /// Not to its end: why, as a clause that can follow "because".
    Capped(String),
    /// Only the one schedule that was asked for. If a turn of it could not be taken, it was passed
    /// over: the first of them and why, as `at step 3, B has to wait`.
    Replayed(Option<String>),
}

/// How one interleaving, or several, came out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// How many interleavings that were run came out so.
    pub count: u64,
    /// One of them.
    pub schedule: Schedule,
    /// The processes that the scenario starts, in its order.
    pub actors: Vec<Actor>,
    /// The files in the scenario's folder when all had ended, by name.
    pub files: Vec<Left>,
    /// The same when a process was killed on purpose, if one was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_kill: Option<Vec<Left>>,
    /// What happened under [`Outcome::schedule`], step by step; only the beginning of a long run,
    /// and nothing for most of many outcomes.
    pub steps: Vec<Step>,
}

/// A file that a run left.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Left {
    /// Its name, relative to the scenario's folder.
    pub name: String,
    /// Its length, bytes.
    pub length: u64,
    /// Its first bytes, up to [`Left::KEPT`].
    pub bytes: Bytes,
}

impl Left {
    /// How many bytes of a file are kept.
    pub const KEPT: usize = 4096;
}

impl Outcome {
    /// The file of this name.
    pub fn file(&self, name: &str) -> Option<&Left> {
        self.files.iter().find(|file| file.name == name)
    }

    /// Whether every process that was not ended on purpose exited with status 0.
    pub fn all_succeeded(&self) -> bool {
        self.actors.iter().all(|actor| {
            matches!(
                actor.ending,
                Ending::Exited { code: 0 } | Ending::Stopped { .. }
            )
        })
    }

    /// Whether a process took more steps than a run may have.
    pub fn was_cut_short(&self) -> bool {
        let cut = |ending: &Ending| matches!(ending, Ending::TooManySteps { .. });
        self.actors.iter().any(|actor| cut(&actor.ending))
    }

    /// Whether an actor waits or looks for something that never comes.
    pub fn waits_for_ever(&self, actor: usize) -> bool {
        let ending = self.actors.get(actor).map(|actor| &actor.ending);
        matches!(
            ending,
            Some(Ending::Deadlocked { .. } | Ending::Spinning { .. })
        )
    }

    /// Whether all processes ended as in another.
    pub fn ends_like(&self, other: &Outcome) -> bool {
        let endings = |outcome: &Outcome| -> Vec<Ending> {
            outcome
                .actors
                .iter()
                .map(|one| one.ending.clone())
                .collect()
        };
        endings(self) == endings(other)
    }

    /// Whether this is the same outcome as another: endings, output and files.
    pub fn is_like(&self, other: &Outcome) -> bool {
        let same = |a: &Actor, b: &Actor| {
            (&a.ending, &a.stdout, &a.stderr) == (&b.ending, &b.stdout, &b.stderr)
        };
        self.files == other.files
            && self.at_kill == other.at_kill
            && self.actors.len() == other.actors.len()
            && self
                .actors
                .iter()
                .zip(&other.actors)
                .all(|(a, b)| same(a, b))
    }
}

/// One step of one process: what it did between two points at which another could have gone on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// The process or thread: the actors in their order, then those that they started, as they came.
    pub task: usize,
    /// The actor to which it belongs.
    pub actor: usize,
    /// What it did.
    pub deed: Deed,
    /// Where in the program.
    pub place: Option<CodePlace>,
}

/// What a step did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "did")]
pub enum Deed {
    /// Read from a mapping.
    Load {
        /// Where.
        at: SharedPlace,
        /// What it read.
        bytes: Bytes,
    },
    /// Wrote into a mapping.
    Store {
        /// Where.
        at: SharedPlace,
        /// What was there.
        before: Bytes,
        /// What it wrote.
        after: Bytes,
    },
    /// Read and wrote at once, so that nobody comes between.
    Atomic {
        /// Where.
        at: SharedPlace,
        /// What was there.
        before: Bytes,
        /// What is there now.
        after: Bytes,
    },
    /// A system call.
    Call {
        /// The call as text, such as `flock(3, LOCK_EX)`.
        text: String,
        /// Its answer; negative errno for an error.
        result: i64,
    },
    /// A system call that has to wait for another process.
    Waits {
        /// The call as text.
        text: String,
    },
    /// Killed on purpose, where it stood.
    Killed,
}

/// A place that processes share.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SharedPlace {
    /// The file that is mapped, relative to the scenario's folder if inside it.
    pub file: String,
    /// Offset of the first byte in the file.
    pub offset: u64,
}

/// A place in a program.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodePlace {
    /// The instruction, as an assembler writes it.
    pub instruction: String,
    /// The function that it is in, if its file names it: one of a library too.
    pub function: Option<String>,
    /// The nearest line of the program's own source that led to it; none without debug information.
    pub line: Option<SourceLine>,
}

/// A line of source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceLine {
    /// The file, as the compiler wrote it down.
    pub file: String,
    /// Counted from 1.
    pub line: u32,
    /// The function, if known.
    pub function: Option<String>,
    /// The line itself, without the spaces around it, if the file is there.
    pub text: Option<String>,
}
