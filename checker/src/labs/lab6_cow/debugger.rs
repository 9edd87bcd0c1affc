//! What a debugger has stored into the program's own mapping: those pages are its copies too.

use crate::evidence::Observation;
use crate::evidence::trace::{Event, What};
use crate::rule::asked;
use crate::rule::finding::broken;
use crate::rule::trace::events;
use crate::scenario::{Action, Rule};
use crate::verdict::Finding;

use super::name;
use super::sight::Sight;

/// The pages of FILE into which a debugger had stored when this was seen.
///
/// # Errors
///
/// The store was tried, and made no copy.
pub fn pages(obs: &Observation, seen: &Sight<'_>) -> Result<Vec<u64>, Finding> {
    pages_in(obs, seen, seen.process)
}

/// The same of another process at that moment.
///
/// # Errors
///
/// The store was tried, and made no copy.
pub fn pages_in(obs: &Observation, seen: &Sight<'_>, process: usize) -> Result<Vec<u64>, Finding> {
    let mut pages = Vec::new();
    let before = &events(obs)?[..seen.moment.at];
    let line = line_of_descent(before, process);
    let stores = obs.scenario.rules.iter().filter_map(stores_into);
    for (rule, page) in stores {
        let mut its = before.iter().enumerate().rev().filter(|(index, event)| {
            line.iter()
                .any(|&(process, until)| event.process == process && *index < until)
        });
        let did = its.find_map(|(_, event)| match &event.what {
            What::Rule { rule: name, did } if name == rule => Some(did.as_str()),
            _ => None,
        });
        match did {
            None => {}
            Some(did) if did.contains(": failed, ") => return Err(could_not(obs, seen, did)),
            Some(_) => pages.push(page),
        }
    }
    pages.sort_unstable();
    Ok(pages)
}

/// A process and those from which it has its memory, each with the event at which the copy was made.
fn line_of_descent(events: &[Event], process: usize) -> Vec<(usize, usize)> {
    let mut line = vec![(process, events.len())];
    while let Some(&(child, until)) = line.last() {
        let is_its_start =
            |event: &Event| matches!(event.what, What::Started { process, .. } if process == child);
        let Some(begun) = events[..until].iter().position(is_its_start) else {
            break;
        };
        line.push((events[begun].process, begun));
    }
    line
}

fn stores_into(rule: &Rule) -> Option<(&str, u64)> {
    let page = rule.then.iter().find_map(|action| match action {
        Action::StoreInside { page, .. } => Some(*page),
        _ => None,
    })?;
    Some((&rule.name, page))
}

/// A mapping that cannot be stored into is the program's; anything else, the machine's.
fn could_not(obs: &Observation, seen: &Sight<'_>, did: &str) -> Finding {
    if seen.region.permissions.contains('w') {
        return Finding::Unobservable(did.to_owned());
    }
    broken(
        format!("the mapping of `{}` can be stored into", name(obs)),
        format!(
            "it is mapped with {}",
            asked::flags_shown(&seen.region.permissions)
        ),
    )
    .at(seen.spot())
    .finding()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_has_what_its_parent_had_when_it_was_forked() {
        let started = |by: usize, process: usize| Event {
            actor: 0,
            process: by,
            what: What::Started {
                process,
                shares: false,
            },
        };
        let events = [started(0, 1), started(1, 2), started(0, 3)];
        assert_eq!(line_of_descent(&events, 0), [(0, 3)]);
        assert_eq!(line_of_descent(&events, 2), [(2, 3), (1, 1), (0, 0)]);
        assert_eq!(line_of_descent(&events, 3), [(3, 3), (0, 2)]);
        // It has not been forked yet.
        assert_eq!(line_of_descent(&events[..1], 2), [(2, 1)]);
    }
}
