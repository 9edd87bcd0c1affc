//! A run as a whole: its waits, its one mapping, its facts, its end.

use crate::evidence::Observation;
use crate::evidence::trace::{Event, What};
use crate::rule::mapping::{Mapping, replay};
use crate::rule::trace::{events, target};
use crate::rule::{ending, exhibit, facts, file, finding::broken};
use crate::verdict::{Finding, Ruling, Spot};

use super::mapped::never_shared;
use super::name;
use super::scenarios::{PARENT, STORED, WAITS};
use super::sight::{Report, all_facts};

/// A wait: where it is announced, and where it begins.
#[derive(Clone, Copy, Debug)]
pub struct Wait {
    /// The event of the line `waiting`.
    pub line: usize,
    /// The event of the read that finds nothing.
    pub read: usize,
    /// The process that reads.
    pub process: usize,
}

/// From the first fact to the exit status. `words` are what it waits for, and `between` the reports
/// behind `stored`.
pub fn run(obs: &Observation, words: &[&'static str], between: &[Report]) -> Ruling {
    let waits = waits(obs, words)?;
    if let Some(last) = waits.last() {
        one_mapping(obs, last.process, (0, last.read))?;
    }
    facts::are(obs, &all_facts(obs, between)?)?;
    never_shared(obs)?;
    file::all_unchanged(obs)?;
    ending::exits(obs, 0)
}

/// Each wait comes behind its line, in the process that prints it, and what follows comes behind
/// the line that is waited for.
pub fn waits(obs: &Observation, words: &[&'static str]) -> Result<Vec<Wait>, Finding> {
    let events = events(obs)?;
    let mut found = Vec::new();
    for (n, word) in words.iter().enumerate() {
        let said = format!("waiting: {word}");
        let Some(line) = facts::line_at(obs, 0, &said)? else {
            return Err(
                broken(format!("a line `{said}` is printed"), "it never was")
                    .at(Spot::Missing)
                    .show_some(exhibit::last_calls(obs, 0))
                    .finding(),
            );
        };
        let Some((read, process)) = wait(events, WAITS[n]) else {
            return Err(broken(
                format!("after `{said}` the program reads standard input, up to a newline"),
                "it never did",
            )
            .at(Spot::Missing)
            .code("did-not-wait")
            .finding());
        };
        let out_of_order = |expected: String, index: usize, observed: &str| {
            let shown = exhibit::calls(obs, index, &[]);
            let finding = broken(expected, observed);
            finding.at(Spot::Event { index }).show(shown)
        };
        if line > read {
            let expected = format!("`{said}` is out before the program waits");
            let finding = out_of_order(expected, line, "it waited first, and said so later");
            return Err(finding.code("asked-before-saying").finding());
        }
        if events[line].process != process {
            let expected = format!("the process that prints `{said}` reads the line");
            let finding = out_of_order(expected, line, "another process read it");
            return Err(finding.finding());
        }
        match *word {
            "store" => goes_on_behind(obs, word, STORED, read)?,
            "child" => goes_on_behind(obs, word, PARENT, read)?,
            _ => {}
        }
        found.push(Wait {
            line,
            read,
            process,
        });
    }
    Ok(found)
}

/// The line that begins so comes behind the last read that the wait for this word needs.
pub fn goes_on_behind(obs: &Observation, word: &str, next: &str, read: usize) -> Ruling {
    let next = facts::line_at(obs, 0, next)?;
    let Some(index) = next.filter(|&next| next < read) else {
        return Ok(());
    };
    broken(
        format!("after `waiting: {word}` the program goes on when a whole line has come"),
        "it went on before",
    )
    .at(Spot::Event { index })
    .show(exhibit::calls(obs, index, &[]))
    .code("did-not-wait")
    .fail()
}

/// The event before the first act of this rule, the read, and its process.
fn wait(events: &[Event], rule: &str) -> Option<(usize, usize)> {
    let is_it =
        |event: &Event| matches!(&event.what, What::Rule { rule: name, .. } if name == rule);
    let at = events.iter().position(is_it)?;
    Some((at, events[at].process))
}

/// From the line `pages` to this event, a process has one mapping of FILE, always the same.
pub fn one_mapping(obs: &Observation, process: usize, (from, to): (usize, usize)) -> Ruling {
    let of = target(obs, name(obs));
    let from = facts::line_at(obs, 0, "pages:")?.unwrap_or(0).max(from);
    let shape = |m: &Mapping| (m.start, m.end, m.offset, m.prot, m.shared, m.origin);
    let (mut first, mut changed) = (None, None);
    replay(obs, |index, _, mappings| {
        if index < from || index > to || changed.is_some() {
            return;
        }
        let its = mappings
            .iter()
            .filter(|m| of.has(m.id) && m.process == process);
        let now: Vec<_> = its.map(shape).collect();
        let then = first.get_or_insert_with(|| now.clone());
        if now != *then {
            changed = Some(index);
        }
    })?;
    let Some(index) = changed else {
        return Ok(());
    };
    broken(
        format!(
            "from the line `pages` on there is one mapping of `{}`, always the same",
            name(obs)
        ),
        "this call changed it",
    )
    .at(Spot::Event { index })
    .show(exhibit::calls(obs, index, &[]))
    .code("mapping-changed")
    .fail()
}
