//! What decides the core clauses of lab 6.

use crate::evidence::Observation;
use crate::evidence::address_space::Page;
use crate::evidence::trace::What;
use crate::rule::mapping::{Mapping, live_before, replay};
use crate::rule::moved::{self, Way};
use crate::rule::trace::{events, target};
use crate::rule::{asked, ending, exhibit, facts, file, finding::broken, moment, refusal};
use crate::verdict::{Finding, Ruling, Spot};

use super::scenarios::{DEBUGGER, MAPPED, READ, STORED, WAITS};
use super::sight::{
    Sight, WHEN_MAPPED, WHEN_READ, WHEN_STORED, all_facts, ranges, reported, sight, when,
};
use super::{count, name, named};

/// The file cannot be used: an error with its name, nothing done.
pub fn bad_file(obs: &Observation) -> Ruling {
    refusal::of(obs, &[name(obs)])?;
    ending::resident_at_most(obs, 64, None)
}

/// Clause 1.
pub fn private_and_untouched(obs: &Observation) -> Ruling {
    mapped_as_asked(obs)?;
    let of = target(obs, name(obs));
    let mut shared = None;
    replay(obs, |index, _, mappings| {
        if shared.is_none()
            && mappings
                .iter()
                .any(|m| of.has(m.id) && m.reaches_the_file())
        {
            shared = Some(index);
        }
    })?;
    if let Some(index) = shared {
        return broken(
            format!("no writable shared mapping of `{}` is made", name(obs)),
            "one was made",
        )
        .at(Spot::Event { index })
        .show(exhibit::calls(obs, index, &["MAP_SHARED"]))
        .code("shared-mapping")
        .fail();
    }
    let old = file::old_bytes(obs, name(obs));
    for rule in [MAPPED, READ, WAITS[0], STORED, WAITS[1]] {
        for at in obs.evidence.moments_of(rule) {
            moment::file_has(obs, at, name(obs), &old, &format!("when {}", when(rule)))?;
        }
    }
    file::all_unchanged(obs)
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
        [m] if m.shared || !m.is_read_write() => {
            let flags = asked::flags(m.prot, m.shared);
            let words = match m.shared {
                true => &["MAP_SHARED"][..],
                false => &["PROT_READ", "PROT_WRITE", "PROT_NONE"],
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

/// Clause 2.
pub fn nothing_there_yet(obs: &Observation) -> Ruling {
    let seen = sight(obs, MAPPED)?;
    all_are(obs, &seen, Page::Absent)?;
    reported(obs, &WHEN_MAPPED, &seen)
}

/// Clause 3.
pub fn all_the_files(obs: &Observation) -> Ruling {
    let of = target(obs, name(obs));
    let waits = obs.evidence.moments_of(WAITS[0]).next();
    let movers = moved::movers(obs, &of, Way::Either)?;
    let before = |index: usize| waits.is_none_or(|moment| index < moment.at);
    if let Some(first) = movers.iter().find(|step| before(step.index)) {
        return broken(
            format!(
                "no system call moves bytes of `{}` before the program waits",
                name(obs)
            ),
            format!("`{}` moved some", first.call.name),
        )
        .at(Spot::Event { index: first.index })
        .show(exhibit::calls(obs, first.index, &[]))
        .code("read-by-call")
        .fail();
    }
    let seen = sight(obs, READ)?;
    all_are(obs, &seen, Page::OfTheFile)?;
    reported(obs, &WHEN_READ, &seen)?;
    all_are(obs, &sight(obs, WAITS[0])?, Page::OfTheFile)
}

/// At this moment all pages are the file's, or all are absent.
pub fn all_are(obs: &Observation, seen: &Sight<'_>, whose: Page) -> Ruling {
    let others = [Page::OfTheFile, Page::Own, Page::Absent];
    let mut others = others.into_iter().filter(|other| *other != whose);
    let when = when(&seen.moment.rule);
    let Some((other, numbers)) = others.find_map(|other| {
        let numbers = seen.numbers(other);
        (!numbers.is_empty()).then_some((other, numbers))
    }) else {
        return match seen.numbers(whose).len() as u64 == count(obs) {
            true => Ok(()),
            false => broken(
                format!(
                    "when {when}, all {} pages of `{}` are mapped",
                    count(obs),
                    name(obs)
                ),
                format!("{} are", seen.numbers(whose).len()),
            )
            .at(seen.spot())
            .fail(),
        };
    };
    let expected = match whose {
        Page::Absent => format!("when {when}, no page of the mapping is in the page table"),
        _ => format!("when {when}, every page of the mapping is the file's"),
    };
    let observed = format!("{} {}", which(&numbers), is_whose(&numbers, other));
    broken(expected, observed)
        .at(seen.spot())
        .show(seen.picture(|_| whose))
        .fail()
}

fn which(numbers: &[u64]) -> String {
    match numbers {
        [one] => format!("page {one}"),
        several => format!("pages {}", ranges(several)),
    }
}

fn is_whose(numbers: &[u64], whose: Page) -> &'static str {
    match (numbers.len(), whose) {
        (1, Page::OfTheFile) => "is the file's",
        (_, Page::OfTheFile) => "are the file's",
        (1, Page::Own) => "is the program's own copy",
        (_, Page::Own) => "are the program's own copies",
        (1, Page::Absent) => "is not in the page table",
        (_, Page::Absent) => "are not in the page table",
    }
}

/// Clause 4.
pub fn named_are_own(obs: &Observation) -> Ruling {
    let seen = sight(obs, STORED)?;
    own_are(&seen, &named(obs))?;
    file_or_own(&seen)?;
    reported(obs, &WHEN_STORED, &seen)
}

/// At this moment exactly these pages are the process's own copies.
pub fn own_are(seen: &Sight<'_>, wanted: &[u64]) -> Ruling {
    let own = seen.numbers(Page::Own);
    let when = when(&seen.moment.rule);
    let expected = match wanted {
        [] => format!("when {when}, no page is the program's own copy"),
        _ => format!(
            "when {when}, {} {}, and no other",
            which(wanted),
            is_whose(wanted, Page::Own)
        ),
    };
    let finding = |observed: String| {
        broken(expected.clone(), observed)
            .at(seen.spot())
            .show(seen.picture(|n| match wanted.contains(&n) {
                true => Page::Own,
                false => Page::OfTheFile,
            }))
    };
    let missing: Vec<u64> = wanted
        .iter()
        .copied()
        .filter(|n| !own.contains(n))
        .collect();
    let more: Vec<u64> = own
        .iter()
        .copied()
        .filter(|n| !wanted.contains(n))
        .collect();
    if !missing.is_empty() {
        let absent = missing
            .iter()
            .all(|n| seen.numbers(Page::Absent).contains(n));
        let is = match absent {
            true => is_whose(&missing, Page::Absent),
            false if missing.len() == 1 => "is still the file's",
            false => "are still the file's",
        };
        return finding(format!("{} {is}", which(&missing))).fail();
    }
    if !more.is_empty() {
        let observed = format!("{} {} too", which(&more), is_whose(&more, Page::Own));
        return finding(observed).fail();
    }
    Ok(())
}

/// No page is absent.
fn file_or_own(seen: &Sight<'_>) -> Ruling {
    let absent = seen.numbers(Page::Absent);
    if absent.is_empty() {
        return Ok(());
    }
    broken(
        format!(
            "when {}, every other page is the file's",
            when(&seen.moment.rule)
        ),
        format!("{} {}", which(&absent), is_whose(&absent, Page::Absent)),
    )
    .at(seen.spot())
    .show(seen.picture(|n| match absent.contains(&n) {
        true => Page::OfTheFile,
        false => seen.whose(n),
    }))
    .fail()
}

/// Clause 5.
pub fn same_line(obs: &Observation) -> Ruling {
    let before = sight(obs, READ)?;
    for rule in [STORED, WAITS[1]] {
        let after = sight(obs, rule)?;
        if after.line() != before.line() {
            return broken(
                format!(
                    "the line in maps is still `{}` when {}",
                    before.line(),
                    when(rule)
                ),
                format!("it is `{}`", after.line()),
            )
            .at(after.spot())
            .show_some(exhibit::last_calls(obs, 0))
            .fail();
        }
    }
    own_are(&sight(obs, WAITS[1])?, &named(obs))?;
    works(obs)
}

/// All facts, and exit status 0; the named pages are the program's own.
pub fn works(obs: &Observation) -> Ruling {
    own_are(&sight(obs, STORED)?, &named(obs))?;
    facts::are(obs, &all_facts(obs, &[])?)?;
    ending::exits(obs, 0)
}

/// Clause 6.
pub fn looked_up(obs: &Observation) -> Ruling {
    let waiting = sight(obs, WAITS[0])?;
    could_store(obs, &waiting)?;
    let mut wanted = waiting.numbers(Page::Own);
    wanted.extend(named(obs));
    wanted.sort_unstable();
    wanted.dedup();
    let seen = sight(obs, STORED)?;
    own_are(&seen, &wanted)?;
    reported(obs, &WHEN_STORED, &seen).map_err(|finding| match finding {
        Finding::Broken(mut diagnosis, code) => {
            let page = which(&waiting.numbers(Page::Own));
            let told = format!("a debugger has stored into {page} meanwhile; then: ");
            diagnosis.expected.insert_str(0, &told);
            Finding::Broken(diagnosis, code)
        }
        other => other,
    })
}

/// Whether the debugger's store made a copy: its rule acts right before the first wait is looked at.
fn could_store(obs: &Observation, waiting: &Sight<'_>) -> Ruling {
    if !waiting.numbers(Page::Own).is_empty() {
        return Ok(());
    }
    if !waiting.region.permissions.contains('w') {
        let permissions = asked::flags_shown(&waiting.region.permissions);
        return broken(
            format!("the mapping of `{}` can be stored into", name(obs)),
            format!("it is mapped with {permissions}"),
        )
        .at(waiting.spot())
        .fail();
    }
    let did = events(obs)?.iter().find_map(|event| match &event.what {
        What::Rule { rule, did } if rule == DEBUGGER => Some(did.as_str()),
        _ => None,
    });
    Err(Finding::Unobservable(format!(
        "a debugger's store into the program made no copy ({})",
        did.unwrap_or("it was never tried")
    )))
}

/// Clause 7.
pub fn refused(obs: &Observation) -> Ruling {
    refusal::of(obs, &[name(obs)])
}
