//! What is run for, and decides, clause 11 of lab 5: which lock the closing of a descriptor takes
//! away. At each line of the program another process asks for the locks: the same program.

use crate::evidence::Observation;
use crate::inputs::Inputs;
use crate::rule::trace::{Step, calls, target};
use crate::rule::{ending, exhibit, facts, file, finding::broken};
use crate::scenario::{Action, FileKind, Happening, Point, Scenario, Start};
use crate::verdict::{Ruling, Spot};

use super::scenarios::runs;
use super::{name, state};

/// The lines, and at each the process that comes by: by which call it is refused, if it is.
const LINES: [(&str, u32, &str, Option<&str>); 4] = [
    ("fcntl: held", 1, "at line 1", Some("fcntl")),
    ("fcntl: free", 1, "at line 2", None),
    ("flock: held", 1, "at line 3", Some("flock")),
    ("flock: held", 2, "at line 4", Some("flock")),
];

/// The calls that take a lock, in the order in which the program makes them.
const FAMILIES: [&str; 2] = ["fcntl", "flock"];

/// The scenarios.
pub fn scenarios(inputs: &mut Inputs) -> Vec<Scenario> {
    let [f, missing, folder] = ["locked", "no", "folder"].map(|stem| inputs.name(stem));
    let mut locks = Scenario::new("locks", &["locks", &f]);
    // The calls of all five are counted together.
    locks.limits.calls *= 5;
    for (line, time, actor, _) in LINES {
        let comes_by = vec![
            Action::Start(actor.to_owned()),
            Action::HoldUntil(vec![Happening::Ended(actor.to_owned())]),
        ];
        locks = locks
            .actor(actor, &["locks", &f], Start::ByRule)
            .rule(actor, Point::line(line), comes_by)
            .nth_time(time);
    }
    let refused = runs(
        "locks-refused",
        [["locks", &missing], ["locks", &folder]].map(Vec::from),
    );
    // Not a counter: a lock is not about what is in a file.
    let length = inputs.between(9, 40);
    let bytes = inputs.bytes(length);
    vec![
        locks.file(&f, &bytes),
        refused.other(&folder, FileKind::Directory),
    ]
}

/// Whether a lock reaches from the first byte of the file to its last. A length of 0 is one to the
/// end, wherever that will be.
fn is_whole(obs: &Observation, step: &Step<'_>) -> bool {
    let shown = step
        .call
        .arguments
        .get(2)
        .map_or("", |argument| &argument.shown);
    let words: Vec<&str> = shown.trim_matches(['{', '}']).split(", ").collect();
    let [_, whence, start, length] = words[..] else {
        return true;
    };
    let (Ok(start), Ok(length)) = (start.parse::<i64>(), length.parse::<i64>()) else {
        return true;
    };
    let size = file::before(obs, name(obs)).map_or(0, |state| state.length as i64);
    let start = if whence == "SEEK_END" {
        size + start
    } else {
        start
    };
    start <= 0 && (length == 0 || start + length >= size)
}

/// A lock that was refused is not asked for again and again.
fn does_not_wait(obs: &Observation, all: &[Step<'_>], refused: &Step<'_>) -> Ruling {
    /// Who looks at first how things stand may ask twice.
    const ENOUGH: usize = 2;
    // The first argument is a descriptor, of which there may be several.
    let asked = |step: &Step<'_>| -> Vec<String> {
        let arguments = step.call.arguments.iter().skip(1);
        arguments.map(|argument| argument.shown.clone()).collect()
    };
    let is_same = |step: &&Step<'_>| {
        (step.actor, &step.call.name) == (refused.actor, &refused.call.name)
            && step.call.errno().is_some()
            && asked(step) == asked(refused)
    };
    let times: Vec<&Step<'_>> = all.iter().filter(is_same).collect();
    let Some(step) = times.get(ENOUGH) else {
        return Ok(());
    };
    broken(
        "a lock that another process has is not waited for",
        format!("`{}` asked for it {} times", step.call.name, times.len()),
    )
    .at(Spot::Event { index: step.index })
    .show(exhibit::calls(obs, step.index, &[exhibit::ANSWER]))
    .fail()
}

/// Clause 11.
pub fn told(obs: &Observation) -> Ruling {
    ending::is_written(obs)?;
    let all = calls(obs)?;
    let of = target(obs, name(obs));
    // The first call of each family takes the lock; what comes later may ask how things stand.
    let first = |n: usize, call: &str| -> Option<&Step<'_>> {
        let its =
            |step: &&Step<'_>| step.actor == n && step.call.is(&[call]) && of.in_call(step.call);
        all.iter().find(its)
    };
    let of_actor = |n: usize| FAMILIES.into_iter().filter_map(move |call| first(n, call));
    let said: Vec<_> = LINES.iter().map(|line| line.0.split_once(": ")).collect();
    let said = said.into_iter().flatten();
    let said: Vec<(&'static str, String)> = said.map(|(a, b)| (a, b.to_owned())).collect();
    facts::are(obs, &said)?;
    for (n, (line, _, _, by)) in LINES.into_iter().enumerate() {
        let other = n + 1;
        let refused = of_actor(other).find(|step| step.call.errno().is_some());
        let expected = match by {
            Some(call) => format!(
                "at line {other}, `{line}`, another process that asks for the lock by `{call}` is refused"
            ),
            None => format!("at line {other}, `{line}`, another process gets both locks"),
        };
        let observed = match (by, refused) {
            (Some(call), Some(step)) if step.call.name == call => continue,
            (None, None) if of_actor(other).count() == 2 => continue,
            (_, Some(step)) => format!("it was refused by `{}`", step.call.name),
            (_, None) if of_actor(other).count() == 0 => "it asked for none".to_owned(),
            (_, None) => "it was not refused".to_owned(),
        };
        let seen = broken(expected, observed);
        return match refused.or_else(|| of_actor(other).next_back()) {
            Some(step) => seen
                .at(Spot::Event { index: step.index })
                .show(exhibit::calls(obs, step.index, &[exhibit::ANSWER]))
                .fail(),
            None => seen.at(Spot::Missing).fail(),
        };
    }
    for n in 1..=LINES.len() {
        let refused = of_actor(n).find(|step| step.call.errno().is_some());
        refused.map_or(Ok(()), |step| does_not_wait(obs, &all, step))?;
    }
    if let Some(step) = first(0, "fcntl").filter(|step| !is_whole(obs, step)) {
        return broken(
            "the lock of `fcntl` is on the whole file, whatever its length",
            "it is on a part of it",
        )
        .at(Spot::Event { index: step.index })
        .show(exhibit::calls(
            obs,
            step.index,
            &["SEEK_SET", "SEEK_CUR", "SEEK_END"],
        ))
        .fail();
    }
    ending::exits(obs, 0)?;
    for (n, (_, _, _, by)) in LINES.into_iter().enumerate() {
        ending::exits_of(obs, n + 1, i32::from(by.is_some()))?;
    }
    file::unchanged(obs, name(obs))?;
    state::stays_itself(obs, name(obs))
}
