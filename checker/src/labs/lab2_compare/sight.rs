//! What decides the later clauses of lab 2: looking, rights, holes, the order of lines.

use crate::evidence::Observation;
use crate::evidence::bytes::PREVIEW;
use crate::rule::mapping::replay;
use crate::rule::trace::{events, target};
use crate::rule::{ending, exhibit, facts, file, finding::broken};
use crate::scenario::{Action, Point};
use crate::verdict::{Ruling, Spot};

use super::name;
use super::rules::{fact, five_facts, line, with_text};

/// Clause 7. What another process wrote while a line was on its way shows in the lines after it.
pub fn looked(obs: &Observation) -> Ruling {
    events(obs)?;
    let old = file::old_bytes(obs, name(obs));
    let written = |line: &str, bytes: &[u8]| {
        let mut bytes = bytes.to_vec();
        let here = |at: &Point| matches!(at, Point::Line { prefix, .. } if prefix == line);
        let rules = obs.scenario.rules.iter().filter(|rule| here(&rule.at));
        for action in rules.flat_map(|rule| &rule.then) {
            if let Action::Write {
                offset,
                bytes: with,
                ..
            } = action
            {
                let from = usize::try_from(*offset).unwrap_or(0).min(bytes.len());
                let to = (from + with.0.len()).min(bytes.len());
                bytes[from..to].copy_from_slice(&with.0[..to - from]);
            }
        }
        bytes
    };
    let first = written("private mapping:", &old);
    let stored = with_text(obs, &first);
    let second = written("shared mapping:", &stored);
    let five = |shared: &[u8]| {
        [
            ("size", old.len().to_string()),
            fact("private mapping", &with_text(obs, &old)),
            fact("private file", &first),
            fact("shared mapping", shared),
            fact("shared file", &second),
        ]
    };
    // A line whose bytes the kernel takes from the mapping itself shows what is there by then.
    if facts::are(obs, &five(&second)).is_err() {
        facts::are(obs, &five(&stored))?;
    }
    file::has_bytes(obs, name(obs), &second)?;
    ending::exits(obs, 0)
}

/// Clause 8.
pub fn without_right_to_write(obs: &Observation) -> Ruling {
    facts::are(obs, &five_facts(obs)[..3])?;
    file::all_unchanged(obs)?;
    ending::exits(obs, 1)?;
    ending::complains(obs, &[name(obs)])?;
    facts::before_the_error(obs, "private file:")
}

/// Clause 9.
pub fn stays_a_hole(obs: &Observation) -> Ruling {
    const BLOCKS: u64 = 1 << 20;
    let Some(was) = file::before(obs, name(obs)) else {
        return broken("the file is there", "it is not").fail();
    };
    ending::exits(obs, 0)?;
    let shown = was.content.range(0, PREVIEW);
    let new = with_text(obs, &shown);
    facts::are(
        obs,
        &[
            ("size", was.length.to_string()),
            fact("private mapping", &new),
            fact("private file", &shown),
            fact("shared mapping", &new),
            fact("shared file", &new),
        ],
    )?;
    let is = file::after(obs, name(obs));
    let length = is.map_or(0, |state| state.length);
    if length != was.length || is.is_some_and(|is| is.content.range(0, PREVIEW) != new) {
        return broken(
            format!(
                "`{}` has its old length, and the text at its start",
                name(obs)
            ),
            format!("it is {} long", exhibit::size(length)),
        )
        .at(file::spot(name(obs)))
        .fail();
    }
    file::allocates_at_most(obs, name(obs), BLOCKS)?;
    ending::resident_at_most(obs, 64, None)
}

/// Clause 10.
pub fn line_by_line(obs: &Observation) -> Ruling {
    let of = target(obs, name(obs));
    let names = [
        "size:",
        "private mapping:",
        "private file:",
        "shared mapping:",
        "shared file:",
    ];
    let mut at = Vec::new();
    for name in names {
        at.push(line(obs, name)?);
    }
    if let Some(n) = (1..at.len()).find(|&n| at[n] <= at[n - 1]) {
        return broken(
            "each of the five lines leaves the program by itself, in order",
            format!("`{}` and `{}` left it together", names[n - 1], names[n]),
        )
        .at(Spot::Event { index: at[n] })
        .show(exhibit::calls(obs, at[n], &[]))
        .code("lines-held-back")
        .fail();
    }
    let (mut mapped, mut shared) = (None, None);
    replay(obs, |index, _, mappings| {
        let mut own = mappings.iter().filter(|m| of.has(m.id));
        if mapped.is_none() && own.clone().next().is_some() {
            mapped = Some(index);
        }
        if shared.is_none() && own.any(|m| m.reaches_the_file()) {
            shared = Some(index);
        }
    })?;
    let pairs = [
        (0, mapped, "the first mapping"),
        (2, shared, "the shared mapping"),
    ];
    for (n, made, what) in pairs {
        if let Some(index) = made.filter(|&index| index < at[n]) {
            return broken(
                format!("`{}` is out before {what} is made", names[n]),
                "the mapping was made first",
            )
            .at(Spot::Event { index })
            .show(exhibit::calls(obs, index, &[]))
            .fail();
        }
    }
    Ok(())
}
