//! What decides the clauses of lab 1.

use crate::evidence::Observation;
use crate::evidence::bytes::Bytes;
use crate::evidence::ending::Ending;
use crate::evidence::trace::PROT_READ;
use crate::rule::finding::{also, broken};
use crate::rule::mapping::{Mapping, Range, first_gap, of_file};
use crate::rule::moved::{self, Way};
use crate::rule::trace::{Step, Target, calls, events, resolve, target};
use crate::rule::{asked, ending, exhibit, facts, file, moment, refusal, sync};
use crate::verdict::{Ruling, Spot};

use super::{command, length, name, text};

/// The file cannot be used: an error with its name, nothing done.
pub fn bad_file(obs: &Observation) -> Ruling {
    refusal::of(obs, &[name(obs)])
}

/// A change that is refused: an error, nothing done, whatever was printed before.
pub fn refused(obs: &Observation) -> Ruling {
    if !obs.scenario.rules.is_empty() {
        // Nobody refused anything if the rules could not act.
        events(obs)?;
    }
    let ruling = file::unchanged(obs, name(obs))
        .and_then(|()| ending::exits(obs, 1))
        .and_then(|()| ending::complains(obs, &[name(obs)]));
    refusal::on_purpose(obs, ruling)
}

/// Clause 1.
pub fn shown(obs: &Observation) -> Ruling {
    also(through_one_mapping(obs), || show_facts(obs))
}

/// Clause 1, whatever is printed.
pub fn through_one_mapping(obs: &Observation) -> Ruling {
    let name = name(obs);
    let of = target(obs, name);
    let mappings = of_file(obs, &of)?;
    // More mappings are nobody's business, as long as none of them could write.
    let right = |m: &&Mapping| m.prot == PROT_READ && m.shared;
    let wrong = match mappings.iter().find(|m| m.is_writable()) {
        None if mappings.iter().any(|m| right(&m)) => None,
        found => found.or(mappings.first()),
    };
    no_call_moves(obs, &of)?;
    if let Some(other) = wrong {
        let words: &[&str] = match other.shared {
            false => &["MAP_PRIVATE"],
            true => &["PROT_WRITE", "PROT_EXEC", "PROT_NONE"],
        };
        let seen = match other.shared {
            false => "it is mapped with MAP_PRIVATE".to_owned(),
            true => format!("it is mapped with {}", asked::flags(other.prot, true)),
        };
        return broken(
            format!("`{name}` is mapped with PROT_READ alone and MAP_SHARED"),
            seen,
        )
        .at(Spot::Event { index: other.made })
        .show(exhibit::calls(obs, other.made, words))
        .fail();
    }
    if mappings.is_empty() {
        let expected = format!("`{name}` is mapped with PROT_READ alone and MAP_SHARED");
        return asked::nothing_mapped(obs, &of, expected);
    }
    Ok(())
}

/// No byte of the file goes through a call.
pub fn no_call_moves(obs: &Observation, of: &Target) -> Ruling {
    let code = match moved::movers(obs, of, Way::Into)?.is_empty() {
        true => "read-call",
        false => "write-call",
    };
    moved::none(obs, of, Way::Either, code)
}

fn show_facts(obs: &Observation) -> Ruling {
    let bytes = file::old_bytes(obs, name(obs));
    let content = Bytes(bytes.clone()).preview();
    facts::are(
        obs,
        &[("size", bytes.len().to_string()), ("content", content)],
    )?;
    file::unchanged(obs, name(obs))?;
    ending::exits(obs, 0)
}

/// Clause 2: the facts, wherever they come from; that is clause 1.
pub fn shown_exactly(obs: &Observation) -> Ruling {
    show_facts(obs)
}

/// What a change is about to do, read from the scenario.
pub struct Change {
    /// The bytes before.
    pub old: Vec<u8>,
    /// The bytes after.
    pub new: Vec<u8>,
    /// Where bytes are stored.
    pub stored: Range,
    /// The facts.
    pub facts: Vec<facts::Fact>,
}

/// What `overwrite` or `append` promises for this scenario.
pub fn change(obs: &Observation) -> Change {
    let old = file::old_bytes(obs, name(obs));
    let text = text(obs).as_bytes();
    let size = old.len() as u64;
    let mut new = old.clone();
    if command(obs) == "append" {
        new.extend_from_slice(text);
        let to = new.len() as u64;
        let added = text.len().to_string();
        return Change {
            facts: vec![
                ("size", size.to_string()),
                ("appended", added.clone()),
                ("synced", added),
                ("new size", to.to_string()),
            ],
            stored: Range { from: size, to },
            old,
            new,
        };
    }
    let kept = text.len().min(old.len());
    new[..kept].copy_from_slice(&text[..kept]);
    Change {
        facts: vec![
            ("size", size.to_string()),
            ("written", kept.to_string()),
            ("cut", (text.len() - kept).to_string()),
            ("synced", kept.to_string()),
        ],
        stored: Range {
            from: 0,
            to: kept as u64,
        },
        old,
        new,
    }
}

/// Clause 3: stored through a shared mapping, no byte moved by a call, the right bytes, the same
/// inode, the facts up to the sync. What comes after it is clause 6's.
pub fn stored(obs: &Observation) -> Ruling {
    also(through_mapping(obs), || {
        in_the_file(obs)?;
        facts::begin(obs, &change(obs).facts[..BEFORE_SYNC])?;
        ending::survives(obs)
    })
}

/// As many facts does `overwrite` print before it syncs.
const BEFORE_SYNC: usize = 3;

/// The same to the end of the run: all facts, exit status 0.
pub fn stored_to_the_end(obs: &Observation) -> Ruling {
    also(through_mapping(obs), || {
        in_the_file(obs)?;
        facts::are(obs, &change(obs).facts)?;
        ending::exits(obs, 0)
    })
}

fn in_the_file(obs: &Observation) -> Ruling {
    file::keeps_identity(obs, name(obs))?;
    file::has_bytes(obs, name(obs), &change(obs).new)
}

fn through_mapping(obs: &Observation) -> Ruling {
    let name = name(obs);
    let of = target(obs, name);
    no_call_moves(obs, &of)?;
    length::keeps_length(obs)?;
    length::keeps_name(obs)?;
    let wanted = change(obs).stored;
    let mappings = of_file(obs, &of)?;
    let ranges = mappings.iter().filter(|m| m.reaches_the_file());
    let Some(gap) = first_gap(wanted, ranges.map(Mapping::range).collect()) else {
        return Ok(());
    };
    let expected = format!("the bytes of `{name}` are stored through PROT_WRITE and MAP_SHARED");
    if let Some(private) = mappings.iter().find(|m| !m.shared && m.is_writable()) {
        return broken(expected, "it is mapped with MAP_PRIVATE")
            .at(Spot::Event {
                index: private.made,
            })
            .show(exhibit::calls(obs, private.made, &["MAP_PRIVATE"]))
            .code("private-mapping")
            .fail();
    }
    let seen = format!("no such mapping ever held the byte at offset {gap}");
    match asked::refused(obs, &of).first() {
        Some(step) => broken(expected, asked::refusal(obs, step))
            .at(Spot::Missing)
            .show(exhibit::calls(obs, step.index, &[exhibit::ANSWER])),
        None => broken(expected, seen)
            .at(Spot::Missing)
            .show_some(exhibit::last_calls(obs, 0)),
    }
    .fail()
}

/// Clause 4.
pub fn cut(obs: &Observation) -> Ruling {
    // An empty file has no page into which anything could be stored.
    match change(obs).old.is_empty() {
        true => stored_to_the_end(obs),
        false => also(moment::nothing_past_the_end(obs, name(obs)), || stored(obs)),
    }
}

/// Clause 5.
pub fn seen_by_another(obs: &Observation) -> Ruling {
    let at = moment::first(obs, "synced", "`synced` is printed")?;
    let name = name(obs);
    let change = change(obs);
    // The bytes of the text are what this clause is about; the others are clause 3's.
    let mut wanted = change.new.clone();
    if let Some(view) = at.view(&resolve(obs, name)) {
        let kept = usize::try_from(change.stored.to).unwrap_or(usize::MAX);
        if let (Some(seen), Some(rest)) = (view.bytes.0.get(kept..), wanted.get_mut(kept..)) {
            let both = seen.len().min(rest.len());
            rest[..both].copy_from_slice(&seen[..both]);
        }
    }
    moment::witness_sees(obs, at, name, &wanted, "when `synced` is printed")
}

/// Clause 6, and the end of every run that clauses 3 and 4 follow up to the sync.
pub fn synced(obs: &Observation) -> Ruling {
    let of = target(obs, name(obs));
    let change = change(obs);
    also(
        sync::precedes(obs, 0, &of, change.stored, "synced:"),
        || {
            facts::end(obs, &change.facts, BEFORE_SYNC)?;
            ending::exits(obs, 0)
        },
    )
}

/// Clause 6: the disk does not take it.
pub fn sync_fails(obs: &Observation) -> Ruling {
    events(obs)?;
    let asked = calls(obs)?.iter().any(|step| step.call.is(&["msync"]));
    if !asked {
        return broken("msync is called", "it was not")
            .at(Spot::Missing)
            .show_some(exhibit::last_calls(obs, 0))
            .code("no-sync")
            .fail();
    }
    let ruling = facts::lacks(obs, "synced:")
        .and_then(|()| ending::exits(obs, 1))
        .and_then(|()| ending::complains(obs, &[name(obs)]));
    refusal::on_purpose(obs, ruling)
}

/// Clause 6: the disk takes the first piece and not the second. Who syncs in one piece never hears
/// of it.
pub fn sync_fails_later(obs: &Observation) -> Ruling {
    events(obs)?;
    let all = calls(obs)?;
    let failed = |step: &&Step<'_>| step.call.is(&["msync"]) && step.call.errno().is_some();
    let Some(step) = all.iter().find(failed) else {
        return Ok(());
    };
    // What is synced once more after the claim does not take it back.
    match facts::line_at(obs, 0, "synced:")? {
        Some(said) if said < step.index => Ok(()),
        _ => sync_fails(obs),
    }
}

/// Clause 7.
pub fn appended(obs: &Observation) -> Ruling {
    // Bytes behind the end are lost: what is missing afterwards follows from that.
    also(moment::nothing_past_the_end(obs, name(obs)), || {
        stored_to_the_end(obs)?;
        let of = target(obs, name(obs));
        sync::precedes(obs, 0, &of, change(obs).stored, "synced:")
    })
}

/// Clause 8.
pub fn nothing_appended(obs: &Observation) -> Ruling {
    facts::are(obs, &change(obs).facts)?;
    file::unchanged(obs, name(obs))?;
    ending::exits(obs, 0)?;
    let times = |state: Option<&crate::evidence::file::FileState>| state.map(|s| s.modified);
    if times(file::before(obs, name(obs))) == times(file::after(obs, name(obs))) {
        return Ok(());
    }
    broken(
        format!("the modification time of `{}` stays", name(obs)),
        "it has changed",
    )
    .at(file::spot(name(obs)))
    .show_some(exhibit::last_calls(obs, 0))
    .fail()
}

/// Clause 9.
pub fn syncs_no_more(obs: &Observation) -> Ruling {
    ending::exits(obs, 0)?;
    let stored = change(obs).stored;
    sync::only_pages_of(obs, &target(obs, name(obs)), stored)
}

/// Clause 11. The second appender starts while the first is held.
pub fn both_appended(obs: &Observation) -> Ruling {
    events(obs)?;
    ending::is_written(obs)?;
    // The first made fewer calls than this scenario waits for: there is nothing between them.
    if obs
        .evidence
        .actors
        .iter()
        .any(|a| a.ending == Ending::NeverDue)
    {
        return ending::exits(obs, 0);
    }
    let old = file::old_bytes(obs, name(obs));
    let text_of = |n: usize| {
        let words = &obs.scenario.actors[n].arguments;
        words.get(2).map_or(&b""[..], |text| text.as_bytes())
    };
    let (a, b) = (text_of(0), text_of(1));
    let found = file::after(obs, name(obs)).map_or_else(Vec::new, file::bytes);
    let orders = [[&old[..], a, b].concat(), [&old[..], b, a].concat()];
    if !orders.contains(&found) {
        // The first could be held until the second had ended: that order is the one to compare.
        let [_, wanted] = &orders;
        return broken(
            "both texts are behind the old bytes, each whole",
            format!(
                "they are not: the file has {}",
                exhibit::size(found.len() as u64)
            ),
        )
        .at(file::spot(name(obs)))
        .show_some(exhibit::bytes(
            &format!("the file `{}`", name(obs)),
            wanted,
            &found,
        ))
        .code("append-raced")
        .fail();
    }
    ending::exits_of(obs, 0, 0)?;
    ending::exits_of(obs, 1, 0)
}
