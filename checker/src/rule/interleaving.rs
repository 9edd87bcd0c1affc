//! What holds in every order of the processes' steps.

use crate::evidence::ending::Ending;
use crate::evidence::exploration::{Deed, Exploration, Extent, Outcome, Step};
use crate::evidence::{Facet, Observation};
use crate::scenario::exploring::Search;
use crate::verdict::{Exhibit, Finding, Ruling, Spot};

use super::ending;
use super::finding::broken;
use super::timeline::{self, letter};

/// What an outcome should have been, and what it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// What should have been.
    pub expected: String,
    /// What was.
    pub observed: String,
}

/// What a search found.
///
/// # Errors
///
/// The scenario was not explored, or could not be.
pub fn explored(obs: &Observation) -> Result<&Exploration, Finding> {
    match &obs.evidence.exploration {
        Some(Facet::Seen(found)) => Ok(found),
        Some(Facet::Unseen(reason)) => Err(Finding::Unobservable(reason.clone())),
        None => Err(Finding::Unobservable("it was not explored".to_owned())),
    }
}

/// No outcome is `wrong`. The first that is, is shown step by step; it is about the word at an
/// offset of a file.
pub fn no_order(
    obs: &Observation,
    about: (&str, u64),
    wrong: impl Fn(&Outcome) -> Option<Wrong>,
) -> Ruling {
    let found = explored(obs)?;
    // One that was cut short says nothing; one that came to a wrong end does, whatever others do.
    let seen = |outcome: &&Outcome| too_many_steps(outcome).is_none();
    let first = found.outcomes.iter().filter(seen).find_map(|outcome| {
        let wrong = wrong(outcome)?;
        Some((outcome, wrong))
    });
    let Some((outcome, wrong)) = first else {
        return was_enough(obs, found);
    };
    let marked = marked(outcome, about);
    let spot = marked
        .as_ref()
        .map_or(Spot::Ending, |(index, _)| Spot::Step { number: index + 1 });
    broken(wrong.expected, wrong.observed)
        .within(obs)
        .at(spot)
        .under(&outcome.schedule)
        .show(timeline::exhibit(obs, outcome, about, marked))
        .fail()
}

/// So few interleavings say nothing.
const FEW: u64 = 20;

/// A search that found nothing went far enough to say so.
fn was_enough(obs: &Observation, found: &Exploration) -> Ruling {
    if let Some(limit) = found.outcomes.iter().find_map(too_many_steps) {
        let reason = format!("one run takes more than {limit} steps");
        return Err(Finding::Unobservable(reason));
    }
    let search = obs.scenario.explore.as_ref().map(|explore| &explore.search);
    match &found.extent {
        Extent::Capped(why) if found.interleavings < FEW || search == Some(&Search::Deaths) => {
            Err(Finding::Unobservable(why.clone()))
        }
        _ => Ok(()),
    }
}

fn too_many_steps(outcome: &Outcome) -> Option<u32> {
    outcome.actors.iter().find_map(|actor| match actor.ending {
        Ending::TooManySteps { limit } => Some(limit),
        _ => None,
    })
}

/// A process of an outcome that did not end as it should: exit status 0, or killed on purpose.
pub fn misfortune(obs: &Observation, outcome: &Outcome) -> Option<String> {
    let actors = outcome.actors.iter().enumerate();
    let unlucky = actors.filter(|(_, actor)| {
        !matches!(
            actor.ending,
            Ending::Exited { code: 0 } | Ending::Stopped { .. }
        )
    });
    let mut told =
        unlucky.map(|(n, actor)| format!("{}: {}", letter(n), ending::words(obs, actor)));
    told.next()
}

/// The step that shows best what went wrong, and what is to be said of it.
fn marked(outcome: &Outcome, (file, offset): (&str, u64)) -> Option<(usize, String)> {
    let steps = &outcome.steps;
    if let Some(lost) = timeline::lost(steps, file, offset) {
        let (over, update) = (&steps[lost.over], &steps[lost.update]);
        let was = match &update.deed {
            Deed::Store { after, .. } | Deed::Atomic { after, .. } => timeline::number(after),
            _ => String::new(),
        };
        let note = format!(
            "{} has not seen {}'s {was}: that update is lost",
            letter(over.task),
            letter(update.task),
        );
        return Some((lost.over, note));
    }
    let waiting = (0..outcome.actors.len()).find(|&actor| outcome.waits_for_ever(actor));
    let killed = steps.iter().rposition(|step| step.deed == Deed::Killed);
    let last = waiting.and_then(|actor| steps.iter().rposition(|step| step.task == actor));
    match (killed, waiting, last) {
        (Some(killed), Some(waiting), _) => {
            let note = format!("after this, {} waits for ever", letter(waiting));
            Some((killed, note))
        }
        (Some(killed), None, _) => Some((killed, "this is where it ends".to_owned())),
        (None, Some(_), Some(last)) => Some((last, "nobody ends this wait".to_owned())),
        _ => {
            let at = stored_nothing(steps, (file, offset))?;
            let note = format!("{} stored nothing here", letter(steps[at].task));
            Some((at, note))
        }
    }
}

/// The one order that was asked for, step by step.
pub fn asked_for(obs: &Observation) -> Option<Exhibit> {
    let Facet::Seen(found) = obs.evidence.exploration.as_ref()? else {
        return None;
    };
    let accept = obs.scenario.explore.as_ref()?.accept.as_ref()?;
    match found.extent {
        Extent::Replayed(_) => {
            let about = (accept.file.as_str(), 0);
            let outcome = found.outcomes.first()?;
            Some(timeline::exhibit(obs, outcome, about, None))
        }
        _ => None,
    }
}

/// The last access of a process to these bytes, if it was a compare-and-exchange that did not
/// exchange.
fn stored_nothing(steps: &[Step], (file, offset): (&str, u64)) -> Option<usize> {
    let is_there = |step: &Step| match &step.deed {
        Deed::Load { at, .. } | Deed::Store { at, .. } | Deed::Atomic { at, .. } => {
            at.file == file && at.offset == offset
        }
        _ => false,
    };
    let is_last = |at: &usize| {
        let mut later = steps[at + 1..].iter();
        is_there(&steps[*at]) && !later.any(|one| one.task == steps[*at].task && is_there(one))
    };
    (0..steps.len())
        .filter(is_last)
        .find(|&at| timeline::exchange_failed(steps, at))
}

/// How far the search of a scenario came that found nothing wrong, in a sentence: what was tried,
/// and on what memory.
pub fn remark(obs: &Observation) -> Option<String> {
    let found = match obs.evidence.exploration.as_ref()? {
        Facet::Seen(found) => found,
        Facet::Unseen(reason) => return Some(format!("not exhausted here: {reason}")),
    };
    if let Err(Finding::Unobservable(why)) = was_enough(obs, found) {
        return Some(format!("not exhausted here: {why}"));
    }
    let n = found.interleavings;
    let search = obs.scenario.explore.as_ref().map(|explore| &explore.search);
    match (search, &found.extent) {
        (Some(Search::Deaths), Extent::Exhausted) => {
            let points = n / 2;
            return Some(format!(
                "no violation when killed at any of {points} points"
            ));
        }
        (Some(Search::Visits), Extent::Exhausted) => {
            return Some(format!("no violation in {n} interleavings of three"));
        }
        _ => {}
    }
    let (orders, stand) = match n {
        1 => ("interleaving", "stands"),
        _ => ("interleavings", "stand"),
    };
    let tried = match &found.extent {
        Extent::Exhausted => format!("no violation in {n} {orders}, which {stand} for all"),
        Extent::Preemptions(most, _) => format!(
            "no violation in {n} {orders}, all with at most {most} preemptions; not exhausted"
        ),
        Extent::Capped(why) => {
            format!("no violation in {n} {orders}; not exhausted, {why}")
        }
        Extent::Stopped => return None,
        Extent::Replayed(None) => {
            let one = "no violation in this one interleaving; after its letters each process goes \
                       on as far as it can";
            return Some(one.to_owned());
        }
        Extent::Replayed(Some(why)) => {
            return Some(format!(
                "the program does not take this order: {why}. No violation in the one that it \
                 takes instead"
            ));
        }
    };
    Some(format!("{tried} (sequentially consistent memory)"))
}
