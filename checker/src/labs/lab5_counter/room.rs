//! What is explored for clause 10: two that want the last room there is.

use crate::evidence::Observation;
use crate::evidence::ending::Ending;
use crate::evidence::exploration::Outcome;
use crate::inputs::Inputs;
use crate::rule::ending;
use crate::rule::interleaving::{self, Wrong};
use crate::scenario::exploring::Search;
use crate::scenario::{Scenario, Start};
use crate::verdict::Ruling;

use super::exploring::{held, said};
use super::name;
use super::scenarios::counter;

/// The scenarios.
pub fn scenarios(inputs: &mut Inputs) -> Vec<Scenario> {
    let mut two = |name: &str, start: i64| {
        let last = inputs.name("last");
        let room = Scenario::new(name, &["increment", &last]);
        let room = room.actor("other", &["increment", &last], Start::AtOnce);
        counter(room, &last, start)
            .explored(Search::Every, &last, &[i64::MAX.to_le_bytes()])
            .may_fail()
    };
    vec![two("last-room", i64::MAX - 1), two("no-room", i64::MAX)]
}

/// There is none, and both are told.
pub fn none_has_it(obs: &Observation) -> Ruling {
    ending::is_written(obs)?;
    interleaving::no_order(obs, (name(obs), 0), |outcome| {
        let observed = match held(outcome, name(obs)) {
            Ok(i64::MAX) if codes(outcome) == [Some(1), Some(1)] => return None,
            Ok(value) => format!("in this order it is {value}; they print {}", said(outcome)),
            Err(trouble) => trouble,
        };
        Some(Wrong {
            expected: format!(
                "{} stays what it is, and both end with exit status 1",
                i64::MAX
            ),
            observed,
        })
    })
}

/// One has room, and the other is told that it has none.
pub fn one_has_it(obs: &Observation) -> Ruling {
    ending::is_written(obs)?;
    interleaving::no_order(obs, (name(obs), 0), |outcome| {
        let observed = match held(outcome, name(obs)) {
            Ok(i64::MAX) if one_of_two(outcome) => return None,
            Ok(value) => format!("in this order it is {value}; they print {}", said(outcome)),
            Err(trouble) => trouble,
        };
        Some(Wrong {
            expected: format!(
                "one of two that add to {} makes it {}, and the other ends with exit status 1",
                i64::MAX - 1,
                i64::MAX
            ),
            observed,
        })
    })
}

fn one_of_two(outcome: &Outcome) -> bool {
    matches!(codes(outcome), [Some(0), Some(1)] | [Some(1), Some(0)])
}

fn codes(outcome: &Outcome) -> [Option<i32>; 2] {
    [0, 1].map(|n: usize| match outcome.actors[n].ending {
        Ending::Exited { code } => Some(code),
        _ => None,
    })
}
