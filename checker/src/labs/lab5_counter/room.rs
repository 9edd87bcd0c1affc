//! What is explored for clause 10: two that want the last room there is, and one that is killed
//! where there is none.

use crate::evidence::Observation;
use crate::evidence::ending::Ending;
use crate::evidence::exploration::Outcome;
use crate::inputs::Inputs;
use crate::rule::ending;
use crate::rule::interleaving::{self, Wrong};
use crate::scenario::exploring::Search;
use crate::scenario::{Scenario, Start};
use crate::verdict::Ruling;

use super::exploring::{held, held_in, said, where_explored};
use super::name;
use super::scenarios::counter;

/// The scenarios.
pub fn scenarios(inputs: &mut Inputs) -> Vec<Scenario> {
    let mut two = |name: &str, search: Search, start: i64| {
        let last = inputs.name("last");
        let room = Scenario::new(name, &["increment", &last]);
        let room = room.actor("other", &["increment", &last], Start::AtOnce);
        counter(room, &last, start)
            .explored(search, &last, &[i64::MAX.to_le_bytes()])
            .may_fail()
    };
    vec![
        two("last-room", Search::Every, i64::MAX - 1),
        two("no-room", Search::Every, i64::MAX),
        two("no-room-killed", Search::Deaths, i64::MAX),
    ]
}

/// There is none for one that is killed at whichever point, nor for the next.
pub fn stays_when_killed(obs: &Observation) -> Ruling {
    ending::is_written(obs)?;
    let full = i64::MAX;
    let ruling = interleaving::no_order(obs, (name(obs), 0), |outcome| {
        let at_kill = outcome.at_kill.as_ref();
        let at_kill = at_kill.map(|files| held_in(files, name(obs)));
        let observed = match (at_kill, held(outcome, name(obs))) {
            (None | Some(Ok(i64::MAX)), Ok(i64::MAX)) => return None,
            (Some(Ok(value)), _) if value != full => {
                format!("when the first is gone, it is {value}")
            }
            (_, Ok(value)) => format!("in the end it is {value}"),
            (_, Err(trouble)) => trouble,
        };
        Some(Wrong {
            expected: format!("{full} stays what it is, wherever a process is killed"),
            observed,
        })
    });
    where_explored(ruling)
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
