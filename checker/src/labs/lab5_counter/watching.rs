//! What decides how `watch` looks, and what it prints: clause 4.

use crate::evidence::Observation;
use crate::evidence::ending::Ending;
use crate::evidence::trace::{Mmap, Open};
use crate::rule::facts::Fact;
use crate::rule::mapping::of_file;
use crate::rule::trace::{calls, target};
use crate::rule::{asked, ending, exhibit, facts, finding::broken};
use crate::scenario::Action;
use crate::verdict::{Finding, Ruling, Spot};

use super::{name, rules, state};

/// The values that the counter has one after the other, each until it is printed.
fn values(obs: &Observation) -> Vec<i64> {
    let first = state::before(obs, name(obs)).unwrap_or(0);
    let actions = obs.scenario.rules.iter().flat_map(|rule| &rule.then);
    let written = actions.filter_map(|action| match action {
        Action::Write { bytes, .. } => state::value(&bytes.0),
        _ => None,
    });
    let mut values = vec![first];
    values.extend(written);
    values
}

/// Those of them that are larger than all before.
fn larger(values: &[i64]) -> Vec<i64> {
    let mut found: Vec<i64> = Vec::new();
    for &value in values {
        if found.last().is_none_or(|&last| value > last) {
            found.push(value);
        }
    }
    found
}

fn fact(value: &i64) -> Fact {
    ("value", value.to_string())
}

/// The counter changes while it is watched.
pub fn sees(obs: &Observation) -> Ruling {
    ending::is_written(obs)?;
    rules::by_no_call(obs)?;
    mapped_to_be_read(obs)?;
    not_asked_again(obs)?;
    let wanted = larger(&values(obs));
    never_smaller(obs)?;
    goes_on(obs, &wanted)?;
    let lines: Vec<_> = wanted.iter().map(fact).collect();
    facts::are(obs, &lines)?;
    ending::exits(obs, 0)
}

/// The first value is enough.
pub fn sees_at_once(obs: &Observation) -> Ruling {
    let value = state::before(obs, name(obs)).unwrap_or(0);
    ending::exits(obs, 0)?;
    rules::prints(obs, 0, value)?;
    state::ends_as(obs, value)
}

/// Every mapping of the counter may only be read, and is shared.
fn mapped_to_be_read(obs: &Observation) -> Ruling {
    let of = target(obs, name(obs));
    let expected = format!(
        "`{}` is mapped with PROT_READ alone and MAP_SHARED",
        name(obs)
    );
    let mappings = of_file(obs, &of)?;
    let wrong = mappings.iter().find(|m| m.is_writable() || !m.shared);
    match (mappings.first(), wrong) {
        (None, _) => asked::nothing_mapped(obs, &of, expected),
        (_, None) => Ok(()),
        (_, Some(m)) => {
            let flags = asked::flags(m.prot, m.shared);
            let seen = broken(expected, format!("it was mapped with {flags}"))
                .at(Spot::Event { index: m.made })
                .show(exhibit::calls(obs, m.made, &["MAP_PRIVATE", "PROT_WRITE"]));
            let code = match m.shared {
                true => "read-with-write",
                false => "private-mapping",
            };
            seen.code(code).fail()
        }
    }
}

/// Between its first line and its last the program does not open, map or sync the counter.
fn not_asked_again(obs: &Observation) -> Ruling {
    let of = target(obs, name(obs));
    let all = calls(obs)?;
    let Some(first) = facts::line_at(obs, 0, "value:")? else {
        return Ok(());
    };
    let last = facts::line_at(obs, 0, &format!("value: {}", last(obs)))?;
    let between = |index: usize| first < index && last.is_none_or(|last| index < last);
    let again = all.iter().find(|step| {
        let asks = Mmap::of(step.call).is_some() || Open::of(step.call).is_some();
        let its = asks && of.in_call(step.call) || step.call.is(&["msync"]);
        step.actor == 0 && between(step.index) && its
    });
    let Some(step) = again else {
        return Ok(());
    };
    broken(
        "a look is a load from memory and nothing else",
        format!("`{}` was called between two lines", step.call.name),
    )
    .at(Spot::Event { index: step.index })
    .show(exhibit::calls(obs, step.index, &[]))
    .code("asked-per-look")
    .fail()
}

fn last(obs: &Observation) -> i64 {
    larger(&values(obs)).last().copied().unwrap_or(0)
}

/// No value is printed that is smaller than one before.
fn never_smaller(obs: &Observation) -> Ruling {
    let output = obs.evidence.actors[0].stdout.text();
    let printed = facts::lines(&output).map(|line| line.strip_prefix("value: ")?.parse().ok());
    let printed: Vec<Option<i64>> = printed.collect();
    let falls = |pair: &[Option<i64>]| matches!(pair, [Some(a), Some(b)] if b < a);
    let Some(n) = printed.windows(2).position(falls) else {
        return Ok(());
    };
    // What is no value of the counter has another reason.
    if !printed[n + 1].is_some_and(|value| values(obs).contains(&value)) {
        return Ok(());
    }
    broken(
        "a value that is smaller than one before is never printed",
        format!(
            "line {} of standard output is smaller than line {}",
            n + 2,
            n + 1
        ),
    )
    .at(Spot::Line {
        stream: crate::evidence::trace::Stream::Stdout,
        number: n + 2,
    })
    .show(exhibit::lines("standard output", None, output.clone()))
    .code("went-backwards")
    .fail()
}

/// The program prints what it sees, and does not go on looking at a value that is no more.
fn goes_on(obs: &Observation, wanted: &[i64]) -> Ruling {
    let actor = &obs.evidence.actors[0];
    let output = actor.stdout.text();
    let printed = facts::lines(&output).count();
    let Some(next) = wanted.get(printed).filter(|_| hangs(&actor.ending)) else {
        return Ok(());
    };
    let mapped = of_file(obs, &target(obs, name(obs)))?;
    let mapped = mapped.first().map_or(0, |mapping| mapping.made);
    let index = facts::line_at(obs, 0, "value:")?.unwrap_or(mapped);
    let so_far: Vec<_> = wanted[..printed].iter().map(fact).collect();
    if let Err(Finding::Broken(mut diagnosis, code)) = facts::begin(obs, &so_far) {
        diagnosis.spot = Spot::Event { index };
        return Err(Finding::Broken(diagnosis, code));
    }
    let expected = format!("the program prints `value: {next}` when the counter has that value");
    let how = ending::words(obs, actor);
    let (observed, show, code) = match so_far.last() {
        None => (
            format!("it printed nothing; {how}"),
            exhibit::calls(obs, mapped, &[]),
            "nothing-said",
        ),
        Some((_, last)) => (
            format!("after `value: {last}` it printed nothing more; {how}"),
            exhibit::lines("standard output", None, output),
            match actor.ending {
                Ending::Stuck { .. } => "waits-to-be-told",
                _ => "load-hoisted",
            },
        ),
    };
    broken(expected, observed)
        .at(Spot::Event { index })
        .show(show)
        .code(code)
        .fail()
}

/// Whether a program was ended because it did not come to its end.
pub fn hangs(ending: &Ending) -> bool {
    matches!(
        ending,
        Ending::TooMuchCpu { .. }
            | Ending::Stuck { .. }
            | Ending::TooLong { .. }
            | Ending::TooManyCalls { .. }
    )
}
