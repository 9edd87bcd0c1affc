//! What a debugger has stored into the program's own mapping: those pages are its copies too.

use crate::evidence::Observation;
use crate::evidence::trace::What;
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
    let mut pages = Vec::new();
    let stores = obs.scenario.rules.iter().filter_map(stores_into);
    for (rule, page) in stores {
        let before = events(obs)?.iter().take(seen.moment.at);
        let did = before.rev().find_map(|event| match &event.what {
            What::Rule { rule: name, did } if name == rule => Some(did.as_str()),
            _ => None,
        });
        match did {
            None => {}
            Some(did) if did.contains(": failed, ") => return Err(could_not(obs, seen, did)),
            Some(_) => pages.push(page),
        }
    }
    Ok(pages)
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
