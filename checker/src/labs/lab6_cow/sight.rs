//! What a moment shows of the one mapping of FILE, and the report that should say the same.

use crate::evidence::address_space::{Page, Region};
use crate::evidence::trace::What;
use crate::evidence::{Moment, Observation};
use crate::rule::facts::{self, Fact};
use crate::rule::finding::broken;
use crate::rule::mapping::replay;
use crate::rule::trace::{events, target};
use crate::rule::{exhibit, moment, pages};
use crate::verdict::{Exhibit, Finding, Ruling, Spot};

use super::scenarios::{AGAIN, CHILD, DROPPED, MAPPED, PARENT, READ, REST, STORED, WAITS};
use super::{count, debugger, name};

/// A report: at which moment it is made, and where it stands in the output.
#[derive(Clone, Copy, Debug)]
pub struct Report {
    /// The moment, and the beginning of its first line.
    pub moment: &'static str,
    /// Its facts.
    pub names: [&'static str; 3],
    /// The number of lines before it.
    pub before: usize,
}

const fn report(moment: &'static str, names: [&'static str; 3], before: usize) -> Report {
    Report {
        moment,
        names,
        before,
    }
}

/// Nothing was touched yet.
pub const WHEN_MAPPED: Report = report(MAPPED, ["mapped file", "mapped own", "mapped absent"], 1);
/// Every page was read.
pub const WHEN_READ: Report = report(READ, ["read file", "read own", "read absent"], 4);
/// The pages were stored into.
pub const WHEN_STORED: Report = report(STORED, ["stored file", "stored own", "stored absent"], 8);
/// The copies were dropped.
pub const WHEN_DROPPED: Report = report(
    DROPPED,
    ["dropped file", "dropped own", "dropped absent"],
    11,
);
/// Every page was read again.
pub const WHEN_AGAIN: Report = report(AGAIN, ["again file", "again own", "again absent"], 14);
/// In the child.
pub const IN_CHILD: Report = report(CHILD, ["child file", "child own", "child absent"], 11);
/// When the child has ended.
pub const IN_PARENT: Report = report(PARENT, ["parent file", "parent own", "parent absent"], 15);

/// All of them.
pub const REPORTS: [Report; 7] = [
    WHEN_MAPPED,
    WHEN_READ,
    WHEN_STORED,
    WHEN_DROPPED,
    WHEN_AGAIN,
    IN_CHILD,
    IN_PARENT,
];

/// The mapping of FILE in the process that reached a moment.
#[derive(Debug)]
pub struct Sight<'a> {
    /// The moment.
    pub moment: &'a Moment,
    /// The process, counted as in the trace.
    pub process: usize,
    /// Its line in `maps`.
    pub region: &'a Region,
    pages: Vec<(u64, Page)>,
}

impl Sight<'_> {
    /// The pages of which this is true.
    pub fn numbers(&self, whose: Page) -> Vec<u64> {
        let such = self.pages.iter().filter(|(_, page)| *page == whose);
        such.map(|&(number, _)| number).collect()
    }

    /// Whose a page is.
    pub fn whose(&self, number: u64) -> Page {
        let found = self.pages.iter().find(|(n, _)| *n == number);
        found.map_or(Page::Absent, |&(_, page)| page)
    }

    /// Its pages as they should be and as they are, a letter each.
    pub fn picture(&self, wanted: impl Fn(u64) -> Page) -> Exhibit {
        /// So many fit on a line.
        const SHOWN: usize = 30;
        let shown = || self.pages.iter().take(SHOWN);
        let letters = |page: Page| page.letter().to_string();
        let expected: Vec<String> = shown().map(|&(n, _)| letters(wanted(n))).collect();
        let observed: Vec<String> = shown().map(|&(_, page)| letters(page)).collect();
        exhibit::lines(
            "pages from 0 on (f the file's, o its own, - not there)",
            Some(expected.join(" ") + "\n"),
            observed.join(" ") + "\n",
        )
    }

    /// The facts of a report made at this moment.
    pub fn facts(&self, of: &Report) -> [Fact; 3] {
        let [file, own, absent] = of.names;
        let shown = |whose| ranges(&self.numbers(whose));
        [
            (file, shown(Page::OfTheFile)),
            (own, shown(Page::Own)),
            (absent, shown(Page::Absent)),
        ]
    }

    /// Where a finding about it lies.
    pub fn spot(&self) -> Spot {
        Spot::Moment {
            rule: self.moment.rule.clone(),
        }
    }

    /// The beginning of its line in `maps`.
    pub fn line(&self) -> String {
        let Region {
            start, end, offset, ..
        } = self.region;
        // The widths are the kernel's (fs/proc/task_mmu.c: show_vma_header_prefix).
        format!(
            "{start:08x}-{end:08x} {} {offset:08x}",
            self.region.permissions
        )
    }
}

/// Numbers of pages as the contract shows them.
pub fn ranges(numbers: &[u64]) -> String {
    let mut runs: Vec<(u64, u64)> = Vec::new();
    for &number in numbers {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == number => *last = number,
            _ => runs.push((number, number)),
        }
    }
    let word = |&(first, last): &(u64, u64)| match first == last {
        true => first.to_string(),
        false => format!("{first}-{last}"),
    };
    match runs.is_empty() {
        true => "none".to_owned(),
        false => runs.iter().map(word).collect::<Vec<_>>().join(" "),
    }
}

/// When a moment is, in words that can follow "when".
pub fn when(moment: &str) -> String {
    match WAITS.iter().position(|wait| *wait == moment) {
        None if moment == REST => {
            "it waits for the rest of the first line on standard input".to_owned()
        }
        None => format!("`{}` is printed", moment.trim_end_matches(':')),
        Some(n) => {
            let which = ["first", "second", "third"][n];
            format!("it waits for the {which} line on standard input")
        }
    }
}

/// What a moment shows of FILE in the process that reached it.
pub fn sight<'a>(obs: &'a Observation, rule: &'static str) -> Result<Sight<'a>, Finding> {
    let when = when(rule);
    let at = moment::first(obs, rule, &when)?;
    let reached = at.at.checked_sub(1).and_then(|n| events(obs).ok()?.get(n));
    let process = reached.map_or(0, |event| event.process);
    let spot = Spot::Moment {
        rule: rule.to_owned(),
    };
    let all = pages::private(obs, at, name(obs))?;
    let expected = format!(
        "when {when}, `{}` is mapped once, and privately, in the process that does it",
        name(obs)
    );
    let Some(found) = all.into_iter().find(|one| one.process == process) else {
        return Err(not_mapped(obs, at, expected.clone()).unwrap_or_else(|| {
            broken(expected, elsewhere(at))
                .at(spot)
                .show_some(exhibit::last_calls(obs, 0))
                .finding()
        }));
    };
    match (found.regions[..].first(), found.lines) {
        (Some(&region), 1) => Ok(Sight {
            moment: at,
            process,
            region,
            pages: found.pages,
        }),
        (_, lines) => Err(
            broken(expected, format!("it has {lines} lines in /proc/PID/maps"))
                .at(spot)
                .show_some(exhibit::last_calls(obs, 0))
                .finding(),
        ),
    }
}

/// What is said where the process that reached a moment does not have FILE mapped.
fn elsewhere(at: &Moment) -> &'static str {
    match at.spaces.is_empty() {
        true => "it is not mapped",
        false => "another process of the program has it mapped, and this one does not",
    }
}

/// FILE was mapped before this moment, and is no more: the call that took it away.
fn not_mapped(obs: &Observation, at: &Moment, expected: String) -> Option<Finding> {
    let of = target(obs, name(obs));
    let (mut stood, mut gone) = (false, None);
    replay(obs, |index, _, mappings| {
        let stands = mappings.iter().any(|m| of.has(m.id));
        if index < at.at && stood && !stands {
            gone = Some(index);
        }
        stood = stands;
    })
    .ok()?;
    let index = gone?;
    let What::Call(call) = &events(obs).ok()?.get(index)?.what else {
        return None;
    };
    let finding = broken(
        expected,
        format!("`{}` had taken the mapping away", call.name),
    )
    .at(Spot::Event { index })
    .show(exhibit::calls(obs, index, &[]))
    .code("unmapped-too-early");
    Some(finding.finding())
}

/// The report says what the moment shows.
pub fn reported(obs: &Observation, of: &Report, sight: &Sight<'_>) -> Ruling {
    let facts = sight.facts(of);
    let each = facts.into_iter().zip(of.before..);
    let mut each = each.map(|(fact, n)| facts::nth_is(obs, n, fact));
    let ruling = each.find(Result::is_err).unwrap_or(Ok(()));
    let Err(Finding::Broken(mut diagnosis, code)) = ruling else {
        return ruling;
    };
    diagnosis.expected.push_str(", as the page table says");
    let stored = debugger::pages(obs, sight)?;
    if !stored.is_empty() {
        let told = format!("a debugger has stored into {}; then: ", which(&stored));
        diagnosis.expected.insert_str(0, &told);
    }
    Err(Finding::Broken(diagnosis, code))
}

/// Pages by their numbers, in words.
pub fn which(numbers: &[u64]) -> String {
    match numbers {
        [one] => format!("page {one}"),
        several => format!("pages {}", ranges(several)),
    }
}

/// All facts of a run that comes to its end, from what the moments show.
pub fn all_facts(obs: &Observation, between: &[Report]) -> Result<Vec<Fact>, Finding> {
    let mut facts: Vec<Fact> = vec![("pages", count(obs).to_string())];
    let mut line = String::new();
    let reports = [WHEN_MAPPED, WHEN_READ, WHEN_STORED];
    for report in reports.iter().chain(between) {
        let seen = sight(obs, report.moment)?;
        facts.extend(seen.facts(report));
        match report.moment {
            READ => facts.push(("waiting", "store".to_owned())),
            CHILD => facts.push(("waiting", "child".to_owned())),
            _ => line = seen.line(),
        }
    }
    facts.push(("line", line));
    facts.push(("waiting", "end".to_owned()));
    Ok(facts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_one_group() {
        assert_eq!(ranges(&[]), "none");
        assert_eq!(ranges(&[0]), "0");
        assert_eq!(ranges(&[0, 1]), "0-1");
        assert_eq!(ranges(&[0, 2, 3, 4, 7]), "0 2-4 7");
    }
}
