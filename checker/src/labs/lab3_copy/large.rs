//! What decides the clauses of lab 3 about large files: windows, and lengths beyond 32 bits.

use crate::evidence::Observation;
use crate::evidence::trace::Mmap;
use crate::rule::finding::{broken, seen};
use crate::rule::mapping::{Range, replay, union};
use crate::rule::moved::{self, Way};
use crate::rule::trace::{calls, length_set, target};
use crate::rule::{ending, exhibit, file};
use crate::verdict::{Finding, Ruling, Spot};

use super::rules::{self, facts_of};
use super::scenarios::{CUT, HUGE};
use super::{destination, mistakes, source};

/// Clause 8.
pub fn windows(obs: &Observation) -> Ruling {
    const LIMIT: u64 = 16 << 20;
    let length = file::before(obs, source(obs)).map_or(0, |state| state.length);
    for name in [source(obs), destination(obs)] {
        let of = target(obs, name);
        let mut most = (0, 0, 0);
        replay(obs, |index, _, mappings| {
            let shown = mappings.iter().filter(|m| of.has(m.id)).map(|m| {
                let range = m.range();
                Range {
                    from: range.from,
                    to: range.to.min(length),
                }
            });
            let shown: Vec<Range> = shown.filter(|range| range.from < range.to).collect();
            let longest = shown.iter().map(|range| range.to - range.from).max();
            let bytes = union(shown).iter().map(|range| range.to - range.from).sum();
            if bytes > most.0 {
                most = (bytes, index, longest.unwrap_or(0));
            }
        })?;
        let (bytes, index, longest) = most;
        if bytes > LIMIT {
            return broken(
                format!("at most 16 MiB of `{name}` are mapped at once"),
                format!("{} are", exhibit::size(bytes)),
            )
            .at(Spot::Event { index })
            .show(exhibit::calls(obs, index, &[]))
            .code(match longest > LIMIT {
                true => "whole-file-mapped",
                false => "window-kept",
            })
            .fail();
        }
    }
    let (Some(from), Some(to)) = (
        file::before(obs, source(obs)),
        file::after(obs, destination(obs)),
    ) else {
        return broken("the destination is there", "there is no such file").fail();
    };
    if from.same_bytes(to) != Some(true) {
        let was = file::bytes(from);
        file::has_bytes(obs, destination(obs), &was)?;
        // What differs lies behind the bytes that are put together, or was too much to be kept.
        let name = destination(obs);
        return broken(
            format!("`{name}` has the bytes of `{}`, and no others", source(obs)),
            "it holds more, or other ones",
        )
        .at(file::spot(name))
        .fail();
    }
    facts_of(obs, length)?;
    ending::exits(obs, 0)
}

/// Clause 3. `copied` is printed after the last window is in place. A copy that never has the right
/// bytes is for clause 8.
pub fn said_when_done(obs: &Observation) -> Ruling {
    seen(&obs.evidence.moments)?;
    let is_copied = match (
        file::before(obs, source(obs)),
        file::after(obs, destination(obs)),
    ) {
        (Some(from), Some(to)) => from.same_bytes(to) == Some(true),
        _ => false,
    };
    let is_said = obs.evidence.moments_of("copied").next().is_some();
    if !(is_copied && is_said) {
        return Ok(());
    }
    match rules::said_when_done(obs) {
        Err(Finding::Broken(diagnosis, _)) => {
            Err(Finding::Broken(diagnosis, Some("copied-before-done")))
        }
        other => other,
    }
}

/// What a run beyond 4 GiB showed of the destination.
#[derive(Clone, Copy, Default)]
struct Shown {
    sized: bool,
    mapped: bool,
}

/// Clause 9. One run is ended at the first mapping of the destination, the other at the first call
/// that sets its length: so both are seen, in whichever order a program makes them.
pub fn beyond_4_gib(observations: &[&Observation]) -> Ruling {
    let mut shown = Shown::default();
    for obs in observations {
        let here = lengths(obs)?;
        shown.sized |= here.sized;
        shown.mapped |= here.mapped;
    }
    let Some(obs) = observations.first() else {
        return Ok(());
    };
    let name = destination(obs);
    let (expected, seen) = match shown {
        Shown {
            sized: true,
            mapped: true,
        } => return Ok(()),
        Shown {
            sized: false,
            mapped,
        } => (
            format!(
                "`{name}` is given {HUGE} bytes, the length of `{}`",
                source(obs)
            ),
            match mapped {
                true => "it was mapped and never given a length",
                false => "it was neither given a length nor mapped",
            },
        ),
        Shown { .. } => (format!("`{name}` is mapped"), "no mapping of it was made"),
    };
    for name in [source(obs), name] {
        if let Some(step) = moved::attempts(obs, &target(obs, name), Way::Either)?.first() {
            return broken(
                expected,
                format!("`{}` was about to move bytes instead", step.call.name),
            )
            .within(obs)
            .at(Spot::Event { index: step.index })
            .show(exhibit::calls(obs, step.index, &[]))
            .code(mistakes::of_moving(obs))
            .fail();
        }
    }
    broken(expected, seen)
        .within(obs)
        .at(Spot::Missing)
        .show_some(exhibit::last_calls(obs, 0))
        .fail()
}

/// No length in this run was cut.
fn lengths(obs: &Observation) -> Result<Shown, Finding> {
    let (from, to) = (target(obs, source(obs)), target(obs, destination(obs)));
    let mut shown = Shown::default();
    for step in calls(obs)? {
        let call = step.call;
        if !call.succeeded() {
            continue;
        }
        let fails = |expected: String, seen: u64| {
            broken(expected, format!("it is {} long", exhibit::size(seen)))
                .within(obs)
                .at(Spot::Event { index: step.index })
                .show(exhibit::calls(obs, step.index, &[&seen.to_string()]))
                .code("length-32-bits")
                .finding()
        };
        if to.in_call(call)
            && let Some(Some(length)) = length_set(call)
            && length != 0
        {
            shown.sized = true;
            // A file may also grow window by window.
            if length == CUT || length > HUGE {
                return Err(fails(
                    format!("`{}` is {HUGE} bytes long then", to.name),
                    length,
                ));
            }
        }
        if let Some(map) = Mmap::of(call)
            && let Some(file) = [&from, &to].into_iter().find(|file| file.in_call(call))
        {
            shown.mapped |= to.in_call(call);
            let is_last = map.offset.checked_add(map.length) == Some(HUGE);
            if !is_last && map.length == CUT {
                let expected = format!("no mapping of `{}` has a length cut to 32 bits", file.name);
                return Err(fails(expected, map.length));
            }
        }
    }
    Ok(shown)
}
