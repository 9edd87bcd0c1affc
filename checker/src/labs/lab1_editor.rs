//! Lab 1, a file is memory: what its clauses promise and which checks decide them.

mod large;
mod length;
mod mistakes;
mod rules;
mod scenarios;

use crate::evidence::Observation;
use crate::lab::{Check, Clause, Judge, Lab, Tier};
use crate::rule::{refusal, twin};

/// The lab.
pub static LAB: Lab = Lab {
    number: 1,
    slug: "lab1-editor",
    title: "A file is memory",
    minutes: 90,
    clauses: CLAUSES,
    beside: &[],
    scenarios: scenarios::all,
    mistakes: mistakes::ALL,
};

/// `show`, `overwrite` or `append`.
fn command(obs: &Observation) -> &str {
    word(obs, 0)
}

/// The file, as the command line names it.
fn name(obs: &Observation) -> &str {
    word(obs, 1)
}

/// The text.
fn text(obs: &Observation) -> &str {
    word(obs, 2)
}

fn word(obs: &Observation, n: usize) -> &str {
    let words = &obs.scenario.actors[0].arguments;
    words.get(n).map_or("", String::as_str)
}

const APPENDS: &[&str] = &[
    "append",
    "append-to-empty",
    "append-before-page",
    "append-at-page",
    "append-after-page",
    "append-pages",
    "append-nul",
    "append-nul-end",
    "append-far",
    "append-border",
    "append-dash",
];

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
                    "usage-unknown",
                    "usage-few",
                    "usage-many",
                    "usage-many-overwrite",
                    "usage-many-append",
                    "usage-letter",
                    "usage-dashes",
                    "usage-help",
                    "usage-short-help",
                ],
                refusal::usage,
            ),
            Check::each(
                "bad-file",
                &[
                    "missing",
                    "missing-long",
                    "directory",
                    "fifo",
                    "unreadable",
                    "device",
                    "missing-append",
                    "missing-overwrite",
                    "fifo-append",
                    "unwritable",
                ],
                rules::bad_file,
            ),
        ],
    },
    Clause {
        number: 1,
        tier: Tier::Core,
        promise: "show reads through a read-only shared mapping",
        points: 10,
        after: &[],
        hint: "What do you need to know about the file before you map it, and which rights does one need on bytes that are only looked at?",
        checks: &[
            Check::each(
                "show",
                &[
                    "show",
                    "show-long",
                    "show-read-only",
                    "show-dash",
                    "show-of-somebody-else",
                ],
                rules::shown,
            ),
            Check {
                name: "transcript",
                scenarios: &["transcript"],
                judge: Judge::Transcript("lab1-editor"),
            },
            Check::each(
                "mapped",
                &["show-nul", "show-page"],
                rules::through_one_mapping,
            ),
        ],
    },
    Clause {
        number: 2,
        tier: Tier::Core,
        promise: "show takes exactly the bytes of the file",
        points: 10,
        after: &[],
        hint: "How many bytes has the file, and who says so: the kernel, or the bytes?",
        checks: &[
            Check::each(
                "exactly",
                &["show-empty", "show-nul", "show-page"],
                rules::shown_exactly,
            ),
            Check::each("huge-size", &["show-huge"], large::size_is_said),
        ],
    },
    Clause {
        number: 3,
        tier: Tier::Core,
        promise: "overwrite stores through a shared mapping",
        points: 10,
        after: &[],
        hint: "Which rights and which kind of mapping does a store into the file need, and which bytes go where?",
        checks: &[
            Check::each(
                "stored",
                &[
                    "overwrite",
                    "overwrite-pages",
                    "overwrite-far",
                    "overwrite-dash",
                ],
                rules::stored,
            ),
            Check::each(
                "empty-text",
                &["overwrite-nothing"],
                rules::stored_to_the_end,
            ),
            Check {
                name: "untraced",
                scenarios: &["overwrite", "overwrite-untraced"],
                judge: Judge::Together(twin::same),
            },
        ],
    },
    Clause {
        number: 4,
        tier: Tier::Core,
        promise: "longer text is cut, and nothing is stored past the end",
        points: 10,
        after: &[],
        hint: "How many bytes of the text does the file have room for? Its mapping ends with a page, and the file may end before.",
        checks: &[Check::each(
            "cut",
            &[
                "overwrite-longer",
                "overwrite-longer-page",
                "overwrite-all",
                "overwrite-empty",
            ],
            rules::cut,
        )],
    },
    Clause {
        number: 5,
        tier: Tier::Core,
        promise: "another process sees the change",
        points: 10,
        after: &[],
        hint: "Whose memory does a store change, and is it made before the line `synced`?",
        checks: &[Check::each(
            "witness",
            &["overwrite", "overwrite-pages"],
            rules::seen_by_another,
        )],
    },
    Clause {
        number: 6,
        tier: Tier::Core,
        promise: "synced is printed after a successful msync",
        points: 10,
        after: &[],
        hint: "Which bytes does msync have to cover, what does it answer, and what is printed only then?",
        checks: &[
            Check::each(
                "synced",
                &[
                    "overwrite",
                    "overwrite-pages",
                    "overwrite-longer",
                    "overwrite-longer-page",
                    "overwrite-all",
                    "overwrite-border",
                    "overwrite-same",
                ],
                rules::synced,
            ),
            Check::each("sync-fails", &["overwrite-sync-fails"], rules::sync_fails),
            Check::each(
                "sync-fails-later",
                &["overwrite-sync-fails-later", "overwrite-sync-fails-first"],
                rules::sync_fails_later,
            ),
        ],
    },
    Clause {
        number: 7,
        tier: Tier::Core,
        promise: "append grows the file, then stores",
        points: 10,
        after: &[],
        hint: "How long are the file and the mapping at the moment of the store, and which bytes are synced after it?",
        checks: &[
            Check::each("appended", APPENDS, rules::appended),
            Check {
                name: "append-untraced",
                scenarios: &["append", "append-untraced"],
                judge: Judge::Together(twin::same),
            },
            Check::each(
                "append-sync-fails",
                &["append-sync-fails"],
                rules::sync_fails,
            ),
            Check::each(
                "append-sync-fails-later",
                &["append-sync-fails-first", "append-sync-fails-later"],
                rules::sync_fails_later,
            ),
        ],
    },
    Clause {
        number: 8,
        tier: Tier::Core,
        promise: "appending nothing changes nothing",
        points: 10,
        after: &[],
        hint: "What is there to grow, to map and to sync for no bytes?",
        checks: &[Check::each(
            "nothing",
            &["append-nothing", "append-nothing-to-empty"],
            rules::nothing_appended,
        )],
    },
    Clause {
        number: 9,
        tier: Tier::Stretch,
        promise: "only the changed pages are synced",
        points: 5,
        after: &[3, 6, 7],
        hint: "Which is the first page with a new byte, and which the last?",
        checks: &[Check::each(
            "pages",
            &[
                "overwrite",
                "overwrite-pages",
                "overwrite-border",
                "append-border",
                "append-after-page",
                "append-pages",
                "overwrite-nothing",
            ],
            rules::syncs_no_more,
        )],
    },
    Clause {
        number: 10,
        tier: Tier::Stretch,
        promise: "a file of 5 GiB is not walked",
        points: 5,
        after: &[3, 7],
        hint: "How much of the file has to be mapped for the text, and at which offset does that begin?",
        checks: &[Check::each(
            "huge",
            &["overwrite-huge", "append-huge"],
            large::not_walked,
        )],
    },
    Clause {
        number: 11,
        tier: Tier::Stretch,
        promise: "two appenders lose nothing",
        points: 5,
        after: &[7],
        hint: "What does a process believe about the file between asking for its length and growing it?",
        checks: &[Check::each(
            "appenders",
            &["appenders-1", "appenders-2", "appenders-3", "appenders-4"],
            rules::both_appended,
        )],
    },
    Clause {
        number: 12,
        tier: Tier::Stretch,
        promise: "a full disk is an error, not a signal",
        points: 5,
        after: &[7],
        hint: "Which call asks the file system for room, and what do you undo when there is none?",
        checks: &[Check::each(
            "full-disk",
            &["full-disk", "full-disk-hole"],
            rules::refused,
        )],
    },
    Clause {
        number: 13,
        tier: Tier::Stretch,
        promise: "a refused change leaves the file as it was",
        points: 5,
        after: &[7],
        hint: "Which calls can say no, and what has happened to the file by then?",
        checks: &[Check::each(
            "refused",
            &[
                "append-limited",
                "append-limited-far",
                "overwrite-running",
                "append-running",
                "overwrite-append-only",
                "append-append-only",
            ],
            rules::refused,
        )],
    },
];
