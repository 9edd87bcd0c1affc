//! How the mistakes of lab 6 show in what was observed.

use crate::evidence::Observation;
use crate::evidence::address_space::Page;
use crate::evidence::ending::Ending;
use crate::evidence::trace::{Mmap, Open, Stream};
use crate::lab::Clue;
use crate::rule::mapping::of_file;
use crate::rule::trace::{Step, calls_seen, target};
use crate::rule::{asked, clue, facts};

use super::scenarios::{MAPPED, READ, REST, STORED, WAITS};
use super::sight::{REPORTS, Report, WHEN_MAPPED, WHEN_READ, WHEN_STORED, ranges, sight};
use super::{asking, count, debugger, name, named};

/// The one mapping when `pages` is printed is shared, or one is through which the file is stored into.
pub fn shared(obs: &Observation) -> Option<Clue> {
    let of = target(obs, name(obs));
    let expected = format!("`{}` is mapped with MAP_PRIVATE", name(obs));
    let mappings = of_file(obs, &of).ok()?;
    let reaching = mappings.iter().find(|m| m.reaches_the_file());
    let alone = || {
        mappings
            .iter()
            .all(|m| m.shared)
            .then(|| mappings.first())?
    };
    if let Some(shared) = reaching.or_else(alone) {
        let seen = "it was mapped with MAP_SHARED";
        return Some(clue::at(obs, shared.made, &["MAP_SHARED"], expected, seen));
    }
    if !mappings.is_empty() {
        return None;
    }
    let refused = asked::refused(obs, &of);
    let step = refused
        .iter()
        .find(|step| Mmap::of(step.call).is_some_and(|map| map.is_shared()))?;
    let refusal = asked::refusal(obs, step);
    let seen = format!("it was asked for with MAP_SHARED, and {refusal}");
    Some(clue::at(obs, step.index, &["MAP_SHARED"], expected, seen))
}

/// The index of the first read of standard input.
fn first_read_of_input(obs: &Observation) -> Option<usize> {
    let all = calls_seen(obs);
    let is = |stream: Option<Stream>| stream == Some(Stream::Stdin);
    let read = all.iter().find(|step| {
        step.call.is(&["read", "readv"]) && step.call.file.as_ref().is_some_and(|f| is(f.stream))
    });
    read.map(|step| step.index)
}

/// One write carries lines between which the program waits or should have been looked at.
pub fn held_back(obs: &Observation) -> Option<Clue> {
    let mapped = facts::line_at(obs, 0, MAPPED).ok()?;
    let read = facts::line_at(obs, 0, READ).ok()?;
    let observed = match (mapped, read) {
        (Some(mapped), Some(read)) if mapped == read => {
            "`mapped file` and `read file` left it together"
        }
        (None, None) if waits_in_silence(obs) => "it waited for a line, and none had left it",
        _ => return None,
    };
    Some(Clue {
        expected: Some("each line leaves the program when it is printed".to_owned()),
        observed: Some(observed.to_owned()),
        exhibit: None,
    })
}

/// The run was ended while the program waited, and nothing had been printed by then.
fn waits_in_silence(obs: &Observation) -> bool {
    let actor = &obs.evidence.actors[0];
    let is_ended = matches!(actor.ending, Ending::Stopped { .. });
    is_ended && actor.stdout.text().is_empty() && first_read_of_input(obs).is_some()
}

pub fn did_not_wait(obs: &Observation) -> Option<Clue> {
    facts::line_at(obs, 0, "waiting: store").ok()??;
    // One that ended in between has another reason.
    facts::line_at(obs, 0, STORED).ok()??;
    let input = &obs.scenario.actors[0];
    (input.keeps_input_open && first_read_of_input(obs).is_none()).then(|| Clue {
        expected: Some("after `waiting: store` the program reads standard input".to_owned()),
        observed: Some("it never did, and went on".to_owned()),
        exhibit: None,
    })
}

pub fn too_early(obs: &Observation) -> Option<Clue> {
    let stored = [READ, REST, WAITS[0]].iter().any(|moment| {
        sight(obs, moment).is_ok_and(|seen| {
            let mut own = seen.numbers(Page::Own);
            let others = debugger::pages(obs, &seen).unwrap_or_default();
            own.retain(|page| !others.contains(page));
            !own.is_empty()
        })
    });
    stored.then(Clue::default)
}

pub fn populated(obs: &Observation) -> Option<Clue> {
    const MAP_LOCKED: u64 = 0x2000;
    const MAP_POPULATE: u64 = 0x8000;
    let absent = sight(obs, MAPPED).is_ok_and(|seen| !seen.numbers(Page::Absent).is_empty());
    if absent {
        return None;
    }
    let of = target(obs, name(obs));
    let all = calls_seen(obs);
    let step = all.iter().find(|step| {
        let asks =
            Mmap::of(step.call).is_some_and(|map| map.flags & (MAP_POPULATE | MAP_LOCKED) != 0);
        asks && of.in_call(step.call)
    })?;
    let expected = "no page is there before it is touched";
    let seen = "the mapping was made with a flag that brings all pages in";
    let words = ["MAP_POPULATE", "MAP_LOCKED"];
    Some(clue::at(obs, step.index, &words, expected, seen))
}

/// What a report in the output says of one kind of page: the value of one of its facts.
fn said(obs: &Observation, report: &Report, n: usize) -> Option<String> {
    let output = obs.evidence.actors[0].stdout.text();
    let prefix = format!("{}: ", report.names[n]);
    let found = facts::lines(&output).find_map(|line| line.strip_prefix(&prefix));
    found.map(str::to_owned)
}

const FILE: usize = 0;
const OWN: usize = 1;
const ABSENT: usize = 2;

fn all_pages(obs: &Observation) -> String {
    ranges(&(0..count(obs)).collect::<Vec<_>>())
}

/// Whether a report was printed that is not what is seen from outside.
fn reports_wrong(obs: &Observation) -> bool {
    REPORTS.iter().any(|report| {
        let Ok(seen) = sight(obs, report.moment) else {
            return false;
        };
        let facts = seen.facts(report);
        (FILE..=ABSENT).any(|n| said(obs, report, n).is_some_and(|said| said != facts[n].1))
    })
}

pub fn from_smaps(obs: &Observation) -> Option<Clue> {
    let step = asking::opened(obs, "smaps")?;
    // For the reports, and not only for the line at the end.
    facts::line_at(obs, 0, MAPPED)
        .ok()?
        .filter(|printed| step < *printed)?;
    if asking::opened(obs, "pagemap").is_some() || !reports_wrong(obs) {
        return None;
    }
    Some(clue::at(
        obs,
        step,
        &["smaps"],
        "the reports are made from /proc/self/pagemap",
        "they were made from the figures of /proc/self/smaps, and one is wrong",
    ))
}

pub fn guessed(obs: &Observation) -> Option<Clue> {
    let asked = ["pagemap", "smaps"]
        .iter()
        .any(|file| asking::opened(obs, file).is_some());
    (!asked && reports_wrong(obs)).then(|| Clue {
        expected: Some("the reports are made from /proc/self/pagemap".to_owned()),
        observed: Some("the program never opened it, and a report is wrong".to_owned()),
        exhibit: None,
    })
}

/// Where the entries of the mapping's first pages stand in pagemap.
fn entries(obs: &Observation) -> Option<Vec<u64>> {
    let page = obs.evidence.page_size.max(1);
    let mappings = of_file(obs, &target(obs, name(obs))).ok()?;
    Some(mappings.iter().map(|m| 8 * (m.start / page)).collect())
}

pub fn half_entries(obs: &Observation) -> Option<Clue> {
    let entries = entries(obs)?;
    let reads = asking::pagemap_reads(obs);
    let near = |from: u64| {
        entries
            .iter()
            .any(|at| (*at..at + 8 * count(obs)).contains(&from))
    };
    let refused = reads.iter().find(|read| {
        let half = !read.from.is_multiple_of(8) || !read.asked.is_multiple_of(8);
        half && read.from == read.to && near(read.from)
    })?;
    let expected = "a place and a number of bytes that are multiples of 8";
    let seen = format!(
        "{} bytes at byte {} of pagemap were asked for, and refused",
        refused.asked, refused.from
    );
    Some(clue::at(obs, refused.index, &["EINVAL"], expected, seen))
}

pub fn wrong_index(obs: &Observation) -> Option<Clue> {
    let entries = entries(obs)?;
    let reads = asking::pagemap_reads(obs);
    let covers = |read: &asking::Read| entries.iter().any(|at| (read.from..read.to).contains(at));
    if reads.iter().any(covers) {
        return None;
    }
    let entry = entries.last()?;
    let expected = format!("the entry of page 0 is read, at byte {entry} of pagemap");
    let first = reads.first()?;
    let seen = match first.to - first.from {
        0 => format!("byte {} was asked for, and nothing came", first.from),
        _ => format!("bytes {} to {} were read first", first.from, first.to - 1),
    };
    let place = format!(", {})", first.from);
    Some(clue::at(obs, first.index, &[&place], expected, seen))
}

pub fn bit_63(obs: &Observation) -> Option<Clue> {
    asking::opened(obs, "pagemap")?;
    let all = said(obs, &WHEN_MAPPED, OWN)? == all_pages(obs);
    let all_absent = sight(obs, MAPPED).ok()?.numbers(Page::Absent).len() as u64 == count(obs);
    (all && all_absent && knows_its_own(obs)).then(Clue::default)
}

/// What the program says of its own pages after the stores, if it comes so far, is right.
fn knows_its_own(obs: &Observation) -> bool {
    match (said(obs, &WHEN_STORED, OWN), sight(obs, STORED)) {
        (Some(said), Ok(seen)) => said == ranges(&seen.numbers(Page::Own)),
        _ => true,
    }
}

pub fn bit_61(obs: &Observation) -> Option<Clue> {
    asking::opened(obs, "pagemap")?;
    let all = said(obs, &WHEN_READ, OWN)? == all_pages(obs);
    let none_own = sight(obs, READ).ok()?.numbers(Page::Own).is_empty();
    let none_own = none_own && !knows_its_own(obs);
    (all && none_own && said(obs, &WHEN_READ, FILE)? == "none").then(Clue::default)
}

/// It asks at the right place and time, and takes pages that are there for absent; or it gives up,
/// and says that somebody else should run it.
pub fn frame_number(obs: &Observation) -> Option<Clue> {
    let entries = entries(obs)?;
    let reads = asking::pagemap_reads(obs);
    let covers = |read: &&asking::Read| entries.iter().any(|at| (read.from..read.to).contains(at));
    let first = reads.iter().find(covers)?;
    let words = obs.evidence.actors[0].stderr.text().to_lowercase();
    let asks_for_root = ["root", "privilege", "cap_sys_admin", "frame", "pfn"];
    let gives_up = matches!(obs.evidence.actors[0].ending, Ending::Exited { code } if code != 0)
        && asks_for_root.iter().any(|word| words.contains(word));
    let mapped = facts::line_at(obs, 0, MAPPED).ok()?.unwrap_or(first.index);
    let again = reads.iter().filter(covers).any(|read| read.index > mapped);
    let there = sight(obs, READ).is_ok_and(|seen| seen.numbers(Page::Absent).is_empty());
    let all_absent = said(obs, &WHEN_READ, ABSENT).is_some_and(|said| said == all_pages(obs));
    (gives_up || (again && there && all_absent)).then(Clue::default)
}

pub fn elsewhere(obs: &Observation) -> Option<Clue> {
    let own = sight(obs, STORED).ok()?.numbers(Page::Own);
    let has_named = !named(obs).is_empty();
    (own.is_empty() && has_named).then(Clue::default)
}

pub fn too_much(obs: &Observation) -> Option<Clue> {
    let own = sight(obs, STORED).ok()?.numbers(Page::Own);
    let named = named(obs);
    let before = sight(obs, READ).ok()?.numbers(Page::Own);
    let others = debugger::pages(obs, &sight(obs, STORED).ok()?).unwrap_or_default();
    let more = own
        .iter()
        .any(|page| !named.contains(page) && !others.contains(page));
    (before.is_empty() && more).then(Clue::default)
}

/// The page count shows it, or that the last page is refused.
pub fn rounded_down(obs: &Observation) -> Option<Clue> {
    let output = obs.evidence.actors[0].stdout.text();
    let said = facts::lines(&output).find_map(|line| line.strip_prefix("pages: "));
    let counted =
        said.is_some_and(|said| said.parse().is_ok_and(|said: u64| said + 1 == count(obs)));
    let last = count(obs).saturating_sub(1);
    let of = target(obs, name(obs));
    let opened = |step: &Step<'_>| {
        Open::of(step.call).is_some() && step.call.succeeded() && of.in_call(step.call)
    };
    let refused = output.is_empty()
        && last > 0
        && named(obs).contains(&last)
        && calls_seen(obs).iter().any(opened);
    (counted || refused).then(|| Clue {
        expected: Some(format!("`{}` has {} pages", name(obs), count(obs))),
        observed: Some(match said {
            Some(said) => format!("the program counts {said}"),
            None => format!("page {last} was refused"),
        }),
        exhibit: None,
    })
}

pub fn not_refused(obs: &Observation) -> Option<Clue> {
    let beyond = |word: &String| word.parse().map_or(true, |page: u64| page >= count(obs));
    let is_beyond = super::words(obs).iter().skip(1).any(beyond);
    let done = matches!(
        obs.evidence.actors[0].ending,
        Ending::Exited { code: 0 } | Ending::Killed { .. }
    );
    (is_beyond && done).then(Clue::default)
}
