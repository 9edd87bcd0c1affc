//! The mistakes of lab 3 that are told apart by name.

use crate::evidence::Observation;
use crate::evidence::ending::Ending;
use crate::evidence::trace::{Mmap, O_ACCMODE, O_WRONLY, Open};
use crate::lab::{Clue, Mistake};
use crate::rule::mapping::of_file;
use crate::rule::moved::{Way, attempts, movers};
use crate::rule::trace::{calls_seen, length_set, target};
use crate::rule::{asked, clue, ending, exhibit, file};

use super::{destination, source};

/// All, the most specific first.
pub static ALL: &[Mistake] = &[
    Mistake {
        code: "write-only-destination",
        says: "A mapping always needs the right to read, also one that is only written: the kernel refuses to map a file that was opened O_WRONLY.",
        hint: "What does the manual page of mmap say about EACCES and the mode of open?",
        section: "lab3-copy.md#clause-2",
        clauses: &[2, 3, 6, 9, 13],
        recognise: write_only,
    },
    Mistake {
        code: "private-destination",
        says: "A private mapping is a copy that belongs to the process: what is stored into it never reaches the file.",
        hint: "Which two flags can a mapping have, and which of them is about other people?",
        section: "lab3-copy.md#clause-2",
        clauses: &[2, 3, 6, 8, 13],
        recognise: private_destination,
    },
    Mistake {
        code: "no-ftruncate",
        says: "A mapping does not make a file longer. Bytes behind its end cannot be stored, and the kernel says so with SIGBUS.",
        hint: "How long is a file that has just been created, and which call changes that?",
        section: "lab3-copy.md#clause-2",
        clauses: &[2, 3, 6, 9, 13],
        recognise: not_sized,
    },
    Mistake {
        code: "destination-not-cut",
        says: "A file that was longer keeps its old end unless somebody cuts it.",
        hint: "Which length does the destination have after the copy, and where does it come from?",
        section: "lab3-copy.md#clause-6",
        clauses: &[2, 3, 5, 6],
        recognise: not_cut,
    },
    Mistake {
        code: "copied-before-done",
        says: "`copied` is a promise that the bytes are in place. Printed too early, it stays on the screen when the copy fails.",
        hint: "What can still go wrong after this line is printed?",
        section: "lab3-copy.md#clause-3",
        clauses: &[4, 7, 10, 11, 12],
        recognise: clue::nothing,
    },
    Mistake {
        code: "linked-not-copied",
        says: "A link is a second name for the same bytes, not a copy of them: whoever changes the one changes the other.",
        hint: "Which number tells whether two names are one file, and which are they here?",
        section: "lab3-copy.md#clause-3",
        clauses: &[3],
        recognise: clue::nothing,
    },
    Mistake {
        code: "one-byte-write",
        says: "A byte written at the end does make the file long enough, but it is a byte moved by a system call, and a file that was longer stays long.",
        hint: "The length of a file can be set without writing anything. Which call does that?",
        section: "lab3-copy.md#clause-3",
        clauses: &[3, 9, 11],
        recognise: one_byte_write,
    },
    Mistake {
        code: "fs-copy",
        says: "This copies with a system call and not with memory: the kernel, or a buffer of your own, moved the bytes.",
        hint: "With both files mapped, what is left to do for a copy?",
        section: "lab3-copy.md#clause-3",
        clauses: &[1, 2, 3, 5, 6, 8, 9, 11, 12, 13],
        recognise: moved_by_call,
    },
    Mistake {
        code: "truncated-before-checking",
        says: "The destination was cut before it was known that the copy could be made. If it is the source by another name, the bytes are gone at that moment.",
        hint: "What has to be known about both files before the first call that changes one?",
        section: "lab3-copy.md#clause-4",
        clauses: &[4, 7],
        recognise: truncated_first,
    },
    Mistake {
        code: "length-zero",
        says: "A mapping of length 0 does not exist: mmap answers EINVAL.",
        hint: "What is there to copy in an empty file, and what has to be there in the end?",
        section: "lab3-copy.md#clause-5",
        clauses: &[5],
        recognise: length_zero,
    },
    Mistake {
        code: "source-writable",
        says: "What is only read should be mapped for reading only: then a slip of the pen is a SIGSEGV and not a ruined original.",
        hint: "Which of the PROT_ flags does a look need?",
        section: "lab3-copy.md#clause-1",
        clauses: &[1, 3, 8],
        recognise: source_writable,
    },
    Mistake {
        code: "length-32-bits",
        says: "A length went through 32 bits on its way: 4 GiB and 5 bytes became something else.",
        hint: "Which types do lengths and offsets have on the way from fstat to mmap, and where is a cast?",
        section: "lab3-copy.md#clause-9",
        clauses: &[9],
        recognise: clue::nothing,
    },
    Mistake {
        code: "whole-file-mapped",
        says: "The file is mapped in one piece. That is fine for small files and costs address space and page tables for large ones.",
        hint: "How far would a window of fixed length get you, and what comes after it?",
        section: "lab3-copy.md#clause-8",
        clauses: &[8],
        recognise: clue::nothing,
    },
    Mistake {
        code: "window-kept",
        says: "The next window is mapped before the last one is given back.",
        hint: "When is the old one unmapped: before or after the next one is made?",
        section: "lab3-copy.md#clause-8",
        clauses: &[8],
        recognise: clue::nothing,
    },
    Mistake {
        code: "half-file-left",
        says: "The copy failed and left something behind that looks like a result.",
        hint: "What was there before, and what do you have to undo?",
        section: "lab3-copy.md#clause-10",
        clauses: &[10],
        recognise: clue::nothing,
    },
    Mistake {
        code: "no-room",
        says: "A length is no promise of room: ftruncate makes a hole, and the store that would need a block for it gets SIGBUS.",
        hint: "Which call asks the file system for blocks and tells you if there are none?",
        section: "lab3-copy.md#clause-10",
        clauses: &[10],
        recognise: killed_by_sigbus,
    },
    Mistake {
        code: "not-atomic",
        says: "The name has to go from the old file to the new one in one step, when the new one is complete. Any other way has a moment at which it stands for neither.",
        hint: "Where can the new file be made so that nobody sees it, and which call swaps names in one step?",
        section: "lab3-copy.md#clause-11",
        clauses: &[11],
        recognise: clue::nothing,
    },
    Mistake {
        code: "link-replaced",
        says: "rename replaces a name. If the name is a symbolic link, the link is replaced, and the file that it points to stays as it is.",
        hint: "Which name has the file that is meant, and in which folder does it lie?",
        section: "lab3-copy.md#clause-11",
        clauses: &[11],
        recognise: clue::nothing,
    },
    Mistake {
        code: "unwritable-replaced",
        says: "rename asks for the right to change the folder, not the file. So it replaces files that nobody may write.",
        hint: "How do you find out before the copy that the destination may be written?",
        section: "lab3-copy.md#clause-11",
        clauses: &[11],
        recognise: clue::nothing,
    },
    Mistake {
        code: "temporary-left",
        says: "The temporary file is still there.",
        hint: "Which ways out of the function are there, and which of them cleans up?",
        section: "lab3-copy.md#clause-11",
        clauses: &[11],
        recognise: clue::nothing,
    },
    Mistake {
        code: "shrunk-unnoticed",
        says: "The source became shorter while it was copied, and the rest of its last page reads as zeros without a word.",
        hint: "What can you ask about the source again when the copy is made?",
        section: "lab3-copy.md#clause-12",
        clauses: &[12],
        recognise: clue::nothing,
    },
];

fn write_only(obs: &Observation) -> Option<Clue> {
    let to = target(obs, destination(obs));
    let all = calls_seen(obs);
    let opened = all.iter().any(|step| {
        to.in_call(step.call)
            && Open::of(step.call).is_some_and(|open| open.flags & O_ACCMODE == O_WRONLY)
    });
    let refused = all.iter().find(|step| {
        step.call.is(&["mmap"]) && to.in_call(step.call) && step.call.errno() == Some(13)
    })?;
    let expected = format!("`{}` is opened O_RDWR, then mapped", destination(obs));
    let seen = asked::refusal(obs, refused);
    opened.then(|| clue::at(obs, refused.index, &["EACCES"], expected, seen))
}

fn private_destination(obs: &Observation) -> Option<Clue> {
    let mappings = of_file(obs, &target(obs, destination(obs))).ok()?;
    if mappings.iter().any(|m| m.reaches_the_file()) {
        return None;
    }
    let private = mappings.iter().find(|m| !m.shared)?;
    let expected = format!("`{}` is mapped with MAP_SHARED", destination(obs));
    let seen = "it was mapped with MAP_PRIVATE";
    Some(clue::at(
        obs,
        private.made,
        &["MAP_PRIVATE"],
        expected,
        seen,
    ))
}

fn not_sized(obs: &Observation) -> Option<Clue> {
    let to = target(obs, destination(obs));
    let length = file::before(obs, source(obs))?.length;
    let grows = |call| length_set(call).is_some_and(|to| to.is_none_or(|to| to >= length));
    let sized = calls_seen(obs)
        .iter()
        .any(|step| step.call.succeeded() && to.in_call(step.call) && grows(step.call));
    let mappings = of_file(obs, &to).ok()?;
    let mapped = mappings.first()?;
    let short = file::after(obs, destination(obs))?.length < length;
    (short && !sized).then(|| Clue {
        exhibit: Some(exhibit::calls(obs, mapped.made, &[&length.to_string()])),
        ..Clue::default()
    })
}

fn not_cut(obs: &Observation) -> Option<Clue> {
    let length = file::before(obs, source(obs))?.length;
    let (was, is) = (
        file::before(obs, destination(obs))?,
        file::after(obs, destination(obs))?,
    );
    let uncut = was.length > length && is.length == was.length;
    (uncut && ending::is_clean(obs)).then(Clue::default)
}

/// The code for bytes that a system call moves, or was about to.
pub fn of_moving(obs: &Observation) -> &'static str {
    if one_byte_write(obs).is_some() {
        "one-byte-write"
    } else {
        "fs-copy"
    }
}

/// Nothing was moved but a byte at the end of a destination that is mapped, or is to be.
fn one_byte_write(obs: &Observation) -> Option<Clue> {
    let to = target(obs, destination(obs));
    let of_source = attempts(obs, &target(obs, source(obs)), Way::Either).ok()?;
    let of_destination = attempts(obs, &to, Way::Either).ok()?;
    let writes = of_destination
        .iter()
        .filter(|step| step.call.is(&["write", "pwrite64"]) && step.call.raw(2) == 1);
    let all = writes.count() == of_destination.len() && of_source.is_empty();
    let first = of_destination.first().filter(|_| all)?;
    let expected = format!("no system call moves bytes into `{}`", to.name);
    let seen = format!("`{}` moved one byte into it", first.call.name);
    Some(clue::at(obs, first.index, &[], expected, seen))
}

fn moved_by_call(obs: &Observation) -> Option<Clue> {
    let found = [source(obs), destination(obs)]
        .into_iter()
        .find_map(|name| {
            let movers = movers(obs, &target(obs, name), Way::Either).ok()?;
            movers.first().copied()
        })?;
    let (from, to) = (source(obs), destination(obs));
    let expected = format!("no system call moves bytes of `{from}` or `{to}`");
    let seen = format!("`{}` moved them", found.call.name);
    Some(clue::at(obs, found.index, &[], expected, seen))
}

fn truncated_first(obs: &Observation) -> Option<Clue> {
    let to = target(obs, destination(obs));
    let was = file::before(obs, destination(obs))?;
    let is = file::after(obs, destination(obs))?;
    let changes = |call| match length_set(call) {
        None => false,
        Some(Some(length)) if call.is(&["fallocate"]) => length > was.length,
        Some(length) => length != Some(was.length),
    };
    let found = calls_seen(obs)
        .into_iter()
        .find(|step| step.call.succeeded() && to.in_call(step.call) && changes(step.call))?;
    let same = to.name == target(obs, source(obs)).name
        || file::before(obs, source(obs))?.is_same_file(was);
    let damaged = was.same_bytes(is) == Some(false);
    let mut expected = format!("the length of `{}` stays", to.name);
    let mut seen = format!("`{}` changed it", found.call.name);
    if same {
        expected += ": it is the source itself";
    }
    if same && damaged {
        expected += ", and its bytes are needed";
        seen += ", and the bytes are gone";
    }
    Some(clue::at(obs, found.index, &["O_TRUNC"], expected, seen))
}

fn length_zero(obs: &Observation) -> Option<Clue> {
    clue::length_zero(obs, source(obs))
}

fn source_writable(obs: &Observation) -> Option<Clue> {
    let from = target(obs, source(obs));
    let all = calls_seen(obs);
    let found = all.iter().find(|step| {
        from.in_call(step.call) && Mmap::of(step.call).is_some_and(|map| map.is_writable())
    })?;
    let expected = format!("`{}` is mapped without PROT_WRITE", source(obs));
    let seen = match found.call.errno() {
        Some(_) => format!("PROT_WRITE was asked for; {}", asked::refusal(obs, found)),
        None => "PROT_WRITE was asked for".to_owned(),
    };
    Some(clue::at(obs, found.index, &["PROT_WRITE"], expected, seen))
}

fn killed_by_sigbus(obs: &Observation) -> Option<Clue> {
    let bus =
        |ending: &Ending| matches!(ending, Ending::Killed { signal, .. } if signal == "SIGBUS");
    bus(&obs.evidence.actors[0].ending).then(Clue::default)
}
