//! The mistakes of lab 2 that are told apart by name.

use crate::evidence::Observation;
use crate::evidence::address_space::{Detail, Page};
use crate::evidence::bytes::Bytes;
use crate::evidence::trace::Mmap;
use crate::lab::{Clue, Mistake};
use crate::rule::mapping::{Mapping, live_before, of_file};
use crate::rule::moved::{Way, movers};
use crate::rule::trace::target;
use crate::rule::{asked, clue, ending, facts, file};

use super::{name, text};

/// All, the most specific first.
pub static ALL: &[Mistake] = &[
    Mistake {
        code: "rewritten-by-hand",
        says: "The file was changed by a system call and not by a store: this compares two buffers, not two mappings.",
        hint: "Who changes the file when a byte is stored into a shared mapping?",
        section: "lab2-compare.md#clause-5",
        clauses: &[1, 2, 3, 4, 5, 6],
        recognise: by_hand,
    },
    Mistake {
        code: "two-shared",
        says: "The first store is to stay with the program, and a store into a shared mapping goes to the file itself.",
        hint: "Which flag keeps a store away from the file?",
        section: "lab2-compare.md#clause-1",
        clauses: &[1, 2, 3, 5, 6, 7, 8, 9, 10],
        recognise: two_shared,
    },
    Mistake {
        code: "two-private",
        says: "Both mappings are private: no store ever reaches the file.",
        hint: "Which flag lets others see a store?",
        section: "lab2-compare.md#clause-1",
        clauses: &[1, 4, 5, 6, 7, 9],
        recognise: two_private,
    },
    Mistake {
        code: "nul-padding",
        says: "Behind the text NULs were stored. Some functions for strings fill up what is left of their length.",
        hint: "How many bytes did you ask to be copied, and how many has the text?",
        section: "lab2-compare.md#clause-5",
        clauses: &[2, 3, 4, 5, 6, 9],
        recognise: padded,
    },
    Mistake {
        code: "not-stored",
        says: "The line shows the old bytes. Nothing had been stored into the private mapping when it was printed.",
        hint: "What has to happen between making the mapping and showing it?",
        section: "lab2-compare.md#clause-3",
        clauses: &[1, 3, 5, 6, 7, 9],
        recognise: not_stored,
    },
    Mistake {
        code: "vec-as-mapping",
        says: "What was printed as the private mapping lay in memory of the program's own: no page of a private mapping of the file was stored into.",
        hint: "At which address did the store go, and what is mapped there?",
        section: "lab2-compare.md#clause-3",
        clauses: &[1, 3],
        recognise: a_vec,
    },
    Mistake {
        code: "printed-before-looking",
        says: "The line tells what was expected and not what is there. It was made before, or without, looking at the file.",
        hint: "When was the file read for this line, and what could have happened since?",
        section: "lab2-compare.md#clause-7",
        clauses: &[7],
        recognise: before_looking,
    },
    Mistake {
        code: "whole-mapping-copied",
        says: "A store makes a copy of the page it goes to. More pages were copied than the text needs, so more was stored, or it was filled up.",
        hint: "Which bytes does the text have, and in which pages do they lie?",
        section: "lab2-compare.md#clause-3",
        clauses: &[3],
        recognise: clue::nothing,
    },
    Mistake {
        code: "unmapped-too-early",
        says: "A file that is as it was proves nothing once the private mapping is gone: the comparison is between two things that are both there.",
        hint: "What is left of the store when the mapping is unmapped, and when do you look?",
        section: "lab2-compare.md#clause-1",
        clauses: &[1],
        recognise: clue::nothing,
    },
    Mistake {
        code: "synced-to-be-seen",
        says: "Syncing is about the disk. Other processes look at the same pages and see a store at once.",
        hint: "What would another process see without this call?",
        section: "lab2-compare.md#clause-4",
        clauses: &[4],
        recognise: clue::nothing,
    },
    Mistake {
        code: "lines-held-back",
        says: "A line that leaves the program after the next step tells about the past by the time anyone reads it.",
        hint: "Is the line printed before the step, and when does it leave the program if standard output is a pipe?",
        section: "lab2-compare.md#clause-10",
        clauses: &[10],
        recognise: held_back,
    },
];

/// Whatever else clause 10 finds in a program that prints its last line.
fn held_back(obs: &Observation) -> Option<Clue> {
    let last = facts::line_at(obs, 0, "shared file:").ok()?;
    last.map(|_| Clue::default())
}

fn by_hand(obs: &Observation) -> Option<Clue> {
    let movers = movers(obs, &target(obs, name(obs)), Way::Into).ok()?;
    let found = movers.first()?;
    let expected = format!("no system call moves bytes into `{}`", name(obs));
    let seen = format!("`{}` wrote into the file", found.call.name);
    Some(clue::at(obs, found.index, &[], expected, seen))
}

fn two_shared(obs: &Observation) -> Option<Clue> {
    let of = target(obs, name(obs));
    let mappings = of_file(obs, &of).ok()?;
    if mappings.iter().any(|m| !m.shared) {
        return None;
    }
    let expected = "the mapping for the first store (step 1) is made with MAP_PRIVATE";
    let printed = facts::line_at(obs, 0, "private mapping:").ok()?;
    // Asked for, and refused: the file is open for reading only as yet.
    let refused = asked::refused(obs, &of);
    let first = refused.first().filter(|_| printed.is_none());
    if let Some(step) = first.filter(|s| Mmap::of(s.call).is_some_and(stores_shared)) {
        let seen = format!(
            "it was asked for with MAP_SHARED, and {}",
            asked::refusal(obs, step)
        );
        return Some(clue::at(obs, step.index, &["MAP_SHARED"], expected, seen));
    }
    // Made for the first half already, not only for the second.
    let before = |m: &&Mapping| printed.is_none_or(|line| m.made < line);
    let shared = mappings
        .iter()
        .filter(before)
        .find(|m| m.reaches_the_file())?;
    let seen = "it was made with MAP_SHARED";
    Some(clue::at(obs, shared.made, &["MAP_SHARED"], expected, seen))
}

fn stores_shared(map: Mmap<'_>) -> bool {
    map.is_shared() && map.is_writable()
}

fn two_private(obs: &Observation) -> Option<Clue> {
    let mappings = of_file(obs, &target(obs, name(obs))).ok()?;
    if mappings.iter().any(|m| m.reaches_the_file()) {
        return None;
    }
    let mut made: Vec<usize> = mappings
        .iter()
        .filter(|m| !m.shared && m.is_writable())
        .map(|m| m.made)
        .collect();
    made.dedup();
    let (which, seen) = match made[..] {
        [_, second, ..] => (second, "it was made with MAP_PRIVATE, like the first"),
        // Alone, without the second half, it is a program that stopped before that.
        [only] if facts::line_at(obs, 0, "shared mapping:").ok()?.is_some() => (
            only,
            "there is one private mapping, and it serves for both stores",
        ),
        _ => return None,
    };
    let expected = "the mapping for the second store (step 3) is made with MAP_SHARED";
    Some(clue::at(obs, which, &["MAP_PRIVATE"], expected, seen))
}

fn padded(obs: &Observation) -> Option<Clue> {
    let old = file::old_bytes(obs, name(obs));
    let stored = text(obs).len().min(old.len());
    let first_nul = old.get(stored).is_some_and(|&byte| byte != 0);
    let new = file::bytes(file::after(obs, name(obs))?);
    let in_file = new.len() == old.len() && new.get(stored) == Some(&0);
    // Also in the private mapping, as the program itself shows it.
    let shown = obs.evidence.actors[0].stdout.text();
    let content = shown
        .lines()
        .find_map(|line| line.strip_prefix("private mapping: "));
    let text = crate::evidence::bytes::escape(&text(obs).as_bytes()[..stored]);
    let in_line = content.is_some_and(|content| content.starts_with(&format!("{text}\\x00")));
    (first_nul && (in_file || in_line)).then(Clue::default)
}

fn not_stored(obs: &Observation) -> Option<Clue> {
    let shown = obs.evidence.actors[0].stdout.text();
    let mut shown = shown.lines();
    let shown = shown.find_map(|line| line.strip_prefix("private mapping: "))?;
    let old = Bytes(file::old_bytes(obs, name(obs))).preview();
    let observed = "the line `private mapping` shows the old bytes".to_owned();
    (shown == old && !text(obs).is_empty()).then(|| Clue {
        expected: Some("the line `private mapping` shows the text that was stored".to_owned()),
        observed: Some(observed),
        exhibit: None,
    })
}

fn a_vec(obs: &Observation) -> Option<Clue> {
    let printed = facts::line_at(obs, 0, "private mapping:").ok()??;
    let of = target(obs, name(obs));
    let live = live_before(obs, printed).ok()?;
    let private = |m: &Mapping| of.has(m.id) && !m.shared && m.is_writable();
    let moment = obs.evidence.moments_of("private mapping:").next()?;
    let regions = moment.spaces.iter().flat_map(|space| &space.regions);
    let own = |detail: &Detail| detail.pages.contains(&Page::Own);
    let copied = regions
        .filter(|r| !r.is_shared() && of.is_inode(r.inode))
        .any(|r| r.detail.as_ref().is_some_and(own));
    let used = live.iter().any(private) && copied;
    let shown = obs.evidence.actors[0].stdout.text();
    let shows = |line: &str| line.starts_with("private mapping: ") && line.len() > 17;
    (!used && shown.lines().any(shows) && ending::is_clean(obs)).then(Clue::default)
}

fn before_looking(obs: &Observation) -> Option<Clue> {
    let output = obs.evidence.actors[0].stdout.text();
    let value = |prefix: &str| output.lines().find_map(|line| line.strip_prefix(prefix));
    let old = Bytes(file::old_bytes(obs, name(obs))).preview();
    let remembers = value("private file: ")? == old;
    let repeats = value("shared file: ")? == value("shared mapping: ")?;
    (remembers || repeats).then(Clue::default)
}
