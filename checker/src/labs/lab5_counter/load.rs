//! What is run for, and decides, clause 7: several processes add at the same time, as they like.

use crate::evidence::Observation;
use crate::evidence::ending::Ending;
use crate::inputs::Inputs;
use crate::rule::{ending, exhibit, facts, file, finding::broken};
use crate::scenario::{Happening, Scenario, Start};
use crate::verdict::{Finding, Ruling, Spot};

use super::scenarios::{counter, value};
use super::{name, rules, state, times};

/// Processes that add at the same time.
const PROCESSES: usize = 4;

/// How often each of them adds, a round after another. A process has to add for longer than the
/// starts of two differ, which is about a millisecond: for an atomic instruction these are a million
/// additions, and with a lock of a file a thousand.
const ROUNDS: [u64; 5] = [1_000, 8_000, 64_000, 500_000, 4_000_000];

/// A round follows on one that took its processes less than this together, milliseconds. To be
/// started takes each of them about one.
const CPU_MS: u64 = 20;
/// And each of them less than this, milliseconds, for locks may be waited for asleep.
const WALL_MS: u64 = 200;

/// The scenario.
pub fn scenario(inputs: &mut Inputs) -> Scenario {
    let f = inputs.name("load");
    let mut load = Scenario::new("load", &[]);
    load.actors.clear();
    let mut start = Start::AtOnce;
    for (round, additions) in ROUNDS.into_iter().enumerate() {
        let name = |n| format!("round-{round}-{n}");
        for n in 0..PROCESSES {
            let times = inputs.between(additions, additions + additions / 4);
            let line = ["increment", &f, "--times", &times.to_string()];
            load = load.actor(&name(n), &line, start.clone());
        }
        start = Start::After(Happening::EndedQuickly {
            actors: (0..PROCESSES).map(name).collect(),
            cpu_ms: CPU_MS,
            wall_ms: WALL_MS,
        });
    }
    counter(load, &f, value(inputs)).unwatched()
}

/// Clause 7: all come to their end, the counter has the sum, each prints a value that it had after
/// the process's own last addition, and so the last one of a round prints the sum.
pub fn adds_up(obs: &Observation) -> Ruling {
    ending::is_written(obs)?;
    let began = |n: &usize| obs.evidence.actors[*n].ending != Ending::NeverDue;
    let actors: Vec<usize> = (0..obs.scenario.actors.len()).filter(began).collect();
    for &n in &actors {
        ending::exits_of(obs, n, 0)?;
    }
    let before = state::before(obs, name(obs)).unwrap_or(0);
    let added: i64 = actors.iter().map(|&n| times(&obs.scenario.actors[n])).sum();
    lost(obs, before, added)?;
    state::ends_as(obs, before.wrapping_add(added))?;
    let mut rounds = actors.chunks(PROCESSES);
    rounds.try_fold(before, |before, round| tells(obs, before, round))?;
    Ok(())
}

/// What the processes of a round print, which begins with this value of the counter. Answers with
/// the value after it.
fn tells(obs: &Observation, before: i64, round: &[usize]) -> Result<i64, Finding> {
    let own = |n: usize| times(&obs.scenario.actors[n]);
    let sum = before.wrapping_add(round.iter().map(|&n| own(n)).sum());
    let mut printed = Vec::new();
    for &n in round {
        printed.push(printed_between(obs, n, before.wrapping_add(own(n)), sum)?);
    }
    if printed.contains(&sum) {
        return Ok(sum);
    }
    let largest = printed.iter().max().copied().unwrap_or(before);
    Err(broken(
        format!("the program that adds last prints the sum, `value: {sum}`"),
        format!("the largest value that any printed is {largest}"),
    )
    .at(Spot::Ending)
    .finding())
}

/// None of so many additions is missing in the end.
fn lost(obs: &Observation, before: i64, added: i64) -> Ruling {
    let after = state::after(obs, name(obs));
    let found = after.map(|after| after.wrapping_sub(before));
    let Some(found) = found.filter(|found| (0..added).contains(found)) else {
        return Ok(());
    };
    broken(
        format!(
            "{added} additions are made, and the counter goes from {before} to {}",
            before.wrapping_add(added)
        ),
        format!(
            "it went to {}: {} of them {} lost",
            before.wrapping_add(found),
            added - found,
            if added - found == 1 { "was" } else { "were" }
        ),
    )
    .at(file::spot(name(obs)))
    .fail()
}

/// The one line of an actor is a value of this range; the value.
fn printed_between(obs: &Observation, n: usize, least: i64, most: i64) -> Result<i64, Finding> {
    let output = obs.evidence.actors[n].stdout.text();
    let line = facts::lines(&output).next().unwrap_or_default();
    let value = line
        .strip_prefix("value: ")
        .and_then(|value| value.parse().ok());
    match value {
        Some(value) if (least..=most).contains(&value) => {
            rules::prints(obs, n, value)?;
            Ok(value)
        }
        _ => Err(broken(
            format!("each program prints `value: V`, and V is from {least} to {most}"),
            match line {
                "" => "one printed nothing".to_owned(),
                line => format!("one printed `{}`", facts::pictured(line)),
            },
        )
        .at(Spot::Ending)
        .show(exhibit::lines("standard output", None, output.clone()))
        .finding()),
    }
}
