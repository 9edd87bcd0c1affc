//! Lab 3, one memcpy: what its clauses promise and which checks decide them.

mod atomic;
mod large;
mod mistakes;
mod rules;
mod scenarios;

use crate::evidence::Observation;
use crate::lab::{Check, Clause, Judge, Lab, Tier};
use crate::rule::{refusal, twin};

/// The lab.
pub static LAB: Lab = Lab {
    number: 3,
    slug: "lab3-copy",
    title: "One memcpy",
    minutes: 60,
    clauses: CLAUSES,
    beside: &[],
    scenarios: scenarios::all,
    mistakes: mistakes::ALL,
};

/// The source, as the command line names it.
fn source(obs: &Observation) -> &str {
    argument(obs, 0)
}

/// The destination, as the command line names it.
fn destination(obs: &Observation) -> &str {
    argument(obs, 1)
}

fn argument(obs: &Observation, n: usize) -> &str {
    let words = &obs.scenario.actors[0].arguments;
    let mut files = words.iter().filter(|word| *word != "--atomic");
    files.nth(n).map_or("", String::as_str)
}

static CLAUSES: &[Clause] = &[
    Clause {
        number: 0,
        tier: Tier::Core,
        promise: "bad input is refused",
        points: 2,
        after: &[],
        hint: "In your lab's folder this is given code: `git checkout` on its src/main.rs and src/given.rs brings that back.",
        checks: &[
            Check::each(
                "usage",
                &[
                    "usage-none",
                    "usage-one",
                    "usage-three",
                    "usage-help",
                    "usage-h",
                ],
                refusal::usage,
            ),
            Check::each(
                "bad-source",
                &["missing", "directory", "fifo", "device", "unreadable"],
                rules::bad_source,
            ),
        ],
    },
    Clause {
        number: 1,
        tier: Tier::Core,
        promise: "the source is mapped for reading only",
        points: 10,
        after: &[],
        hint: "Is the source mapped, and which rights does one need on bytes that are only looked at?",
        checks: &[Check::each(
            "source-mapping",
            &["copy", "copy-over", "copy-read-only", "window"],
            rules::source_mapping,
        )],
    },
    Clause {
        number: 2,
        tier: Tier::Core,
        promise: "the destination is opened, sized and mapped shared",
        points: 10,
        after: &[],
        hint: "Look at open, ftruncate and mmap of the destination: which access, which length, which flags? And what does a file keep that was there before?",
        checks: &[Check::each(
            "destination-mapping",
            &["copy", "copy-over", "copy-over-empty"],
            rules::destination_mapping,
        )],
    },
    Clause {
        number: 3,
        tier: Tier::Core,
        promise: "the bytes arrive, and no system call moves them",
        points: 10,
        after: &[],
        hint: "What is in the destination when `copied` is printed: at its start, at its end, around a page boundary? And do both lines tell its length?",
        checks: &[
            Check::each(
                "bytes",
                &[
                    "copy",
                    "copy-over",
                    "copy-same-size",
                    "copy-pages",
                    "copy-byte",
                    "copy-more",
                    "copy-names",
                    "copy-holes",
                ],
                rules::bytes_arrive,
            ),
            Check::each("said-when-done", &["copy"], rules::said_when_done),
            Check::each("windows-said-when-done", &["window"], large::said_when_done),
            Check {
                name: "transcript",
                scenarios: &["transcript"],
                judge: Judge::Transcript("lab3-copy"),
            },
            Check {
                name: "untraced",
                scenarios: &["copy", "copy-untraced"],
                judge: Judge::Together(twin::same),
            },
        ],
    },
    Clause {
        number: 4,
        tier: Tier::Core,
        promise: "a file is never copied onto itself",
        points: 10,
        after: &[],
        hint: "What does the kernel know about two names that you can ask it, before you change anything?",
        checks: &[Check::each(
            "same-file",
            &[
                "same-path",
                "same-dot",
                "same-hard-link",
                "same-symlink",
                "same-empty",
            ],
            rules::same_file,
        )],
    },
    Clause {
        number: 5,
        tier: Tier::Core,
        promise: "an empty source gives an empty destination",
        points: 10,
        after: &[],
        hint: "What does mmap say to a length of 0, and what is there to do without a mapping?",
        checks: &[Check::each(
            "empty",
            &["empty-new", "empty-over"],
            rules::empty_source,
        )],
    },
    Clause {
        number: 6,
        tier: Tier::Core,
        promise: "a longer destination is cut",
        points: 10,
        after: &[],
        hint: "Which length has the destination when the program ends, and who set it?",
        checks: &[Check::each(
            "longer",
            &["longer-page", "longer-bytes", "longer-more", "longer-both"],
            rules::copied,
        )],
    },
    Clause {
        number: 7,
        tier: Tier::Core,
        promise: "a copy that cannot be made changes nothing",
        points: 10,
        after: &[],
        hint: "In which order are the files opened, what has already happened when one of them cannot be used, and which name does the error tell?",
        checks: &[
            Check::each(
                "bad-destination",
                &[
                    "unwritable",
                    "no-folder",
                    "no-folder-long",
                    "into-directory",
                    "into-fifo",
                    "empty-unwritable",
                    "empty-no-folder",
                    "empty-into-directory",
                ],
                rules::bad_destination,
            ),
            Check::each(
                "bad-source-over",
                &["missing-over", "unreadable-over"],
                rules::bad_source,
            ),
        ],
    },
    Clause {
        number: 8,
        tier: Tier::Stretch,
        promise: "no more than 16 MiB at once",
        points: 5,
        after: &[3],
        hint: "At which offsets may a window begin, and when is the old one given back?",
        checks: &[Check::each("windows", &["window"], large::windows)],
    },
    Clause {
        number: 9,
        tier: Tier::Stretch,
        promise: "sizes beyond 4 GiB",
        points: 5,
        after: &[],
        hint: "Which type has the length on its way from fstat to ftruncate and mmap, and does the program come that far?",
        checks: &[Check {
            name: "four-gib",
            scenarios: &["four-gib", "four-gib-sized"],
            judge: Judge::Together(large::beyond_4_gib),
        }],
    },
    Clause {
        number: 10,
        tier: Tier::Stretch,
        promise: "a full disk leaves no half file",
        points: 5,
        after: &[3],
        hint: "A length is a promise, blocks are what keeps it. Which call asks for the blocks, and what do you undo when there are none?",
        checks: &[
            Check::each(
                "full-disk",
                &[
                    "full-new",
                    "full-over",
                    "full-over-longer",
                    "full-over-empty",
                ],
                rules::full_disk,
            ),
            Check::each("other-disk", &["other-disk"], rules::on_another_disk),
        ],
    },
    Clause {
        number: 11,
        tier: Tier::Stretch,
        promise: "atomic means the old file or the new one",
        points: 5,
        after: &[3],
        hint: "For every way through the program, success, error, sudden death: for which file does the name stand, with which bytes and bits, and what else lies in the folder?",
        checks: &[
            Check::each(
                "old-or-new",
                &["atomic", "atomic-new", "atomic-symlink"],
                atomic::old_or_new,
            ),
            Check::each("atomic-refused", &["atomic-unwritable"], atomic::refused),
            Check::each("atomic-killed", &["atomic-killed"], atomic::killed),
            Check::each(
                "atomic-fails",
                &["atomic-fails", "atomic-missing", "atomic-limited"],
                atomic::fails,
            ),
            Check::each(
                "atomic-shrinks",
                &["atomic-shrinks-pages", "atomic-shrinks-bytes"],
                atomic::shrinks,
            ),
            Check::each(
                "atomic-closed",
                &["atomic-closed"],
                atomic::in_closed_folder,
            ),
        ],
    },
    Clause {
        number: 12,
        tier: Tier::Stretch,
        promise: "a source that shrinks meanwhile is never a success",
        points: 5,
        after: &[3],
        hint: "The kernel tells you about whole pages that are gone. Who tells you about the rest of the last one?",
        checks: &[Check::each(
            "shrinks",
            &["shrinks-pages", "shrinks-bytes", "shrinks-whole"],
            rules::shrinks,
        )],
    },
    Clause {
        number: 13,
        tier: Tier::Stretch,
        promise: "a new destination takes the permission bits of the source",
        points: 5,
        after: &[],
        hint: "Which argument of open decides the bits of a new file, and what does the umask do to it?",
        checks: &[Check::each(
            "mode",
            &["mode", "mode-read-only"],
            rules::takes_mode,
        )],
    },
    Clause {
        number: 14,
        tier: Tier::Stretch,
        promise: "a file that does not tell its size is refused",
        points: 5,
        after: &[],
        hint: "How can you tell a file that is empty from one that only says so?",
        checks: &[Check::each(
            "proc-file",
            &["proc-file", "proc-link", "proc-pagemap"],
            rules::bad_source,
        )],
    },
];
