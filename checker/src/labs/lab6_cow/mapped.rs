//! What decides how FILE is mapped, and that nobody else's bytes change: clause 1.

use crate::evidence::Observation;
use crate::evidence::trace::{Call, PROT_READ, PROT_WRITE};
use crate::rule::finding::{broken, seen};
use crate::rule::mapping::{Mapping, live_before, replay};
use crate::rule::moved::{self, Way};
use crate::rule::trace::{calls, displaced, events, length_set, target};
use crate::rule::{asked, exhibit, facts, file, moment};
use crate::verdict::{Ruling, Spot};

use super::name;
use super::scenarios::{MAPPED, READ, STORED, WAITS};
use super::sight::when;

/// Clause 1.
pub fn private_and_untouched(obs: &Observation) -> Ruling {
    mapped_as_asked(obs)?;
    never_shared(obs)?;
    changed_by_no_call(obs)?;
    let old = file::old_bytes(obs, name(obs));
    for rule in [MAPPED, READ, WAITS[0], STORED, WAITS[1]] {
        for at in obs.evidence.moments_of(rule) {
            moment::file_has(obs, at, name(obs), &old, &format!("when {}", when(rule)))?;
        }
    }
    file::all_unchanged(obs)?;
    keeps_its_time(obs)
}

/// The modification time is the old one, at every moment and in the end.
fn keeps_its_time(obs: &Observation) -> Ruling {
    let Some(before) = file::before(obs, name(obs)) else {
        return Ok(());
    };
    let moments = seen(&obs.evidence.moments)?.iter();
    let at_moments = moments.filter_map(|at| Some((when(&at.rule), at.file(name(obs))?)));
    let afterwards =
        file::after(obs, name(obs)).map(|state| ("the program has ended".to_owned(), state));
    let mut all = at_moments.chain(afterwards);
    let Some((when, _)) = all.find(|(_, state)| state.modified != before.modified) else {
        return Ok(());
    };
    broken(
        format!(
            "the modification time of `{}` is the old one, to the nanosecond, when {when}",
            name(obs)
        ),
        "it is another",
    )
    .at(file::spot(name(obs)))
    .fail()
}

/// No store could go to the file.
pub fn never_shared(obs: &Observation) -> Ruling {
    let of = target(obs, name(obs));
    let mut shared = None;
    replay(obs, |index, _, mappings| {
        let mut its = mappings.iter().filter(|m| of.has(m.id));
        if shared.is_none() && its.any(|m| m.reaches_the_file()) {
            shared = Some(index);
        }
    })?;
    let Some(index) = shared else {
        return Ok(());
    };
    broken(
        format!("no writable shared mapping of `{}` is made", name(obs)),
        "one was made",
    )
    .at(Spot::Event { index })
    .show(exhibit::calls(obs, index, &["MAP_SHARED"]))
    .code("shared-mapping")
    .fail()
}

/// Not even for a while.
fn changed_by_no_call(obs: &Observation) -> Ruling {
    let of = target(obs, name(obs));
    let changes = |call: &Call| length_set(call).is_some() || displaced(call).is_some();
    let all = calls(obs)?;
    let mut cuts = all
        .iter()
        .filter(|step| step.call.succeeded() && changes(step.call) && of.in_call(step.call));
    // What is stored into a private mapping, by whichever way, does not come so far.
    let writers = moved::movers(obs, &of, Way::Into)?;
    let mut writers = writers.iter().filter(|step| of.in_call(step.call));
    let Some(first) = cuts.next().or(writers.next()) else {
        return Ok(());
    };
    broken(
        format!("`{}` has its old bytes until the end", name(obs)),
        format!("`{}` changed it", first.call.name),
    )
    .at(Spot::Event { index: first.index })
    .show(exhibit::calls(obs, first.index, &[]))
    .fail()
}

/// When `pages` is printed, the whole file is mapped privately, once, for reading and writing.
fn mapped_as_asked(obs: &Observation) -> Ruling {
    let of = target(obs, name(obs));
    let expected = format!(
        "when `pages` is printed, `{}` is mapped once, as a whole, with PROT_READ, PROT_WRITE and \
         MAP_PRIVATE",
        name(obs)
    );
    let Some(printed) = facts::line_at(obs, 0, "pages:")? else {
        return match asked::refused(obs, &of).last() {
            Some(_) => asked::nothing_mapped(obs, &of, expected),
            None => broken("a line `pages` is printed", "it never was")
                .at(Spot::Missing)
                .show_some(exhibit::last_calls(obs, 0))
                .fail(),
        };
    };
    let process = events(obs)?.get(printed).map_or(0, |event| event.process);
    let live = live_before(obs, printed)?;
    let its = |m: &&Mapping| of.has(m.id) && m.process == process;
    let own: Vec<&Mapping> = live.iter().filter(its).collect();
    let length = file::before(obs, name(obs)).map_or(0, |state| state.length);
    let seen = |m: &Mapping, observed: String, words: &[&str]| {
        broken(expected.clone(), observed)
            .at(Spot::Event { index: m.made })
            .show(exhibit::calls(obs, m.made, words))
            .fail()
    };
    match own[..] {
        [] if live.iter().any(|m| of.has(m.id)) => broken(
            expected,
            "another process of the program has it mapped, and not the one that prints",
        )
        .at(Spot::Event { index: printed })
        .show(exhibit::calls(obs, printed, &[]))
        .fail(),
        [] => asked::nothing_mapped(obs, &of, expected),
        [m] if m.shared || m.prot != PROT_READ | PROT_WRITE => {
            let flags = asked::flags(m.prot, m.shared);
            let words = match m.shared {
                true => &["MAP_SHARED"][..],
                false => &["PROT_EXEC", "PROT_READ", "PROT_WRITE", "PROT_NONE"],
            };
            seen(m, format!("it is mapped with {flags}"), words)
        }
        [m] if m.range().from > 0 || m.range().to < length => {
            let range = m.range();
            let observed = format!("bytes {} to {} of it are mapped", range.from, range.to - 1);
            seen(m, observed, &[])
        }
        [_] => Ok(()),
        [.., m] => seen(m, format!("it is mapped {} times", own.len()), &[]),
    }
}
