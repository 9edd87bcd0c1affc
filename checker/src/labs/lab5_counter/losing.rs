//! How a program lost an addition, as far as a trace tells: which locks were taken, and by whom.

use crate::evidence::Observation;
use crate::evidence::ending::Ending;
use crate::evidence::trace::What;
use crate::lab::Clue;
use crate::rule::clue;
use crate::rule::mapping::replay;
use crate::rule::trace::{Id, Step, calls_seen, events, target};

use super::{name, state, times};

/// Whether fewer additions are in the counter than were made.
fn is_lost(obs: &Observation) -> bool {
    let began = |n: &usize| obs.evidence.actors[*n].ending != Ending::NeverDue;
    let actors = (0..obs.scenario.actors.len()).filter(began);
    let made: i64 = actors.map(|n| times(obs, n)).sum();
    let values = (state::before(obs, name(obs)), state::after(obs, name(obs)));
    match values {
        (Some(before), Some(after)) => (0..made).contains(&after.wrapping_sub(before)),
        _ => false,
    }
}

/// Locks that were asked for and given, or given back, in the order in which that came about.
fn locks(obs: &Observation) -> Vec<Step<'_>> {
    let mut all = calls_seen(obs);
    all.retain(|step| step.call.is(&["flock", "fcntl"]) && step.call.succeeded());
    all.sort_by_key(given);
    all
}

/// The event before which a call was answered: it may have waited.
fn given(step: &Step<'_>) -> usize {
    step.call.returned.unwrap_or(step.index + 1)
}

/// The file that a lock is on.
fn file_of(step: &Step<'_>) -> Option<Id> {
    let file = step.call.file.as_ref()?;
    Some((file.device, file.inode))
}

/// A lock of fcntl that belongs to a process, and not to a descriptor.
fn is_of_a_process(step: &Step<'_>) -> bool {
    let shown = |n: usize| step.call.arguments.get(n).map(|a| a.shown.as_str());
    step.call.is(&["fcntl"]) && shown(1).is_some_and(|command| command.starts_with("F_SETLK"))
}

/// An addition is lost, and two processes have such a lock on one file at once: that of the first is gone, and it neither
/// gave it back nor ended.
pub fn dropped(obs: &Observation) -> Option<Clue> {
    let all = locks(obs);
    let events = events(obs).ok().filter(|_| is_lost(obs))?;
    let who = |step: &Step<'_>| (step.actor, step.process);
    for (n, first) in all.iter().enumerate() {
        let of_file = |step: &&Step<'_>| is_of_a_process(step) && file_of(step) == file_of(first);
        let Some(second) = all[n + 1..].iter().find(of_file) else {
            continue;
        };
        // The next call about the lock is another process's.
        let ended = events[first.index..given(second)].iter().any(|event| {
            (event.actor, event.process) == who(first)
                && matches!(event.what, What::Leaving | What::Ended)
        });
        // A call that only gives the lock back is followed by whoever waited for it.
        let before = all[..n].iter().filter(|step| who(step) == who(first));
        let takes = before.filter(of_file).count() % 2 == 0;
        if is_of_a_process(first) && who(first) != who(second) && takes && !ended {
            let expected = "one process has the lock until it has stored";
            let seen = "another one got it meanwhile: it was gone";
            return Some(clue::at(
                obs,
                second.index,
                &["F_SETLKW", "F_SETLK"],
                expected,
                seen,
            ));
        }
    }
    None
}

/// There are locks, and an addition is lost all the same.
pub fn half_locked(obs: &Observation) -> Option<Clue> {
    (is_lost(obs) && !locks(obs).is_empty()).then(Clue::default)
}

/// A lock in memory, without the kernel, and an addition is lost all the same.
pub fn mutex(obs: &Observation) -> Option<Clue> {
    if !is_lost(obs) || !locks(obs).is_empty() {
        return None;
    }
    let of = target(obs, name(obs));
    let mut other = None;
    replay(obs, |index, _, mappings| {
        let mut its = mappings
            .iter()
            .filter(|m| m.reaches_the_file() && !of.has(m.id));
        if other.is_none() && its.next().is_some() {
            other = Some(index);
        }
    })
    .ok()?;
    let expected = "the mutex keeps other processes out";
    let seen = "an addition is lost all the same";
    Some(clue::at(obs, other?, &["MAP_SHARED"], expected, seen))
}

/// No lock is seen, where one would be.
pub fn unlocked(obs: &Observation) -> Option<Clue> {
    let is_watched = events(obs).is_ok();
    (is_watched && is_lost(obs) && locks(obs).is_empty()).then(Clue::default)
}
