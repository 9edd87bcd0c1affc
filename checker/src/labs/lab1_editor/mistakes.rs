//! The mistakes of lab 1 that are told apart by name.

use crate::evidence::Observation;
use crate::evidence::ending::Ending;
use crate::evidence::trace::{MS_SYNC, Msync};
use crate::lab::{Clue, Mistake};
use crate::rule::mapping::{Mapping, live_before, of_file};
use crate::rule::moved::{Way, movers};
use crate::rule::sync::syncs;
use crate::rule::trace::{Step, calls_seen, target};
use crate::rule::{clue, ending, exhibit, file};

use super::rules::change;
use super::{command, name, text};

/// All, the most specific first.
pub static ALL: &[Mistake] = &[
    Mistake {
        code: "length-zero",
        says: "A mapping of length 0 does not exist: mmap answers EINVAL.",
        hint: "What is there to show of an empty file, and what is there to store?",
        section: "lab1-editor.md#clause-2",
        clauses: &[2, 3, 4, 7, 8],
        recognise: length_zero,
    },
    Mistake {
        code: "write-call",
        says: "A system call carried the bytes into the file. A file that is mapped is changed by storing into memory.",
        hint: "Which call moved them, and what does the mapping make unnecessary?",
        section: "lab1-editor.md#clause-3",
        clauses: &[3, 4, 5, 6, 7],
        recognise: write_call,
    },
    Mistake {
        code: "read-call",
        says: "A system call carried the bytes of the file into a buffer. A file that is mapped stands in memory already.",
        hint: "Which call moved them, and what does the mapping make unnecessary?",
        section: "lab1-editor.md#clause-1",
        clauses: &[1, 3, 4, 7],
        recognise: clue::nothing,
    },
    Mistake {
        code: "private-mapping",
        says: "A private mapping belongs to the process: what is stored into it never reaches the file, and nobody promises that it shows what others store.",
        hint: "Which two flags can a mapping have, and which of them is about other people?",
        section: "lab1-editor.md#clause-3",
        clauses: &[1, 3, 4, 5, 6, 7],
        recognise: private_mapping,
    },
    Mistake {
        code: "sync-unaligned",
        says: "msync takes an address at the start of a page and nothing else: it answered EINVAL, and no byte was synced.",
        hint: "At which address does the page begin that holds the first stored byte?",
        section: "lab1-editor.md#clause-6",
        clauses: &[6, 7],
        recognise: unaligned_sync,
    },
    Mistake {
        code: "sync-result-ignored",
        says: "msync failed and the program went on as if it had not. The one call that tells about the disk was not listened to.",
        hint: "What does msync return, and what should the user hear?",
        section: "lab1-editor.md#clause-6",
        clauses: &[6, 7],
        recognise: result_ignored,
    },
    Mistake {
        code: "sync-after-claim",
        says: "The line was printed first and the sync came later: for a while the program claimed what was not true.",
        hint: "In which order do the call and the line stand?",
        section: "lab1-editor.md#clause-6",
        clauses: &[6, 7],
        recognise: clue::nothing,
    },
    Mistake {
        code: "sync-before-store",
        says: "msync writes what is in the pages when it is called. What is stored afterwards waits for another sync.",
        hint: "What is the last thing that happens to the bytes before the line is printed?",
        section: "lab1-editor.md#clause-6",
        clauses: &[6, 7],
        recognise: clue::nothing,
    },
    Mistake {
        code: "sync-of-nothing",
        says: "msync was given a mapping that writes nothing back: a private one, or one whose descriptor may only read. It answers 0 and does nothing.",
        hint: "Into which mapping were the bytes stored, and which one was synced?",
        section: "lab1-editor.md#clause-6",
        clauses: &[6, 7],
        recognise: sync_of_nothing,
    },
    Mistake {
        code: "async-sync",
        says: "MS_ASYNC promises nothing and on Linux does nothing: the call returns at once and no byte is on its way.",
        hint: "Which flag makes msync wait for the disk?",
        section: "lab1-editor.md#clause-6",
        clauses: &[6, 7],
        recognise: async_sync,
    },
    Mistake {
        code: "no-sync",
        says: "A store is in memory, and nothing more. msync with MS_SYNC sends the bytes of a mapping to the disk, waits, and says whether they have got there.",
        hint: "What would be left of the change if the power failed after your line?",
        section: "lab1-editor.md#clause-6",
        clauses: &[6, 7],
        recognise: never_synced,
    },
    Mistake {
        code: "stale-length",
        says: "A length was used that was true before the file grew: the new bytes lie behind it.",
        hint: "Which number holds the length of the file, and when was it taken?",
        section: "lab1-editor.md#clause-7",
        clauses: &[7],
        recognise: stale_length,
    },
    Mistake {
        code: "nul-written",
        says: "A NUL was stored behind the text. It ends a string in C; in a file it is a byte that was not asked for.",
        hint: "How many bytes has the text, and how many were stored?",
        section: "lab1-editor.md#clause-3",
        clauses: &[3, 4, 7],
        recognise: terminating_nul,
    },
    Mistake {
        code: "strlen-on-mapping",
        says: "A mapping is no C string. It may hold NULs, and where it fills its last page nothing stands behind it.",
        hint: "Who knows how many bytes the file has?",
        section: "lab1-editor.md#clause-2",
        clauses: &[1, 2, 7],
        recognise: strlen,
    },
    Mistake {
        code: "whole-file-rewritten",
        says: "More than the text was changed: the file was cut, replaced, or filled behind the text. Whoever else uses it meets the time in between.",
        hint: "Which bytes does the command name, and who touched the others?",
        section: "lab1-editor.md#clause-3",
        clauses: &[3, 4, 7],
        recognise: whole_rewritten,
    },
    Mistake {
        code: "store-past-end",
        says: "Bytes were stored behind the end of the file. In its last page they are lost without a word; a page further the kernel answers with SIGBUS.",
        hint: "How many bytes does the file have at the moment of the store, and how many are stored?",
        section: "lab1-editor.md#clause-4",
        clauses: &[4, 7],
        recognise: past_end,
    },
    Mistake {
        code: "no-room",
        says: "A length is no promise of room: ftruncate makes a hole, and the store that would need a block for it gets SIGBUS.",
        hint: "Which call asks the file system for blocks and tells you if there are none?",
        section: "lab1-editor.md#clause-12",
        clauses: &[12],
        recognise: past_end,
    },
    Mistake {
        code: "file-walked",
        says: "The program touched far more of the file than it changed.",
        hint: "Which pages does the text need, and at which offset do they begin?",
        section: "lab1-editor.md#clause-10",
        clauses: &[10],
        recognise: clue::nothing,
    },
    Mistake {
        code: "append-raced",
        says: "Between asking for the length and growing the file another process did the same: both believed in the same old end.",
        hint: "What has to happen in one piece, and what can keep the other process out meanwhile?",
        section: "lab1-editor.md#clause-11",
        clauses: &[11],
        recognise: clue::nothing,
    },
];

fn length_zero(obs: &Observation) -> Option<Clue> {
    clue::length_zero(obs, name(obs))
}

fn write_call(obs: &Observation) -> Option<Clue> {
    let movers = movers(obs, &target(obs, name(obs)), Way::Into).ok()?;
    let found = movers.first()?;
    let seen = format!("`{}` moved the bytes", found.call.name);
    let expected = format!("no system call moves bytes into `{}`", name(obs));
    Some(clue::at(obs, found.index, &[], expected, seen))
}

fn private_mapping(obs: &Observation) -> Option<Clue> {
    let mappings = of_file(obs, &target(obs, name(obs))).ok()?;
    if mappings.iter().any(|m| m.reaches_the_file()) {
        return None;
    }
    let private = mappings.iter().find(|m| !m.shared)?;
    let seen = "it was mapped with MAP_PRIVATE";
    let expected = match command(obs) {
        "show" => format!(
            "`{}` is mapped with PROT_READ alone and MAP_SHARED",
            name(obs)
        ),
        _ => format!("`{}` is mapped with PROT_WRITE and MAP_SHARED", name(obs)),
    };
    Some(clue::at(
        obs,
        private.made,
        &["MAP_PRIVATE"],
        expected,
        seen,
    ))
}

fn unaligned_sync(obs: &Observation) -> Option<Clue> {
    let page = obs.evidence.page_size.max(1);
    let all = calls_seen(obs);
    let found = all.iter().find(|step| {
        let unaligned = |sync: Msync<'_>| !sync.address.is_multiple_of(page);
        Msync::of(step.call).is_some_and(unaligned) && step.call.errno() == Some(22)
    })?;
    let expected = format!("msync is given an address that is a multiple of {page}, the page size");
    let seen = "its address is not, and msync answered EINVAL";
    Some(clue::at(obs, found.index, &["EINVAL"], expected, seen))
}

fn result_ignored(obs: &Observation) -> Option<Clue> {
    let all = calls_seen(obs);
    let failed = all
        .iter()
        .find(|s| s.call.is(&["msync"]) && s.call.errno().is_some())?;
    let claimed = obs.evidence.actors[0].stdout.text().contains("synced:");
    let silent = obs.evidence.actors[0].ending == Ending::Exited { code: 0 };
    let expected = "when msync fails, no line `synced` is printed, and the exit status is 1";
    let seen = match (claimed, silent) {
        (true, _) => "msync failed, and `synced` was printed all the same",
        (false, _) => "msync failed, and the exit status is 0",
    };
    (claimed || silent).then(|| clue::at(obs, failed.index, &[exhibit::ANSWER], expected, seen))
}

fn sync_of_nothing(obs: &Observation) -> Option<Clue> {
    let of = target(obs, name(obs));
    if syncs(obs, &of).ok()?.iter().any(|sync| sync.counts()) {
        return None;
    }
    let all = calls_seen(obs);
    let found = all.iter().find(|step| {
        let waits = Msync::of(step.call).is_some_and(|sync| sync.flags & MS_SYNC != 0);
        waits && step.call.succeeded()
    })?;
    let sync = Msync::of(found.call)?;
    let live = live_before(obs, found.index).ok()?;
    let holds = |m: &&Mapping| of.has(m.id) && (m.start..m.end).contains(&sync.address);
    let seen = match live.iter().find(holds)? {
        mapping if mapping.reaches_the_file() => return None,
        mapping if mapping.shared => "msync was given a mapping of the file that may only be read",
        _ => "msync was given a private mapping of the file",
    };
    let expected = "msync is given the shared mapping into which the bytes were stored";
    Some(clue::at(obs, found.index, &[], expected, seen))
}

fn async_sync(obs: &Observation) -> Option<Clue> {
    let all = calls_seen(obs);
    let syncs = || {
        all.iter()
            .filter_map(|s| Some((s.index, Msync::of(s.call)?)))
    };
    if syncs().any(|(_, sync)| sync.flags & MS_SYNC != 0) {
        return None;
    }
    let (index, _) = syncs().next()?;
    Some(clue::at(
        obs,
        index,
        &["MS_ASYNC"],
        "msync is called with MS_SYNC",
        "msync was called without MS_SYNC",
    ))
}

fn never_synced(obs: &Observation) -> Option<Clue> {
    let asked = calls_seen(obs).iter().any(|step| step.call.is(&["msync"]));
    (!asked && ending::is_clean(obs)).then(Clue::default)
}

fn stale_length(obs: &Observation) -> Option<Clue> {
    if command(obs) != "append" || text(obs).is_empty() {
        return None;
    }
    stale_mapping(obs)
        .or_else(|| stale_sync(obs))
        .or_else(|| stale_report(obs))
}

/// The fact `new size` is the old one, and the file has grown all the same.
fn stale_report(obs: &Observation) -> Option<Clue> {
    let change = change(obs);
    let grown = file::after(obs, name(obs))?.length == change.stored.to;
    let line = format!("new size: {}", change.stored.from);
    let output = obs.evidence.actors[0].stdout.text();
    let said = output.lines().any(|found| found == line);
    (grown && said).then(Clue::default)
}

/// The last sync ends where the file ended before.
fn stale_sync(obs: &Observation) -> Option<Clue> {
    let stored = change(obs).stored;
    let of = target(obs, name(obs));
    let all = calls_seen(obs);
    let last = all
        .iter()
        .rev()
        .find(|step| step.call.is(&["msync"]) && step.call.succeeded())?;
    let sync = Msync::of(last.call)?;
    let live = live_before(obs, last.index).ok()?;
    let holds = |m: &&Mapping| of.has(m.id) && (m.start..m.end).contains(&sync.address);
    let mapping = live.iter().find(holds)?;
    let to = mapping.offset + (sync.address - mapping.start) + sync.length;
    let page = obs.evidence.page_size.max(1);
    let short = to.next_multiple_of(page) < stored.to;
    let expected = format!("msync covers the new bytes, up to byte {}", stored.to - 1);
    let seen = format!("msync was told to end at offset {to}, the old end");
    (to == stored.from && short).then(|| clue::at(obs, last.index, &[], expected, seen))
}

/// Every mapping ends before the text does.
fn stale_mapping(obs: &Observation) -> Option<Clue> {
    let mappings = of_file(obs, &target(obs, name(obs))).ok()?;
    let wanted = change(obs).stored;
    let last = mappings.iter().rev().find(|m| m.reaches_the_file())?;
    let short = mappings.iter().all(|m| m.range().to < wanted.to);
    let expected = format!(
        "a mapping holds the new bytes, up to byte {}",
        wanted.to - 1
    );
    let seen = format!("the last mapping ends with byte {}", last.range().to - 1);
    short.then(|| clue::at(obs, last.made, &[], expected, seen))
}

fn terminating_nul(obs: &Observation) -> Option<Clue> {
    let change = change(obs);
    let after = file::bytes(file::after(obs, name(obs))?);
    let end = usize::try_from(change.stored.to).ok()?;
    let stored = &text(obs).as_bytes()[..text(obs).len().min(after.len())];
    let whole = after.get(end.checked_sub(stored.len())?..end)? == stored;
    let nul = after.get(end) == Some(&0) && change.new.get(end) != Some(&0);
    let rest_kept = after.get(end + 1..) == change.new.get(end + 1..) || after.len() == end + 1;
    (whole && nul && rest_kept).then(Clue::default)
}

fn whole_rewritten(obs: &Observation) -> Option<Clue> {
    let change = change(obs);
    let (was, is) = (file::before(obs, name(obs))?, file::after(obs, name(obs))?);
    if !was.is_same_file(is) {
        let all = calls_seen(obs);
        let replaces = |step: &&Step<'_>| step.call.name.starts_with("rename");
        let renamed = all.iter().filter(|s| s.call.succeeded()).find(replaces);
        let expected = format!("`{}` stays the same file, with the same inode", name(obs));
        let seen = "a new file was made and renamed over it: another inode has its name now";
        let clue = renamed.map(|step| clue::at(obs, step.index, &[], expected, seen));
        return Some(clue.unwrap_or_default());
    }
    let new = file::bytes(is);
    let outside = |n: &usize| !(change.stored.from..change.stored.to).contains(&(*n as u64));
    let differ = |n: &usize| change.new.get(*n) != new.get(*n);
    let others = (0..new.len()).filter(outside).filter(differ).count();
    (others > 1 && ending::is_clean(obs)).then(Clue::default)
}

fn strlen(obs: &Observation) -> Option<Clue> {
    match command(obs) {
        "append" => strlen_for_the_end(obs),
        _ => strlen_for_show(obs),
    }
}

/// The text stands at the first NUL of the file, or of its last page, and not at the end.
fn strlen_for_the_end(obs: &Observation) -> Option<Clue> {
    let change = change(obs);
    let after = file::bytes(file::after(obs, name(obs))?);
    let page = usize::try_from(obs.evidence.page_size.max(1)).ok()?;
    let old = &change.old;
    let starts = [0, old.len() / page * page];
    let found = starts.into_iter().find_map(|start| {
        let end = start + old.get(start..)?.iter().position(|&byte| byte == 0)?;
        let text = text(obs).as_bytes();
        (after.get(end..)?.starts_with(text) && after != change.new).then_some(end)
    })?;
    Some(Clue {
        expected: Some(format!(
            "the text is stored at offset {}, the end",
            old.len()
        )),
        observed: Some(format!(
            "the text was stored at offset {found}, where the file holds a NUL"
        )),
        exhibit: None,
    })
}

fn strlen_for_show(obs: &Observation) -> Option<Clue> {
    let old = file::old_bytes(obs, name(obs));
    let nul = old.iter().position(|&byte| byte == 0);
    let faulted = matches!(&obs.evidence.actors[0].ending, Ending::Killed { signal, .. } if signal == "SIGSEGV" || signal == "SIGBUS");
    let mapped = !of_file(obs, &target(obs, name(obs))).ok()?.is_empty();
    let output = obs.evidence.actors[0].stdout.text();
    let printed = output
        .lines()
        .find_map(|line| line.strip_prefix("size: "))?;
    let wrong_size = printed.parse() != Ok(old.len());
    let content = output
        .lines()
        .find_map(|line| line.strip_prefix("content:"));
    let content = content.map(str::trim_start).unwrap_or_default();
    let cut_at_nul =
        nul.is_some_and(|n| content == crate::evidence::bytes::escape(&old[..n.min(64)]));
    (mapped && (wrong_size || cut_at_nul || faulted)).then(Clue::default)
}

fn past_end(obs: &Observation) -> Option<Clue> {
    let bus = matches!(&obs.evidence.actors[0].ending, Ending::Killed { signal, .. } if signal == "SIGBUS");
    bus.then(Clue::default)
}
