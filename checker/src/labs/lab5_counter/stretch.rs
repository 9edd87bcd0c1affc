//! What is run for, and decides, clauses 9 and 10 of lab 5: `init` under a mapping, and the largest
//! value.

use crate::evidence::Observation;
use crate::evidence::ending::Ending;
use crate::evidence::file::FileState;
use crate::evidence::trace::What;
use crate::inputs::Inputs;
use crate::rule::finding::seen;
use crate::rule::trace::{calls, events, length_set, target};
use crate::rule::{ending, exhibit, file, finding::broken};
use crate::scenario::{Action, Point, Scenario, Side, Start};
use crate::verdict::{Ruling, Spot};

use super::scenarios::{counter, mapped, meets, runs, value};
use super::state::{self, SIZE};
use super::{name, rules, times};

/// The calls that open a file.
const OPENS: &[&str] = &["open", "openat", "openat2", "creat"];
/// The rule at the second of them.
const AGAIN: &str = "opened again";

/// The scenarios.
pub fn scenarios(inputs: &mut Inputs) -> Vec<Scenario> {
    let [f, full, nearly] = ["under", "full", "nearly"].map(|stem| inputs.name(stem));
    let each = Point::call("init", &[], Some(&f), Side::Exit);
    let under = Scenario::new("init-under", &["increment", &f])
        .actor("init", &["init", &f], Start::ByRule)
        .rule("mapped", mapped(&f), meets("init"))
        .rule("call of init", each, vec![Action::Look])
        .every_time();
    let newborn = inputs.name("newborn");
    // Whoever looks first and creates then finds what another has made meanwhile.
    let opens = Point::entry(OPENS, Some(&newborn));
    let twice = Scenario::new("init-newborn", &["init", &newborn])
        .actor("init", &["init", &newborn], Start::ByRule)
        .rule(AGAIN, opens, meets("init"))
        .second_time();
    let room = inputs.between(2, 5);
    let more = (room + inputs.between(1, 4)).to_string();
    let lines = [
        vec!["increment", &full],
        vec!["increment", &nearly, "--times", &more],
    ];
    let full_runs = counter(runs("full", lines), &full, i64::MAX);
    vec![
        counter(under, &f, value(inputs)),
        counter(full_runs, &nearly, i64::MAX - room as i64),
        twice,
    ]
}

/// Clause 9: another `init` has come between two calls of this one that open the file.
pub fn newborn_never_cut(obs: &Observation) -> Ruling {
    ending::is_written(obs)?;
    let between = events(obs)?.iter().position(
        |event| matches!(&event.what, What::Rule { rule, did } if rule == AGAIN && did.contains("let it go on")),
    );
    let all = calls(obs)?;
    let of = target(obs, name(obs));
    let cut = all.iter().find(|step| {
        let other = length_set(step.call).is_some_and(|to| to != Some(SIZE));
        // The call at which it was held is carried out afterwards.
        let returned = step.call.returned.unwrap_or(step.index);
        between.is_some_and(|between| returned > between)
            && step.actor == 0
            && step.call.succeeded()
            && other
            && of.in_call(step.call)
    });
    if let Some(step) = cut {
        return broken(
            format!(
                "`{}`, which another `init` has just made, stays 8 bytes long",
                name(obs)
            ),
            format!("`{}` cut it", step.call.name),
        )
        .at(Spot::Event { index: step.index })
        .show(exhibit::calls(obs, step.index, &["O_TRUNC"]))
        .code("cut-under-a-mapping")
        .fail();
    }
    ending::exits_of(obs, 0, 0)?;
    state::ends_as(obs, 0)
}

/// Clause 9.
pub fn never_cut(obs: &Observation) -> Ruling {
    ending::is_written(obs)?;
    let f = name(obs);
    let was = file::before(obs, f);
    for moment in seen(&obs.evidence.moments)? {
        let now = was.and_then(|was| crate::rule::moment::state(moment, was));
        let cut = |state: &&FileState| state.length != SIZE;
        if let Some(state) = now.filter(cut) {
            let index = moment.at.saturating_sub(1);
            return broken(
                format!("`{f}` is 8 bytes long at every moment of `init`"),
                format!(
                    "after this call it was {} long",
                    exhibit::size(state.length)
                ),
            )
            .at(Spot::Event { index })
            .show(exhibit::calls(obs, index, &["O_TRUNC"]))
            .code("cut-under-a-mapping")
            .fail();
        }
    }
    cut_by_no_call(obs)?;
    state::stays_itself(obs, f)?;
    if obs.evidence.actors[1].ending == Ending::NeverDue {
        return broken(format!("`increment` maps `{f}`"), "it never did")
            .at(Spot::Missing)
            .fail();
    }
    ending::exits_of(obs, 0, 0)?;
    ending::exits_of(obs, 1, 0)?;
    // The addition comes before `init` or behind it.
    let after = state::after(obs, f).unwrap_or(0);
    state::ends_as(obs, after.clamp(0, 1))?;
    rules::prints(obs, 1, 0)
}

/// By nobody else either.
fn cut_by_no_call(obs: &Observation) -> Ruling {
    let of = target(obs, name(obs));
    let all = calls(obs)?;
    let cut = all.iter().find(|step| {
        let other = length_set(step.call).is_some_and(|to| to != Some(SIZE));
        step.call.succeeded() && other && of.in_call(step.call)
    });
    let Some(step) = cut.filter(|_| file::before(obs, name(obs)).is_some()) else {
        return Ok(());
    };
    broken(
        format!("`{}` is 8 bytes long at every moment", name(obs)),
        format!("`{}` gave it another length", step.call.name),
    )
    .at(Spot::Event { index: step.index })
    .show(exhibit::calls(obs, step.index, &["O_TRUNC"]))
    .code("cut-under-a-mapping")
    .fail()
}

/// Clause 10.
pub fn full(obs: &Observation) -> Ruling {
    let f = name(obs);
    ending::is_written(obs)?;
    let before = state::before(obs, f).unwrap_or(0);
    debug_assert!(before.checked_add(times(&obs.scenario.actors[0])).is_none());
    state::ends_as(obs, i64::MAX)?;
    ending::exits(obs, 1)?;
    ending::complains(obs, &[f])?;
    crate::rule::facts::are(obs, &[])
}
