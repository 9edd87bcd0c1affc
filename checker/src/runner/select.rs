//! Which clauses are asked for, and which scenarios they need. Pure.

use crate::lab::{Clause, Judge, Lab, Tier};
use crate::observe;
use crate::scenario::Scenario;
use crate::scenario::exploring::Search;

use super::{Fault, Request};

/// The clauses of a run, in two parts.
pub(super) struct Selection {
    /// Judged in any case.
    pub first: Vec<&'static Clause>,
    /// Judged if all of the first part passed.
    pub then: Vec<&'static Clause>,
}

impl Selection {
    /// Both parts, in the order of the chapter.
    pub fn all(&self) -> Vec<&'static Clause> {
        let mut all = [self.first.as_slice(), self.then.as_slice()].concat();
        all.sort_by_key(|clause| clause.number);
        all
    }

    /// Whether the chapter has the first part before the second.
    pub fn is_in_order(&self) -> bool {
        let last = self.first.iter().map(|clause| clause.number).max();
        self.then.iter().all(|clause| Some(clause.number) > last)
    }
}

/// The scenarios of a run, in the same two parts; each stands once.
pub(super) struct Scenarios {
    /// Those that the first part needs.
    pub first: Vec<Scenario>,
    /// Those that only the second part needs.
    pub then: Vec<Scenario>,
}

/// Which clauses `request` asks for.
pub(super) fn clauses(lab: &Lab, request: &Request) -> Selection {
    let of = |wanted: &dyn Fn(&Clause) -> bool| -> Vec<&'static Clause> {
        lab.clauses.iter().filter(|clause| wanted(clause)).collect()
    };
    match (request.only, request.stretch) {
        (Some(number), _) => Selection {
            first: of(&|clause| clause.number == number),
            then: Vec::new(),
        },
        (None, true) => Selection {
            first: of(&|_| true),
            then: Vec::new(),
        },
        (None, false) => Selection {
            first: of(&|clause| clause.tier == Tier::Core),
            then: of(&|clause| clause.tier == Tier::Stretch),
        },
    }
}

/// Which scenarios the clauses need, in the lab's order. One whose text is compared with a stored
/// transcript always has the inputs of seed 0. Those that are explored have the order that is asked
/// for.
pub(super) fn scenarios(
    lab: &Lab,
    request: &Request,
    selection: &Selection,
) -> Result<Scenarios, Fault> {
    let fixed: Vec<&str> = names(lab.clauses.iter(), |judge| {
        matches!(judge, Judge::Transcript(_))
    });
    let page = observe::page_size();
    let mut drawn = (lab.scenarios)(request.seed, page);
    for scenario in (lab.scenarios)(0, page) {
        if fixed.contains(&scenario.name.as_str())
            && let Some(place) = drawn.iter_mut().find(|one| one.name == scenario.name)
        {
            *place = scenario;
        }
    }
    let first = names(selection.first.iter().copied(), |_| true);
    let then = names(selection.then.iter().copied(), |_| true);
    let is_missing = |name: &&&str| !drawn.iter().any(|scenario| scenario.name == **name);
    if let Some(missing) = first.iter().chain(&then).find(is_missing) {
        return Err(Fault::NoScenario((*missing).to_owned()));
    }
    if let Some(schedule) = &request.schedule {
        for explore in drawn.iter_mut().filter_map(|one| one.explore.as_mut()) {
            explore.search = Search::Replay(schedule.clone());
        }
    }
    let is_first = |scenario: &Scenario| first.contains(&scenario.name.as_str());
    drawn.retain(|one| is_first(one) || then.contains(&one.name.as_str()));
    let (first, then) = drawn.into_iter().partition(is_first);
    Ok(Scenarios { first, then })
}

/// The scenarios that are named by checks of this kind.
fn names(
    clauses: impl Iterator<Item = &'static Clause>,
    of_kind: impl Fn(&Judge) -> bool,
) -> Vec<&'static str> {
    let checks = clauses.flat_map(|clause| clause.checks);
    checks
        .filter(|check| of_kind(&check.judge))
        .flat_map(|check| check.scenarios.iter().copied())
        .collect()
}
