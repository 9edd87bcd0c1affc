//! What is explored, and decided of every order of steps: clauses 5, 6 and 8.

use crate::evidence::Observation;
use crate::evidence::exploration::{Left, Outcome};
use crate::inputs::Inputs;
use crate::rule::interleaving::{self, Wrong};
use crate::rule::{ending, facts};
use crate::scenario::exploring::{Explore, Search};
use crate::scenario::{Scenario, Start};
use crate::verdict::{Finding, Ruling};

use super::scenarios::{counter, lower_half_full};
use super::{load, name, state, times};

/// The scenarios.
pub fn scenarios(inputs: &mut Inputs) -> Vec<Scenario> {
    vec![
        meeting(inputs, "two-increments", &[]),
        meeting(inputs, "two-times-two", &["--times", "2"]),
        three(inputs),
        killed(inputs),
    ]
}

/// Two that increment, in every order of their steps.
fn meeting(inputs: &mut Inputs, scenario: &str, more: &[&str]) -> Scenario {
    let f = inputs.name("met");
    let line = [&["increment", &f], more].concat();
    // A number that is read at a glance; other clauses look at all of its bits.
    let start = inputs.between(11, 9990) as i64;
    let both = Scenario::new(scenario, &line).actor("other", &line, Start::AtOnce);
    let both = counter(both, &f, start);
    let sum = start + added(&both);
    both.explored(Search::Every, &f, &[sum.to_le_bytes()])
}

/// Three that increment. Two that do not meet by themselves may meet when a third has come between.
fn three(inputs: &mut Inputs) -> Scenario {
    /// Two are looked at longer; a lock that is taken apart has many orders.
    const WALL_MS: u64 = 3_000;
    const STEPS: u32 = 1_000;
    let f = inputs.name("met");
    let line = ["increment", &f];
    let start = inputs.between(11, 9990) as i64;
    let three = Scenario::new("three-increments", &line)
        .actor("early", &line, Start::AtOnce)
        .actor("late", &line, Start::AtOnce);
    let three = counter(three, &f, start);
    let sum = start + added(&three);
    let mut three = three.explored(Search::Visits, &f, &[sum.to_le_bytes()]);
    if let Some(explore) = &mut three.explore {
        explore.steps = STEPS;
        explore.wall_ms = WALL_MS;
    }
    three
}

/// One that increments, killed before each of its steps; then two others increment, one after the
/// other.
fn killed(inputs: &mut Inputs) -> Scenario {
    /// There is no other way to see this.
    const WALL_MS: u64 = 6_000;
    let f = inputs.name("killed");
    let line = ["increment", &f];
    let start = lower_half_full(inputs);
    let all = Scenario::new("killed", &line)
        .actor("next", &line, Start::AtOnce)
        .actor("last", &line, Start::AtOnce);
    let ends = [start + 2, start + 3].map(i64::to_le_bytes);
    let mut all = counter(all, &f, start).explored(Search::Deaths, &f, &ends);
    if let Some(explore) = &mut all.explore {
        explore.wall_ms = WALL_MS;
    }
    all
}

/// What all actors of a scenario add.
fn added(scenario: &Scenario) -> i64 {
    scenario.actors.iter().map(times).sum()
}

/// The value that the counter has at the start of every run.
pub fn start(obs: &Observation) -> i64 {
    let file = obs.scenario.files.first();
    let bytes = file.and_then(|file| file.beginning());
    bytes.and_then(state::value).unwrap_or(0)
}

/// Clauses 5 and 6: every order, and where orders cannot be explored, what load shows.
pub fn adds_up(all: &[&Observation]) -> Ruling {
    let [explored, under_load] = all else {
        return Err(Finding::Unobservable("nothing was run".to_owned()));
    };
    ending::is_written(explored)?;
    let every = interleaving::no_order(explored, (name(explored), 0), |outcome| {
        wrong(explored, outcome)
    });
    let is_one_order = matches!(
        explored.scenario.explore,
        Some(Explore {
            search: Search::Replay(_),
            ..
        })
    );
    match every {
        Err(Finding::Unobservable(_)) if !is_one_order => load::adds_up(under_load),
        other => other,
    }
}

/// Clause 7: three that meet, one after the other. What cannot be explored is left to the load.
pub fn three_add_up(obs: &Observation) -> Ruling {
    where_explored(interleaving::no_order(obs, (name(obs), 0), |outcome| {
        wrong(obs, outcome)
    }))
}

/// A ruling of which something else decides where the orders cannot be explored.
pub fn where_explored(ruling: Ruling) -> Ruling {
    match ruling {
        Err(Finding::Unobservable(_)) => Ok(()),
        other => other,
    }
}

/// What is wrong with an outcome of some that increment, if something is.
pub fn wrong(obs: &Observation, outcome: &Outcome) -> Option<Wrong> {
    let (before, added) = (start(obs), added(&obs.scenario));
    let sum = before + added;
    if let Some(observed) = interleaving::misfortune(obs, outcome) {
        return Some(Wrong {
            expected: format!(
                "in every order of their steps {} come to their end, with exit status 0",
                match outcome.actors.len() {
                    2 => "both",
                    _ => "all",
                }
            ),
            observed: format!("in this order: {observed}"),
        });
    }
    let file = name(obs);
    if let Some(observed) = stray(outcome, file) {
        return Some(observed);
    }
    let expected = format!("in every order of their steps the counter goes from {before} to {sum}");
    let found = match held(outcome, file) {
        Ok(found) => found,
        Err(observed) => return Some(Wrong { expected, observed }),
    };
    if found != sum {
        let lost = added - (found.wrapping_sub(before));
        let more = match lost {
            1 => ": 1 addition is lost".to_owned(),
            n if (2..=added).contains(&n) => format!(": {n} additions are lost"),
            _ => String::new(),
        };
        let observed = format!("in this order it goes to {found}{more}");
        return Some(Wrong { expected, observed });
    }
    let printed = |n: usize| value_printed(outcome, n);
    let values: Vec<Option<i64>> = (0..outcome.actors.len()).map(printed).collect();
    let own = |n: usize| before + times(&obs.scenario.actors[n]);
    let is_right = |(n, value): (usize, &Option<i64>)| {
        value.is_some_and(|value| (own(n)..=sum).contains(&value))
    };
    let all_right = values.iter().enumerate().all(is_right) && values.contains(&Some(sum));
    (!all_right).then(|| Wrong {
        expected: format!(
            "each prints a value that the counter had after its own last addition, and the one that \
             added last prints `value: {sum}`"
        ),
        observed: format!("in this order they print {}", said(outcome)),
    })
}

/// Clause 8.
pub fn survives(obs: &Observation) -> Ruling {
    ending::is_written(obs)?;
    let ruling = interleaving::no_order(obs, (name(obs), 0), |outcome| {
        wrong_after_kill(obs, outcome)
    });
    let is_held_up = |outcome: &Outcome| {
        let mut others = others(outcome);
        wrong_after_kill(obs, outcome).is_some() && others.any(|n| outcome.waits_for_ever(n))
    };
    let found = interleaving::explored(obs)?;
    match ruling {
        Err(Finding::Broken(diagnosis, None)) if found.outcomes.iter().any(is_held_up) => {
            Err(Finding::Broken(diagnosis, Some("lock-left-locked")))
        }
        other => other,
    }
}

/// What is wrong with an outcome of which the first process was killed, if something is.
fn wrong_after_kill(obs: &Observation, outcome: &Outcome) -> Option<Wrong> {
    let before = start(obs);
    let added = others(outcome).len() as i64;
    if let Some(observed) = interleaving::misfortune(obs, outcome) {
        return Some(Wrong {
            expected: "wherever a process is killed, those that come next are not held up"
                .to_owned(),
            observed,
        });
    }
    let file = name(obs);
    if let Some(observed) = stray(outcome, file) {
        return Some(observed);
    }
    let expected = format!(
        "killed anywhere, the first leaves {before} or {}, and each that comes next adds 1",
        before + 1
    );
    // The others may have been before.
    let at_kill = outcome.at_kill.as_ref().map(|files| held_in(files, file));
    match at_kill {
        Some(Ok(value)) if (before..=before + 1 + added).contains(&value) => {}
        None => {}
        Some(Ok(value)) => {
            let observed = format!("when the first is gone, the counter is {value}");
            return Some(Wrong { expected, observed });
        }
        Some(Err(observed)) => return Some(Wrong { expected, observed }),
    }
    let found = match held(outcome, file) {
        Ok(found) => found,
        Err(observed) => return Some(Wrong { expected, observed }),
    };
    // One that had told of its value was done.
    let least = before + added + i64::from(value_printed(outcome, 0).is_some());
    if !(least..=before + added + 1).contains(&found) {
        let observed = format!("after all the counter is {found}");
        return Some(Wrong { expected, observed });
    }
    let printed: Vec<Option<i64>> = others(outcome).map(|n| value_printed(outcome, n)).collect();
    let is_right =
        |value: &Option<i64>| value.is_some_and(|value| (before + 1..=found).contains(&value));
    let all_right = printed.iter().all(is_right) && printed.contains(&Some(found));
    (!all_right).then(|| Wrong {
        expected: format!(
            "each that comes next prints a value that the counter had after its addition, and the \
             one that added last prints `value: {found}`"
        ),
        observed: format!("they print {}", said(outcome)),
    })
}

/// All but the one that is killed.
fn others(outcome: &Outcome) -> std::ops::Range<usize> {
    1..outcome.actors.len()
}

/// The value that the counter has in the end, or what it is instead.
pub fn held(outcome: &Outcome, file: &str) -> Result<i64, String> {
    held_in(&outcome.files, file)
}

/// The same of files that were left at some time.
pub fn held_in(files: &[Left], file: &str) -> Result<i64, String> {
    let left = files.iter().find(|left| left.name == file);
    let left = left.ok_or_else(|| format!("`{file}` is not there any more"))?;
    let value = state::value(&left.bytes.0).filter(|_| left.length == state::SIZE);
    value.ok_or_else(|| format!("`{file}` has {} bytes", left.length))
}

/// How many additions are in the counter.
fn counted(obs: &Observation, outcome: &Outcome) -> Option<i64> {
    let found = held(outcome, name(obs)).ok()?;
    Some(found.wrapping_sub(start(obs)))
}

/// Whether fewer additions are in the counter than were made.
pub fn is_lost(obs: &Observation, outcome: &Outcome) -> bool {
    counted(obs, outcome).is_some_and(|n| (0..added(&obs.scenario)).contains(&n))
}

/// Whether the counter has a value that it never should have had.
pub fn is_torn(obs: &Observation, outcome: &Outcome) -> bool {
    counted(obs, outcome).is_some_and(|n| !(0..=added(&obs.scenario)).contains(&n))
}

/// A file that has no business in the folder.
fn stray(outcome: &Outcome, file: &str) -> Option<Wrong> {
    let lock = format!("{file}.lock");
    let mut others = outcome.files.iter();
    let other = others.find(|left| left.name != file && left.name != lock)?;
    Some(Wrong {
        expected: format!("nothing is left beside `{file}`, except perhaps `{lock}`"),
        observed: format!("in this order `{}` is", other.name),
    })
}

/// The one line of a process.
pub fn value_printed(outcome: &Outcome, actor: usize) -> Option<i64> {
    let output = outcome.actors[actor].stdout.text();
    let mut lines = facts::lines(&output);
    let value = lines.next()?.strip_prefix("value: ")?.parse().ok();
    value.filter(|_| lines.next().is_none())
}

/// What the processes print.
pub fn said(outcome: &Outcome) -> String {
    let each = outcome.actors.iter().map(|actor| {
        let text = actor.stdout.text();
        match text.trim_end() {
            "" => "nothing".to_owned(),
            text => format!("`{}`", facts::pictured(text)),
        }
    });
    each.collect::<Vec<_>>().join(" and ")
}
