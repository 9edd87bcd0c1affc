//! How a program lost an addition, as the steps of the order tell in which it did.

use crate::evidence::exploration::{Deed, Exploration, Outcome, SharedPlace, Step};
use crate::evidence::{Facet, Observation};
use crate::lab::Clue;
use crate::rule::timeline::{self, Lost};

use super::{crossing, exploring, name, word};

/// The first outcome in which an addition is missing, or the processes held each other up.
fn failed(obs: &Observation) -> Option<&Outcome> {
    let Some(Facet::Seen(Exploration { outcomes, .. })) = &obs.evidence.exploration else {
        return None;
    };
    outcomes
        .iter()
        .find(|one| exploring::wrong(obs, one).is_some())
}

/// The outcome, and the addition that is lost in it.
fn lost(obs: &Observation) -> Option<(&Outcome, Lost)> {
    let outcome = failed(obs)?;
    Some((outcome, timeline::lost(&outcome.steps, name(obs), 0)?))
}

fn call(step: &Step) -> &str {
    match &step.deed {
        Deed::Call { text, .. } | Deed::Waits { text } => text,
        _ => "",
    }
}

/// Whether a step is a call about a lock of the kernel.
fn is_about_lock(step: &Step) -> bool {
    call(step).starts_with("flock(") || call(step).starts_with("fcntl(")
}

/// A lock of fcntl was taken, and a descriptor closed before the store.
pub fn dropped(obs: &Observation) -> Option<Clue> {
    let (outcome, lost) = lost(obs)?;
    let steps = &outcome.steps;
    [lost.over, lost.update].into_iter().find_map(|store| {
        let own = steps[..store]
            .iter()
            .filter(|one| one.task == steps[store].task);
        let mut calls = own.filter(|one| !call(one).is_empty()).rev();
        let closed = calls.next().filter(|one| call(one).starts_with("close("))?;
        let taken = calls.find(|one| is_about_lock(one))?;
        let is_of_a_process =
            call(taken).starts_with("fcntl(") && call(taken).contains(", F_SETLK");
        (is_of_a_process && closed.task == taken.task).then(Clue::default)
    })
}

/// A compare-and-exchange did not exchange, and nobody tried again.
pub fn exchanged_once(obs: &Observation) -> Option<Clue> {
    let outcome = failed(obs)?;
    let steps = &outcome.steps;
    let is_on_counter = |step: &Step| match &step.deed {
        Deed::Load { at, .. } | Deed::Store { at, .. } | Deed::Atomic { at, .. } => {
            at.file == name(obs)
        }
        _ => false,
    };
    let is_last = |at: &usize| {
        let mut later = steps[at + 1..].iter();
        !later.any(|one| one.task == steps[*at].task && is_on_counter(one))
    };
    let mut last = (0..steps.len())
        .filter(|&at| is_on_counter(&steps[at]))
        .filter(is_last);
    let gave_up = last.any(|at| timeline::exchange_failed(steps, at));
    (exploring::is_lost(obs, outcome) && gave_up).then(Clue::default)
}

/// A lock was asked for without waiting, was not there, and the program went on.
pub fn not_taken(obs: &Observation) -> Option<Clue> {
    let (outcome, lost) = lost(obs)?;
    let steps = &outcome.steps;
    [lost.over, lost.update].into_iter().find_map(|store| {
        let own = steps[..store].iter().rev();
        let mut own = own.filter(|one| one.task == steps[store].task && is_about_lock(one));
        let is_refused = matches!(own.next()?.deed, Deed::Call { result, .. } if result < 0);
        is_refused.then(Clue::default)
    })
}

/// There are locks, and an addition is lost all the same.
pub fn half_locked(obs: &Observation) -> Option<Clue> {
    let (outcome, _) = lost(obs)?;
    outcome.steps.iter().any(is_about_lock).then(Clue::default)
}

/// A process waited at a word in shared memory as if only threads of its own could wake it.
fn waits_alone(steps: &[Step]) -> bool {
    let alone =
        |step: &Step| matches!(&step.deed, Deed::Waits { text } if text.contains("_PRIVATE"));
    steps.iter().any(alone)
}

/// A mutex of the C library in shared memory was changed step by step, as for the threads of one
/// process; or a word beside the counter was, which nobody ever changes in one step.
pub fn mutex(obs: &Observation) -> Option<Clue> {
    let steps = &failed(obs)?.steps;
    let in_mutex = |step: &Step| {
        let place = step.place.as_ref();
        let function = place.and_then(|place| place.function.as_deref());
        function.is_some_and(|name| name.contains("mutex"))
    };
    let in_one_step = |place: &SharedPlace| {
        let atomic = |step: &Step| matches!(&step.deed, Deed::Atomic { at, .. } if at == place);
        steps.iter().any(atomic)
    };
    let is_plain = |step: &Step| match &step.deed {
        Deed::Store { at, .. } => in_mutex(step) || at.file != name(obs) && !in_one_step(at),
        _ => false,
    };
    (steps.iter().any(is_plain) || waits_alone(steps)).then(Clue::default)
}

/// An addition is lost, and nothing tells of a lock.
pub fn unlocked(obs: &Observation) -> Option<Clue> {
    exploring::is_lost(obs, failed(obs)?).then(Clue::default)
}

/// In some order the counter has a value that it never had.
pub fn torn(obs: &Observation) -> Option<Clue> {
    if word(obs, 1, 0) == "init" {
        return crossing::torn(obs);
    }
    let Some(Facet::Seen(Exploration { outcomes, .. })) = &obs.evidence.exploration else {
        return None;
    };
    let mut outcomes = outcomes.iter();
    outcomes
        .any(|one| exploring::is_torn(obs, one))
        .then(Clue::default)
}
