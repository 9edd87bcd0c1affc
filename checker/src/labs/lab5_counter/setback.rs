//! What is explored for clause 4: a counter that is added to and set back while it is watched.

use crate::evidence::Observation;
use crate::evidence::exploration::{Deed, Outcome, Step};
use crate::inputs::Inputs;
use crate::rule::finding::{Broken, broken};
use crate::rule::{facts, interleaving, timeline};
use crate::scenario::exploring::{Explore, Search};
use crate::scenario::{Scenario, Start};
use crate::verdict::{Ruling, Spot};

use super::exploring::start;
use super::scenarios::counter;
use super::{name, state};

/// The actor that watches.
const WATCHER: usize = 0;

/// One that never waits is looked at for so many steps.
const STEPS: u32 = 300;

/// Wall time of the whole search, milliseconds.
const WALL_MS: u64 = 3_000;

/// The longest wait that may be asked for, seconds.
const LONGEST: f64 = 1.0;

/// The scenario.
pub fn scenario(inputs: &mut Inputs) -> Scenario {
    let f = inputs.name("set-back");
    let start = inputs.between(11, 9990) as i64;
    let until = (start + 1).to_string();
    let watch = Scenario::new("watch-set-back", &["watch", &f, &until])
        .actor("increment", &["increment", &f], Start::AtOnce)
        .actor("init", &["init", &f], Start::AtOnce);
    let mut watch = counter(watch, &f, start);
    watch.explore = Some(Explore {
        steps: STEPS,
        looks: 1,
        wall_ms: WALL_MS,
        ..Explore::new(Search::Visits)
    });
    watch
}

/// In no order a value is printed that is smaller than one before, and no wait is too long. At what
/// else comes of an order, and at programs that have no orders, other checks look.
pub fn never_falls(obs: &Observation) -> Ruling {
    let Ok(found) = interleaving::explored(obs) else {
        return Ok(());
    };
    found.outcomes.iter().try_for_each(|outcome| {
        falls_not(obs, outcome)?;
        waits_briefly(obs, outcome)
    })
}

fn falls_not(obs: &Observation, outcome: &Outcome) -> Ruling {
    let Some((larger, smaller)) = fall(obs, outcome) else {
        return Ok(());
    };
    let mut steps = outcome.steps.iter();
    let read = steps.position(|step| step.actor == WATCHER && loads(step) == Some(smaller));
    let seen = broken(
        "a value that is smaller than one before is never printed",
        format!("in this order {smaller} is printed after {larger}"),
    );
    let note = format!("this is printed after {larger}");
    at_step(seen, obs, outcome, read, note)
        .code("went-backwards")
        .fail()
}

fn waits_briefly(obs: &Observation, outcome: &Outcome) -> Ruling {
    let own = |step: &&Step| step.actor == WATCHER;
    // One of several threads may wait for another, which looks.
    if outcome
        .steps
        .iter()
        .filter(own)
        .any(|step| step.task != WATCHER)
    {
        return Ok(());
    }
    let is_long = |step: &Step| own(&step) && seconds(step).is_some_and(|asked| asked > LONGEST);
    let Some(long) = outcome.steps.iter().position(is_long) else {
        return Ok(());
    };
    let asked = seconds(&outcome.steps[long]).unwrap_or(0.0);
    let seen = broken(
        "`watch` looks again after a second at most",
        format!("in this order it asks for a wait of {asked} s"),
    );
    let note = "meanwhile nobody looks".to_owned();
    at_step(seen, obs, outcome, Some(long), note).fail()
}

/// Shows an outcome, with a step marked.
fn at_step(
    seen: Broken,
    obs: &Observation,
    outcome: &Outcome,
    step: Option<usize>,
    note: String,
) -> Broken {
    let spot = step.map_or(Spot::Ending, |at| Spot::Step { number: at + 1 });
    let marked = step.map(|at| (at, note));
    let shown = timeline::exhibit(obs, outcome, (name(obs), 0), marked);
    seen.within(obs)
        .at(spot)
        .under(&outcome.schedule)
        .show(shown)
}

/// The value that a step loads.
fn loads(step: &Step) -> Option<i64> {
    match &step.deed {
        Deed::Load { bytes, .. } => state::value(&bytes.0),
        _ => None,
    }
}

/// How long a step wants to wait at most: the explorer shows `nanosleep(0.5 s)`.
fn seconds(step: &Step) -> Option<f64> {
    let (Deed::Call { text, .. } | Deed::Waits { text }) = &step.deed else {
        return None;
    };
    let asked = text.strip_suffix(" s)")?.rsplit(['(', ' ']).next()?;
    asked.parse().ok()
}

/// Two values that are printed one after the other, and the second is smaller. What is no value of
/// the counter has another reason.
fn fall(obs: &Observation, outcome: &Outcome) -> Option<(i64, i64)> {
    let values = [0, 1, start(obs), start(obs) + 1];
    let output = outcome.actors[WATCHER].stdout.text();
    let printed = facts::lines(&output).map(|line| line.strip_prefix("value: ")?.parse().ok());
    let printed: Vec<Option<i64>> = printed.collect();
    printed.windows(2).find_map(|pair| match pair {
        [Some(a), Some(b)] if b < a && values.contains(b) => Some((*a, *b)),
        _ => None,
    })
}
