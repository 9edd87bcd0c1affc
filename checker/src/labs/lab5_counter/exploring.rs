//! What is run and decided of increments that meet: clauses 5, 6 and 8.
//!
//! The subject is held at a few points of its run, and another process goes through meanwhile.

use crate::evidence::Observation;
use crate::evidence::ending::Ending;
use crate::inputs::Inputs;
use crate::rule::trace::calls;
use crate::rule::{ending, exhibit, finding::broken};
use crate::scenario::{Action, Happening, Point, Scenario, Side, Start};
use crate::verdict::{Ruling, Spot};

use super::scenarios::{counter, mapped, meets, short, value};
use super::{name, rules, state, watching};

/// The scenarios.
pub fn scenarios(inputs: &mut Inputs) -> Vec<Scenario> {
    vec![
        meeting(inputs, "two-increments", 1),
        meeting(inputs, "two-times-two", 2),
        killed_at(inputs, "killed-before", mapped),
        killed_at(inputs, "killed-after", |_| Point::line("value:")),
    ]
}

/// Calls by which a program keeps others out, and lets them in again.
const LOCKS: [&str; 2] = ["flock", "fcntl"];

/// One that increments meets others: when it has mapped the counter, before it locks, and when it
/// has made its next call about a lock.
fn meeting(inputs: &mut Inputs, scenario: &str, times: u32) -> Scenario {
    let f = inputs.name("met");
    let n = times.to_string();
    let line: Vec<&str> = match times {
        1 => vec!["increment", &f],
        _ => vec!["increment", &f, "--times", &n],
    };
    let at = |side| Point::call("subject", &LOCKS, None, side);
    let last = 2 * times;
    let mut met = Scenario::new(scenario, &line)
        .rule("mapped", mapped(&f), meets("first"))
        .rule("before a lock", at(Side::Entry), meets("second"))
        .nth_time(last - 1)
        .rule("behind a lock", at(Side::Exit), meets("third"))
        .nth_time(last);
    for actor in ["first", "second", "third"] {
        met = met.actor(actor, &line, Start::ByRule);
    }
    counter(met, &f, value(inputs))
}

/// One that increments is killed, and another increments afterwards.
fn killed_at(inputs: &mut Inputs, scenario: &str, at: impl FnOnce(&str) -> Point) -> Scenario {
    let f = inputs.name("killed");
    let after = Start::After(Happening::Ended("subject".to_owned()));
    let mut killed = Scenario::new(scenario, &["increment", &f])
        .rule("kill", at(&f), vec![Action::Kill])
        .actor("next", &["increment", &f], after);
    short(&mut killed.limits);
    counter(killed, &f, value(inputs))
}

/// Clauses 5 and 6.
pub fn adds_up(obs: &Observation) -> Ruling {
    ending::is_written(obs)?;
    rules::adds_up(obs)
}

/// Clause 8.
pub fn killed(obs: &Observation) -> Ruling {
    ending::is_written(obs)?;
    if !matches!(obs.evidence.actors[0].ending, Ending::Stopped { .. }) {
        return broken(
            "the program maps the counter and prints `value`",
            "it never did",
        )
        .at(Spot::Missing)
        .fail();
    }
    not_held_up(obs)?;
    ending::exits_of(obs, 1, 0)?;
    let before = state::before(obs, name(obs)).unwrap_or(0);
    let after = state::after(obs, name(obs)).unwrap_or(before);
    let by_killed = match obs.scenario.name.as_str() {
        // It had told that it was done.
        "killed-after" => 1,
        _ => after.wrapping_sub(before).wrapping_sub(1).clamp(0, 1),
    };
    let wanted = before.wrapping_add(by_killed + 1);
    state::ends_as(obs, wanted)?;
    rules::prints(obs, 1, wanted)
}

/// The next process comes to its end.
fn not_held_up(obs: &Observation) -> Ruling {
    let next = &obs.evidence.actors[1];
    let hangs = watching::hangs(&next.ending);
    let all = calls(obs)?;
    let Some(last) = all.iter().rfind(|step| step.actor == 1).filter(|_| hangs) else {
        return Ok(());
    };
    broken(
        "whoever increments next is not held up by a process that is gone",
        ending::words(obs, next),
    )
    .at(Spot::Event { index: last.index })
    .show(exhibit::calls(obs, last.index, &[]))
    .code("lock-left-locked")
    .fail()
}
