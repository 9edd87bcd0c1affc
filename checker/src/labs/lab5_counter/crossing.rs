//! What is explored for clause 9: an `init` and an `increment` at the same time.

use crate::evidence::Observation;
use crate::evidence::exploration::Outcome;
use crate::inputs::Inputs;
use crate::lab::Clue;
use crate::rule::ending;
use crate::rule::interleaving::{self, Wrong};
use crate::scenario::exploring::Search;
use crate::scenario::{Scenario, Start};
use crate::verdict::Ruling;

use super::exploring::{held, said, start, value_printed};
use super::name;
use super::scenarios::counter;

/// A lock that is taken apart from the counter has many orders, and they need not all be seen here
/// again.
const WALL_MS: u64 = 1_500;

/// The scenario.
pub fn scenario(inputs: &mut Inputs) -> Scenario {
    let f = inputs.name("crossed");
    let crossing = Scenario::new("init-crossing", &["increment", &f]);
    let crossing = crossing.actor("init", &["init", &f], Start::AtOnce);
    // One more changes both halves, and makes no power of 2: a 0 that is stored in halves shows.
    let start = (inputs.between(2, 9) as i64 * (1 << 32)) - 1;
    let ends = [0_i64, 1].map(i64::to_le_bytes);
    let mut crossing = counter(crossing, &f, start).explored(Search::Every, &f, &ends);
    if let Some(explore) = &mut crossing.explore {
        explore.wall_ms = WALL_MS;
    }
    crossing
}

/// The addition is made before `init` stores its 0, or after it.
pub fn before_or_after(obs: &Observation) -> Ruling {
    ending::is_written(obs)?;
    interleaving::no_order(obs, (name(obs), 0), |outcome| wrong(obs, outcome))
}

fn wrong(obs: &Observation, outcome: &Outcome) -> Option<Wrong> {
    let before = start(obs);
    let expected = "in every order of their steps the counter is 0 or 1 in the end: the addition \
                    was made before `init` stored its 0, or after it";
    let is = |observed| {
        Some(Wrong {
            expected: expected.to_owned(),
            observed,
        })
    };
    if let Some(observed) = interleaving::misfortune(obs, outcome) {
        return is(observed);
    }
    // Who adds first may print what it added, or what it found afterwards.
    let of_increment: &[i64] = match held(outcome, name(obs)) {
        Ok(0) => &[before + 1, 0],
        Ok(1) => &[1],
        Ok(value) => return is(format!("in this order it goes from {before} to {value}")),
        Err(observed) => return is(observed),
    };
    let printed = value_printed(outcome, 0);
    let all_right = printed.is_some_and(|value| of_increment.contains(&value))
        && value_printed(outcome, 1) == Some(0);
    (!all_right).then(|| Wrong {
        expected: "`init` prints `value: 0`, and `increment` a value that the counter had after \
                   its addition"
            .to_owned(),
        observed: format!("in this order they print {}", said(outcome)),
    })
}

/// After both, the counter is what the addition made of the value before, as if `init` had stored
/// nothing.
pub fn passed_by(obs: &Observation) -> Option<Clue> {
    ends_with(obs, |value| value == start(obs) + 1)
}

/// After both, the counter has a value that nobody stored.
pub fn torn(obs: &Observation) -> Option<Clue> {
    ends_with(obs, |value| ![0, 1, start(obs) + 1].contains(&value))
}

fn ends_with(obs: &Observation, wrong: impl Fn(i64) -> bool) -> Option<Clue> {
    let outcomes = &interleaving::explored(obs).ok()?.outcomes;
    let mut values = outcomes.iter().map(|outcome| held(outcome, name(obs)));
    values
        .any(|value| value.is_ok_and(&wrong))
        .then(Clue::default)
}
