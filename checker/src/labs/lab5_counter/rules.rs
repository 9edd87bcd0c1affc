//! What decides the clauses of lab 5 about single commands, and the one about load.

use crate::evidence::Observation;
use crate::evidence::trace::Call;
use crate::rule::mapping::of_file;
use crate::rule::moved::{self, Way};
use crate::rule::trace::{calls, target};
use crate::rule::{asked, ending, exhibit, facts, file, finding::broken, refusal};
use crate::verdict::{Finding, Ruling, Spot};

use super::{name, state, times};

/// The file cannot be used: an error with its name, nothing done.
pub fn refused(obs: &Observation) -> Ruling {
    refusal::of(&state::alone(obs), &[name(obs)])
}

/// The command line is wrong.
pub fn usage(obs: &Observation) -> Ruling {
    refusal::usage(&state::alone(obs))
}

/// The only fact.
pub fn prints(obs: &Observation, actor: usize, value: i64) -> Ruling {
    facts::are_of(obs, actor, &[("value", value.to_string())])
}

/// Clause 1.
pub fn init(obs: &Observation) -> Ruling {
    ending::is_written(obs)?;
    let outcome = || {
        state::ends_as(obs, 0)?;
        prints(obs, 0, 0)?;
        ending::exits(obs, 0)
    };
    let had_length = file::before(obs, name(obs)).is_some_and(|was| was.length > 0);
    seen_or(outcome, || {
        match had_length {
            true => stored(obs),
            false => by_no_call(obs),
        }?;
        state::when_printed(obs, 0)
    })
}

/// Clause 2, watched.
pub fn increment(obs: &Observation) -> Ruling {
    ending::is_written(obs)?;
    let wanted = sum(obs, 1);
    seen_or(
        || increment_unwatched(obs),
        || {
            stored(obs)?;
            state::when_printed(obs, wanted)
        },
    )
}

/// Clause 2, as far as the files and the output tell.
pub fn increment_unwatched(obs: &Observation) -> Ruling {
    let wanted = sum(obs, 1);
    state::ends_as(obs, wanted)?;
    prints(obs, 0, wanted)?;
    ending::exits(obs, 0)
}

/// The value that the counter has when this many actors have added to it.
pub fn sum(obs: &Observation, actors: usize) -> i64 {
    let before = state::before(obs, name(obs)).unwrap_or(0);
    let added = (0..actors).map(|n| times(&obs.scenario.actors[n])).sum();
    before.wrapping_add(added)
}

/// What the trace decides, and then the outcome. Where there is no trace, the outcome can be told
/// all the same.
fn seen_or(outcome: impl FnOnce() -> Ruling, by_trace: impl FnOnce() -> Ruling) -> Ruling {
    match by_trace() {
        Err(Finding::Unobservable(reason)) => outcome().and(Err(Finding::Unobservable(reason))),
        Err(finding) => Err(finding),
        Ok(()) => outcome(),
    }
}

/// No system call moves bytes of the counter.
pub fn by_no_call(obs: &Observation) -> Ruling {
    moved::none(obs, &target(obs, name(obs)), Way::Either, "moved-by-call")
}

/// No system call sets bytes of the counter to 0, as it does where it makes a hole.
fn zeroed_by_no_call(obs: &Observation) -> Ruling {
    const MADV_REMOVE: u64 = 9;
    /// FALLOC_FL_PUNCH_HOLE, _COLLAPSE_RANGE, _ZERO_RANGE and _INSERT_RANGE (fallocate(2)).
    const HOLES: u64 = 0x02 | 0x08 | 0x10 | 0x20;
    let of = target(obs, name(obs));
    let makes_hole = |call: &Call| {
        call.is(&["fallocate"]) && call.raw(1) & HOLES != 0 && of.in_call(call)
            || call.is(&["madvise"]) && call.raw(2) == MADV_REMOVE
    };
    let all = calls(obs)?;
    let mut holes = all
        .iter()
        .filter(|step| step.call.succeeded() && makes_hole(step.call));
    let Some(step) = holes.next() else {
        return Ok(());
    };
    broken(
        format!("bytes of `{}` are set through the mapping", name(obs)),
        format!("`{}` made a hole where they were", step.call.name),
    )
    .at(Spot::Event { index: step.index })
    .show(exhibit::calls(
        obs,
        step.index,
        &["FALLOC_FL_PUNCH_HOLE", "FALLOC_FL_ZERO_RANGE"],
    ))
    .code("moved-by-call")
    .fail()
}

/// The counter is mapped so that stores reach the file, and no system call moves its bytes.
fn stored(obs: &Observation) -> Ruling {
    by_no_call(obs)?;
    zeroed_by_no_call(obs)?;
    let of = target(obs, name(obs));
    let mappings = of_file(obs, &of)?;
    if mappings.iter().any(|m| m.reaches_the_file()) {
        return Ok(());
    }
    let expected = format!("`{}` is mapped with PROT_WRITE and MAP_SHARED", name(obs));
    let Some(last) = mappings.last() else {
        return asked::nothing_mapped(obs, &of, expected);
    };
    let flags = asked::flags(last.prot, last.shared);
    let seen = broken(expected, format!("it was mapped with {flags}"))
        .at(Spot::Event { index: last.made })
        .show(exhibit::calls(
            obs,
            last.made,
            &["MAP_PRIVATE", "PROT_READ"],
        ));
    match last.shared {
        true => seen.fail(),
        false => seen.code("private-mapping").fail(),
    }
}

/// Clause 2: several processes, one after the other.
pub fn persists(obs: &Observation) -> Ruling {
    ending::is_written(obs)?;
    for n in 0..obs.scenario.actors.len() {
        ending::exits_of(obs, n, 0)?;
        prints(obs, n, sum(obs, n + 1))?;
    }
    state::ends_as(obs, sum(obs, obs.scenario.actors.len()))
}
