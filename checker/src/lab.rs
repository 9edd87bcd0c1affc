//! A lab as declaration: what is promised, what is run to see it, and which mistakes are known.
//!
//! A [`Lab`] does nothing. The course holds one for each lab; the runner observes its scenarios
//! and judges its checks.

use serde::{Deserialize, Serialize};

use crate::evidence::Observation;
use crate::scenario::Scenario;
use crate::verdict::{Exhibit, Ruling};

/// One lab of the course.
#[derive(Debug)]
pub struct Lab {
    /// Its place in the course, from 1.
    pub number: u8,
    /// Folder, package and binary name: `lab3-copy`.
    pub slug: &'static str,
    /// The title of its chapter.
    pub title: &'static str,
    /// How long one who knows Rust but not mmap takes, minutes.
    pub minutes: u16,
    /// The numbered promises of its contract, in teaching order: clause 0 first, core, stretch.
    pub clauses: &'static [Clause],
    /// The crates in `checker/` that its scenarios need, built with its program in one call of
    /// cargo: `pagesize` for [`Scenario::page_size`].
    pub beside: &'static [&'static str],
    /// What is run, with inputs drawn from a seed, for a machine with pages of so many bytes. Names
    /// are unique; the order is that of the checks, so that what fails first is seen first.
    pub scenarios: fn(seed: u64, page: u64) -> Vec<Scenario>,
    /// The mistakes that are told apart by name, the most specific first.
    pub mistakes: &'static [Mistake],
}

impl Lab {
    /// The short name: `copy` of `lab3-copy`.
    pub fn name(&self) -> &'static str {
        self.slug
            .split_once('-')
            .map_or(self.slug, |(_, name)| name)
    }

    /// The mistake with this code.
    pub fn mistake(&self, code: &str) -> Option<&'static Mistake> {
        self.mistakes.iter().find(|mistake| mistake.code == code)
    }
}

/// Whether a clause decides that the lab is passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tier {
    /// Decides.
    Core,
    /// For those who want more; never changes the exit status.
    Stretch,
}

/// One numbered promise of a contract.
#[derive(Debug)]
pub struct Clause {
    /// Its number in the chapter.
    pub number: u8,
    /// Core or stretch.
    pub tier: Tier,
    /// The promise in one sentence, as the chapter's heading of the clause has it.
    pub promise: &'static str,
    /// What passing it is worth.
    pub points: u8,
    /// Clauses without which this one cannot be told; if one of them fails, this is blocked.
    pub after: &'static [u8],
    /// A question or pointer for a failure that no mistake explains.
    pub hint: &'static str,
    /// What is looked at, in order.
    pub checks: &'static [Check],
}

/// One thing that is looked at for a clause.
#[derive(Debug)]
pub struct Check {
    /// A name, unique in the lab.
    pub name: &'static str,
    /// The scenarios whose evidence it reads, by name.
    pub scenarios: &'static [&'static str],
    /// How it is decided.
    pub judge: Judge,
}

impl Check {
    /// A check that each of its scenarios decides by itself.
    pub const fn each(
        name: &'static str,
        scenarios: &'static [&'static str],
        rule: fn(&Observation) -> Ruling,
    ) -> Check {
        Check {
            name,
            scenarios,
            judge: Judge::Each(rule),
        }
    }

    /// A check that each actor of its scenarios decides by itself.
    pub const fn runs(
        name: &'static str,
        scenarios: &'static [&'static str],
        rule: fn(&Observation) -> Ruling,
    ) -> Check {
        Check {
            name,
            scenarios,
            judge: Judge::Runs(rule),
        }
    }
}

/// How a check is decided. All are pure.
#[derive(Clone, Copy, Debug)]
pub enum Judge {
    /// Each scenario by itself; the first that fails decides.
    Each(fn(&Observation) -> Ruling),
    /// Each actor of each scenario by itself ([`Observation::alone`]): several runs of a program
    /// that have nothing to do with one another, in one scenario to save time.
    Runs(fn(&Observation) -> Ruling),
    /// All scenarios together, in the order of [`Check::scenarios`].
    Together(fn(&[&Observation]) -> Ruling),
    /// Standard output of the scenario's first actor equals the stored snapshot of this name.
    Transcript(&'static str),
}

/// A mistake that can be recognised from evidence.
#[derive(Debug)]
pub struct Mistake {
    /// Stable code, such as `private-mapping`.
    pub code: &'static str,
    /// Why it is a mistake, in one or two sentences to the learner.
    pub says: &'static str,
    /// A question or a pointer; never the answer.
    pub hint: &'static str,
    /// Where the book explains it: `chapter.md#anchor`.
    pub section: &'static str,
    /// The clauses it can be the reason for.
    pub clauses: &'static [u8],
    /// Looks for it in an observation in which a check failed.
    pub recognise: fn(&Observation) -> Option<Clue>,
}

/// How a mistake shows.
#[derive(Clone, Debug, Default)]
pub struct Clue {
    /// What should have been observed instead of [`Clue::observed`]; the two are about one thing.
    pub expected: Option<String>,
    /// What was observed, if that says more than the rule's own words.
    pub observed: Option<String>,
    /// What to show, if that says more than the rule's own exhibit.
    pub exhibit: Option<Exhibit>,
}
