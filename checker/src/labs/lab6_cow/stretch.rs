//! What decides the stretch clauses of lab 6.

use crate::evidence::Observation;
use crate::evidence::address_space::Page;
use crate::evidence::trace::What;
use crate::rule::finding::broken;
use crate::rule::trace::{calls, events, target};
use crate::rule::{exhibit, pages, refusal};
use crate::verdict::{Finding, Ruling, Spot};

use super::rules::{file_or_own, own_are, up_to_the_stores, works};
use super::scenarios::{AGAIN, CHILD, DROPPED, PARENT, READ, STORED};
use super::sight::{IN_CHILD, IN_PARENT, Sight, WHEN_AGAIN, WHEN_DROPPED, ranges, reported, sight};
use super::{debugger, name, named, whole, words};

/// Clauses 8 and 9: too few words, or a page that is not there.
pub fn refused(obs: &Observation) -> Ruling {
    let needed = match obs.scenario.actors[0].arguments[0].as_str() {
        "--drop" => 2,
        _ => 3,
    };
    match words(obs).len() < needed {
        true => refusal::usage(obs),
        false => refusal::of(obs, &[name(obs)]),
    }
}

/// Clause 8.
pub fn dropped(obs: &Observation) -> Ruling {
    up_to_the_stores(obs, &named(obs))?;
    let seen = sight(obs, DROPPED)?;
    are_absent(&seen, &named(obs))?;
    own_are(obs, &seen, &[])?;
    reported(obs, &WHEN_DROPPED, &seen)?;
    let seen = sight(obs, AGAIN)?;
    file_or_own(&seen)?;
    own_are(obs, &seen, &[])?;
    reported(obs, &WHEN_AGAIN, &seen)?;
    whole::run(obs, &["store", "end"], &[WHEN_DROPPED, WHEN_AGAIN])
}

/// The dropped pages are absent, and no others.
fn are_absent(seen: &Sight<'_>, wanted: &[u64]) -> Ruling {
    let absent = seen.numbers(Page::Absent);
    if absent == wanted {
        return Ok(());
    }
    broken(
        format!(
            "when `dropped file` is printed, not in the page table: {}",
            ranges(wanted)
        ),
        format!("it is so for: {}", ranges(&absent)),
    )
    .at(seen.spot())
    .show(
        seen.picture(|n| match (wanted.contains(&n), seen.whose(n)) {
            (true, _) => Page::Absent,
            (false, Page::Absent) => Page::OfTheFile,
            (false, whose) => whose,
        }),
    )
    .fail()
}

/// Clause 9.
pub fn forked(obs: &Observation) -> Ruling {
    let pages = words(obs)[1..].iter().filter_map(|word| word.parse().ok());
    let pages: Vec<u64> = pages.collect();
    let parents = &pages[..1];
    up_to_the_stores(obs, parents)?;
    let before = sight(obs, STORED)?;
    let child = sight(obs, CHILD)?;
    is_forked_then(obs, &before, &child)?;
    let after = sight(obs, PARENT);
    if let Ok(after) = &after {
        behind_the_end(obs, &before, &child, after)?;
    }
    own_are(obs, &child, &named(obs))?;
    reported(obs, &IN_CHILD, &child)?;
    the_parent_has(obs, &before, &child, parents)?;
    // The line for the child is the child's to read, and the parent reports behind its end.
    let waits = whole::waits(obs, &["store", "child", "end"])?;
    if waits[1].process != child.process {
        return broken(
            "the child prints `waiting: child` and reads the line",
            "another process did",
        )
        .at(Spot::Event {
            index: waits[1].line,
        })
        .show(exhibit::calls(obs, waits[1].line, &[]))
        .fail();
    }
    let after = after?;
    own_are(obs, &after, parents)?;
    reported(obs, &IN_PARENT, &after)?;
    whole::run(obs, &["store", "child", "end"], &[IN_CHILD, IN_PARENT])
}

/// The child is a process that the first one forks after its stores, and has the same mapping.
fn is_forked_then(obs: &Observation, before: &Sight<'_>, child: &Sight<'_>) -> Ruling {
    let expected =
        "after `stored`, the process that printed it forks, and the child prints `child`";
    if child.process == before.process {
        return broken(expected, "the process that printed `stored` did")
            .at(child.spot())
            .fail();
    }
    let begun = events(obs)?.iter().enumerate().find(|(_, event)| {
        matches!(event.what, What::Started { process, .. } if process == child.process)
    });
    let observed = match begun {
        Some((index, _)) if index < before.moment.at => "the child was forked before",
        Some((_, event)) if event.process != before.process => "another process forked it",
        _ if child.line() != before.line() => "the child has another mapping",
        _ => return Ok(()),
    };
    broken(expected, observed).at(child.spot()).fail()
}

/// The parent is looked at in the same moment.
fn the_parent_has(
    obs: &Observation,
    before: &Sight<'_>,
    child: &Sight<'_>,
    parents: &[u64],
) -> Ruling {
    let mut wanted = parents.to_vec();
    wanted.extend(debugger::pages_in(obs, child, before.process)?);
    wanted.sort_unstable();
    let all = pages::private(obs, child.moment, name(obs))?;
    let parent = all.iter().find(|one| one.process == before.process);
    let own = parent.map(|parent| parent.numbers(Page::Own));
    if own.as_ref() == Some(&wanted) {
        return Ok(());
    }
    broken(
        format!(
            "when the child prints `child file`, the parent's own copies are {}",
            ranges(&wanted)
        ),
        match own {
            Some(own) => format!("they are {}", ranges(&own)),
            None => "the parent has the file mapped no more".to_owned(),
        },
    )
    .at(child.spot())
    .fail()
}

/// The parent reports when the child has ended.
fn behind_the_end(
    obs: &Observation,
    before: &Sight<'_>,
    child: &Sight<'_>,
    after: &Sight<'_>,
) -> Ruling {
    let ended = events(obs)?.iter().take(after.moment.at).any(|event| {
        event.process == child.process && matches!(event.what, What::Leaving | What::Ended)
    });
    let observed = match (after.process == before.process, ended) {
        (true, true) => return Ok(()),
        (true, false) => "the child had not ended",
        (false, _) => "another process printed it",
    };
    broken(
        "the parent prints `parent` when the child has ended",
        observed,
    )
    .at(after.spot())
    .fail()
}

/// Clause 10.
pub fn dirty(obs: &Observation) -> Ruling {
    const SYNCS: [&str; 6] = [
        "fsync",
        "fdatasync",
        "msync",
        "sync_file_range",
        "syncfs",
        "sync",
    ];
    let of = target(obs, name(obs));
    let all = calls(obs)?;
    let on_file = |step: &&crate::rule::trace::Step<'_>| {
        step.call.is(&SYNCS) && (of.in_call(step.call) || step.call.file.is_none())
    };
    if let Some(step) = all.iter().find(on_file) {
        return broken(
            format!(
                "`{}` stays dirty: the program leaves syncing alone",
                name(obs)
            ),
            format!("it called `{}`", step.call.name),
        )
        .at(Spot::Event { index: step.index })
        .show(exhibit::calls(obs, step.index, &[]))
        .fail();
    }
    works(obs)?;
    let seen = sight(obs, READ)?;
    let detail = seen.region.detail.as_ref();
    if detail.is_none_or(|detail| detail.private_dirty_kib == 0) {
        let reason = "the file's pages did not stay dirty: something synced them meanwhile";
        return Err(Finding::Unobservable(reason.to_owned()));
    }
    Ok(())
}
