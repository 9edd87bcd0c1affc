//! What decides the core clauses of lab 6.

use crate::evidence::Observation;
use crate::evidence::address_space::Page;
use crate::rule::moved::{self, Way};
use crate::rule::trace::target;
use crate::rule::{ending, exhibit, finding::broken, refusal};
use crate::verdict::{Finding, Ruling, Spot};

use super::scenarios::{MAPPED, READ, REST, STORED, WAITS};
use super::sight::{Sight, WHEN_MAPPED, WHEN_READ, WHEN_STORED, reported, sight, when, which};
use super::{count, debugger, name, named, whole};

/// The file is too long: it is refused, and not read.
pub fn long_file(obs: &Observation) -> Ruling {
    refusal::of(obs, &[name(obs)])?;
    ending::resident_at_most(obs, 64, None)?;
    match moved::none(obs, &target(obs, name(obs)), Way::Either, "read-by-call") {
        // Without a trace, memory tells of most of it.
        Err(Finding::Unobservable(_)) => Ok(()),
        other => other,
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

/// Clause 3, where the first line comes in two pieces.
pub fn still_the_files(obs: &Observation) -> Ruling {
    let rest = sight(obs, REST)?;
    whole::goes_on_behind(obs, "store", STORED, rest.moment.at)?;
    all_are(obs, &rest, Page::OfTheFile)
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
    own_are(obs, &seen, &named(obs))?;
    file_or_own(&seen)?;
    reported(obs, &WHEN_STORED, &seen)
}

/// At this moment exactly these pages are the process's own copies, and those into which a debugger
/// has stored.
pub fn own_are(obs: &Observation, seen: &Sight<'_>, wanted: &[u64]) -> Ruling {
    let mut wanted = wanted.to_vec();
    wanted.extend(debugger::pages(obs, seen)?);
    wanted.sort_unstable();
    wanted.dedup();
    let wanted = &wanted[..];
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
pub fn file_or_own(seen: &Sight<'_>) -> Ruling {
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
        // Not every run is looked at while it waits.
        if rule != STORED && obs.evidence.moments_of(rule).next().is_none() {
            continue;
        }
        let after = sight(obs, rule)?;
        own_are(obs, &after, &named(obs))?;
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
    works(obs)
}

/// A whole run of the first form: clause 6 if a debugger has a hand in it.
pub fn works(obs: &Observation) -> Ruling {
    up_to_the_stores(obs, &named(obs))?;
    whole::run(obs, &["store", "end"], &[])
}

/// The pages and the reports up to `stored`.
pub fn up_to_the_stores(obs: &Observation, stored: &[u64]) -> Ruling {
    let seen = sight(obs, MAPPED)?;
    all_are(obs, &seen, Page::Absent)?;
    reported(obs, &WHEN_MAPPED, &seen)?;
    for (report, own) in [(WHEN_READ, &[][..]), (WHEN_STORED, stored)] {
        let seen = sight(obs, report.moment)?;
        own_are(obs, &seen, own)?;
        file_or_own(&seen)?;
        reported(obs, &report, &seen)?;
    }
    Ok(())
}

/// The file or a page of it cannot be used: an error with its name, nothing done.
pub fn refused(obs: &Observation) -> Ruling {
    refusal::of(obs, &[name(obs)])
}
