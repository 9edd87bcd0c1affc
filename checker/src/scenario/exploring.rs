//! How a scenario is explored: every order of its processes' steps instead of one run.

use serde::{Deserialize, Serialize};

use crate::evidence::bytes::Bytes;
use crate::evidence::exploration::Outcome;
use crate::evidence::schedule::Schedule;

/// The crate that explores, as [`Lab::beside`](crate::lab::Lab::beside) names it. Its program is an
/// observer process.
pub const EXPLORER: &str = "explorer";

/// What is to be explored, and how far.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Explore {
    /// Which orders are run.
    pub search: Search,
    /// A file, and how it may begin in the end. The search stops at the first outcome in which it
    /// begins otherwise or a process does not succeed; without this it goes through all.
    pub accept: Option<Accept>,
    /// How many interleavings the complete search may take, and then each bounded one.
    pub interleavings: u64,
    /// How many steps one run may take.
    pub steps: u32,
    /// How often processes may look in vain when nobody else can go on, before they are said to look
    /// for ever.
    #[serde(default = "looks")]
    pub looks: u32,
    /// Wall time of the whole search, milliseconds.
    pub wall_ms: u64,
}

/// Which orders are run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Search {
    /// All of them; of those that differ only in the order of steps that have nothing to do with
    /// each other, one. If that takes too long, all with a few preemptions.
    Every,
    /// All of them, those that differ in nothing included.
    Each,
    /// All with at most so many preemptions: switches away from a process that could go on.
    Bounded(u32),
    /// The first actor alone, killed before each of its steps and calls in turn.
    Deaths,
    /// Three actors: the second takes some steps, the first goes as far as it can, the second comes
    /// to its end; then the first takes some steps, the third comes to its end, and the first goes
    /// on. With every number of steps that makes a difference.
    Visits,
    /// Just this one; after its end, each process goes on as far as it can.
    Replay(Schedule),
}

/// What a file may be in the end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accept {
    /// The file.
    pub file: String,
    /// Its first bytes: any of these.
    pub beginnings: Vec<Bytes>,
    /// Whether a process may end with another status than 0, too.
    #[serde(default)]
    pub may_fail: bool,
}

/// More than a program that gives up after a few looks takes.
fn looks() -> u32 {
    100
}

impl Explore {
    /// A search with the limits that a learner waits for.
    pub fn new(search: Search) -> Explore {
        Explore {
            search,
            accept: None,
            interleavings: 2_000,
            steps: 5_000,
            looks: looks(),
            wall_ms: 4_000,
        }
    }

    /// Whether an outcome may be. Of a run that was cut short nobody knows, so the search goes on.
    pub fn accepts(&self, outcome: &Outcome) -> bool {
        let Some(accept) = self.accept.as_ref().filter(|_| !outcome.was_cut_short()) else {
            return true;
        };
        let begins = outcome.file(&accept.file).is_some_and(|held| {
            let mut any = accept.beginnings.iter();
            any.any(|beginning| held.bytes.0.starts_with(&beginning.0))
        });
        begins && (accept.may_fail || outcome.all_succeeded())
    }
}
