//! What decides the stretch clauses of lab 6.

use crate::evidence::Observation;
use crate::evidence::address_space::Page;
use crate::rule::finding::broken;
use crate::rule::{ending, facts, file, pages};
use crate::verdict::{Finding, Ruling};

use super::rules::{all_are, own_are, works};
use super::scenarios::{AGAIN, CHILD, DROPPED, PARENT, READ, STORED, WAITS};
use super::sight::{
    IN_CHILD, IN_PARENT, Sight, WHEN_AGAIN, WHEN_DROPPED, all_facts, ranges, reported, sight,
};
use super::{name, named};

/// Clause 8.
pub fn dropped(obs: &Observation) -> Ruling {
    own_are(&sight(obs, STORED)?, &named(obs))?;
    let seen = sight(obs, DROPPED)?;
    are_absent(&seen, &named(obs))?;
    reported(obs, &WHEN_DROPPED, &seen)?;
    let seen = sight(obs, AGAIN)?;
    all_are(obs, &seen, Page::OfTheFile)?;
    reported(obs, &WHEN_AGAIN, &seen)?;
    comes_to_its_end(obs, &all_facts(obs, &[WHEN_DROPPED, WHEN_AGAIN])?)
}

/// The dropped pages are absent, and the others are the file's.
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
    .show(seen.picture(|n| match wanted.contains(&n) {
        true => Page::Absent,
        false => Page::OfTheFile,
    }))
    .fail()
}

fn comes_to_its_end(obs: &Observation, all: &[facts::Fact]) -> Ruling {
    facts::are(obs, all)?;
    file::all_unchanged(obs)?;
    ending::exits(obs, 0)
}

/// Clause 9.
pub fn forked(obs: &Observation) -> Ruling {
    let pages: Vec<u64> = super::words(obs)[1..]
        .iter()
        .filter_map(|word| word.parse().ok())
        .collect();
    let parents = &pages[..1];
    let before = sight(obs, STORED)?;
    own_are(&before, parents)?;
    let child = sight(obs, CHILD)?;
    if child.process == before.process {
        return broken(
            "another process, a child of the first, prints `child`",
            "the process that printed `stored` did",
        )
        .at(child.spot())
        .fail();
    }
    own_are(&child, &named(obs))?;
    reported(obs, &IN_CHILD, &child)?;
    // The parent is looked at in the same moment.
    let all = pages::private(obs, child.moment, name(obs))?;
    let parent = all.iter().find(|one| one.process == before.process);
    let own = parent.map(|parent| parent.numbers(Page::Own));
    if own.as_deref() != Some(parents) {
        return broken(
            format!(
                "when the child prints `child file`, the parent's own copies are {}",
                ranges(parents)
            ),
            match own {
                Some(own) => format!("they are {}", ranges(&own)),
                None => "the parent has the file mapped no more".to_owned(),
            },
        )
        .at(child.spot())
        .fail();
    }
    // The line for the child is the child's to read, and the parent reports behind its end.
    sight(obs, WAITS[1])?;
    let after = sight(obs, PARENT)?;
    own_are(&after, parents)?;
    let spaces = &after.moment.spaces;
    let lives = spaces.iter().any(|space| space.process == child.process);
    if after.process != before.process || lives {
        return broken(
            "the parent prints `parent` when the child has ended",
            match after.process == before.process {
                true => "the child still has the file mapped",
                false => "another process printed it",
            },
        )
        .at(after.spot())
        .fail();
    }
    reported(obs, &IN_PARENT, &after)?;
    comes_to_its_end(obs, &all_facts(obs, &[IN_CHILD, IN_PARENT])?)
}

/// Clause 10.
pub fn dirty(obs: &Observation) -> Ruling {
    let seen = sight(obs, READ)?;
    all_are(obs, &seen, Page::OfTheFile)?;
    let detail = seen.region.detail.as_ref();
    if detail.is_none_or(|detail| detail.private_dirty_kib == 0) {
        let reason = "the file's pages did not stay dirty: something synced them meanwhile";
        return Err(Finding::Unobservable(reason.to_owned()));
    }
    works(obs)
}
