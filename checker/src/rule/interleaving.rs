//! What holds in every order of the processes' steps.

use crate::evidence::ending::Ending;
use crate::evidence::exploration::{Deed, Exploration, Extent, Outcome};
use crate::evidence::{Facet, Observation};
use crate::scenario::exploring::Search;
use crate::verdict::{Finding, Ruling, Spot};

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

/// Whether an actor waits or looks for something that never comes.
pub fn waits_for_ever(outcome: &Outcome, actor: usize) -> bool {
    let ending = outcome.actors.get(actor).map(|actor| &actor.ending);
    matches!(
        ending,
        Some(Ending::Deadlocked { .. } | Ending::Spinning { .. })
    )
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
    let waiting = (0..outcome.actors.len()).find(|&actor| waits_for_ever(outcome, actor));
    let killed = steps.iter().rposition(|step| step.deed == Deed::Killed);
    let last = waiting.and_then(|actor| steps.iter().rposition(|step| step.task == actor));
    match (killed, waiting, last) {
        (Some(killed), Some(waiting), _) => {
            let note = format!("after this, {} waits for ever", letter(waiting));
            Some((killed, note))
        }
        (Some(killed), None, _) => Some((killed, "this is where it ends".to_owned())),
        (None, Some(_), Some(last)) => Some((last, "nobody ends this wait".to_owned())),
        _ => None,
    }
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
    if let (Some(Search::Deaths), Extent::Exhausted) = (search, &found.extent) {
        return Some(format!(
            "no violation when killed at any of {} points",
            n / 2
        ));
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
        Extent::Replayed => "no violation in this one interleaving".to_owned(),
    };
    Some(format!("{tried} (sequentially consistent memory)"))
}
