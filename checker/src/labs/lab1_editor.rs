//! Lab 1, a file is memory: what its clauses promise and which checks decide them.

mod length;
mod mistakes;
mod rules;
mod scenarios;

use crate::evidence::Observation;
use crate::lab::{Check, Clause, Judge, Lab, Tier};
use crate::rule::{refusal, twin};
use crate::verdict::Ruling;

/// The lab.
pub static LAB: Lab = Lab {
    number: 1,
    slug: "lab1-editor",
    title: "A file is memory",
    minutes: 90,
    clauses: CLAUSES,
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

const fn each(
    name: &'static str,
    scenarios: &'static [&'static str],
    rule: fn(&Observation) -> Ruling,
) -> Check {
    Check {
        name,
        scenarios,
        judge: Judge::Each(rule),
    }
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
        hint: "This is given code. `git checkout` on your lab's folder brings it back.",
        checks: &[
            each(
                "usage",
                &[
                    "usage-none",
                    "usage-unknown",
                    "usage-few",
                    "usage-many",
                    "usage-many-overwrite",
                    "usage-many-append",
                    "usage-letter",
                ],
                refusal::usage,
            ),
            each(
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
        hint: "What does mmap need to know, and what do you need to know about the file first?",
        checks: &[
            each(
                "show",
                &["show", "show-long", "show-read-only", "show-dash"],
                rules::shown,
            ),
            Check {
                name: "transcript",
                scenarios: &["transcript"],
                judge: Judge::Transcript("lab1-editor"),
            },
            each(
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
        checks: &[each(
            "exactly",
            &["show-empty", "show-nul", "show-page"],
            rules::shown_exactly,
        )],
    },
    Clause {
        number: 3,
        tier: Tier::Core,
        promise: "overwrite stores through a shared mapping",
        points: 10,
        after: &[],
        hint: "Which rights and which kind of mapping does a store need that the file is to have?",
        checks: &[
            each(
                "stored",
                &[
                    "overwrite",
                    "overwrite-pages",
                    "overwrite-far",
                    "overwrite-dash",
                ],
                rules::stored,
            ),
            each(
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
        hint: "A mapping ends with a page. Where does the file end?",
        checks: &[each(
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
        hint: "Whose memory does a store change?",
        checks: &[each(
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
        hint: "Which call says that the bytes have reached the disk, and what does it say when they have not?",
        checks: &[
            each(
                "synced",
                &[
                    "overwrite",
                    "overwrite-pages",
                    "overwrite-longer",
                    "overwrite-longer-page",
                    "overwrite-all",
                    "overwrite-border",
                ],
                rules::synced,
            ),
            each("sync-fails", &["overwrite-sync-fails"], rules::sync_fails),
            each(
                "sync-fails-later",
                &["overwrite-sync-fails-later"],
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
        hint: "How long is the file, and how long the mapping, at the moment of the store?",
        checks: &[
            each("appended", APPENDS, rules::appended),
            Check {
                name: "append-untraced",
                scenarios: &["append", "append-untraced"],
                judge: Judge::Together(twin::same),
            },
            each(
                "append-sync-fails",
                &["append-sync-fails"],
                rules::sync_fails,
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
        checks: &[each(
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
        checks: &[each(
            "pages",
            &[
                "overwrite",
                "overwrite-pages",
                "append-after-page",
                "append-pages",
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
        hint: "How much of the file has to be in memory for the text?",
        checks: &[each(
            "huge",
            &["overwrite-huge", "append-huge"],
            rules::not_walked,
        )],
    },
    Clause {
        number: 11,
        tier: Tier::Stretch,
        promise: "two appenders lose nothing",
        points: 5,
        after: &[7],
        hint: "What does a process believe about the file between asking for its length and growing it?",
        checks: &[each(
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
        hint: "Which call asks the file system for room and tells you if there is none?",
        checks: &[each("full-disk", &["full-disk"], rules::refused)],
    },
    Clause {
        number: 13,
        tier: Tier::Stretch,
        promise: "a refused change leaves the file as it was",
        points: 5,
        after: &[7],
        hint: "Which calls can say no, and what has happened to the file by then?",
        checks: &[each(
            "refused",
            &[
                "append-limited",
                "overwrite-running",
                "append-running",
                "overwrite-append-only",
                "append-append-only",
            ],
            rules::refused,
        )],
    },
];
