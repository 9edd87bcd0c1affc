//! Lab 4, the offset rule: what its clauses promise and which checks decide them.

mod asked;
mod mistakes;
mod rules;
mod scenarios;

use crate::lab::{Check, Clause, Judge, Lab, Tier};
use crate::rule::{refusal, twin};

/// The lab.
pub static LAB: Lab = Lab {
    number: 4,
    slug: "lab4-page-align",
    title: "The offset rule",
    minutes: 45,
    clauses: CLAUSES,
    beside: &["pagesize"],
    scenarios: scenarios::all,
    mistakes: mistakes::ALL,
};

static CLAUSES: &[Clause] = &[
    Clause {
        number: 0,
        tier: Tier::Core,
        promise: "bad input is refused",
        points: 2,
        after: &[],
        hint: "In your lab's folder this is given code: `git checkout` on its src/main.rs and src/given.rs brings that back.",
        checks: &[
            Check::runs("usage", &["usage"], refusal::usage),
            Check::runs("bad-file", &["bad-files"], rules::bad_file),
        ],
    },
    Clause {
        number: 1,
        tier: Tier::Core,
        promise: "the page size is asked, not known",
        points: 10,
        after: &[],
        hint: "Where does the number behind `page size` come from, and who would have to change it for another machine?",
        checks: &[Check::runs(
            "page-size",
            &["align", "pages-64k", "pages-other"],
            rules::page_size,
        )],
    },
    Clause {
        number: 2,
        tier: Tier::Core,
        promise: "the offset is rounded down, and delta is the rest",
        points: 10,
        after: &[],
        hint: "Take one offset by hand: which page does it lie in, where does that page begin, and how far is it from there?",
        checks: &[Check::runs("arithmetic", &["align"], rules::answered)],
    },
    Clause {
        number: 3,
        tier: Tier::Core,
        promise: "what is not a number is refused",
        points: 10,
        after: &[],
        hint: "Which words does your way of reading a number take that are not decimal digits and nothing else?",
        checks: &[Check::runs(
            "not-numbers",
            &["not-numbers", "rarer-words"],
            rules::answered,
        )],
    },
    Clause {
        number: 4,
        tier: Tier::Core,
        promise: "all is right where pages have 16 or 64 KiB",
        points: 10,
        after: &[1, 2],
        hint: "Which of your numbers depend on the page size, and do all of them come from the one that was asked? If clause 5 fails too, begin there.",
        checks: &[
            Check::runs(
                "larger-pages",
                &["pages-64k", "pages-16k"],
                rules::on_larger_pages,
            ),
            Check {
                name: "transcript",
                scenarios: &["transcript"],
                judge: Judge::Transcript("lab4-page-align"),
            },
        ],
    },
    Clause {
        number: 5,
        tier: Tier::Core,
        promise: "the window is read through the mapping",
        points: 10,
        after: &[],
        hint: "At which byte of the mapping does the window begin, at which does it end, and who brings its bytes to your program?",
        checks: &[
            Check::runs("window", &["read"], rules::read_through_the_mapping),
            Check::runs("untouched", &["read"], rules::never_changed),
            Check {
                name: "untraced",
                scenarios: &["watched", "watched-untraced"],
                judge: Judge::Together(twin::same),
            },
        ],
    },
    Clause {
        number: 6,
        tier: Tier::Core,
        promise: "one mapping, the smallest that holds the window",
        points: 10,
        after: &[],
        hint: "Which pages does the window touch, and which others are mapped?",
        checks: &[
            Check::runs("smallest", &["read"], rules::smallest),
            Check::runs(
                "smallest-of-all",
                &["ends", "last-page", "gigabytes"],
                rules::smallest_of_shown,
            ),
        ],
    },
    Clause {
        number: 7,
        tier: Tier::Core,
        promise: "a window is cut at the end of the file",
        points: 10,
        after: &[5],
        hint: "How many bytes has the file from the offset on, and what if that is none?",
        checks: &[Check::runs(
            "end-of-file",
            &["ends"],
            rules::read_through_the_mapping,
        )],
    },
    Clause {
        number: 8,
        tier: Tier::Stretch,
        promise: "2^63-1 is taken, and what lies behind it is refused",
        points: 5,
        after: &[2],
        hint: "How large is each number on its way through the program at most, and which type holds it?",
        checks: &[Check::runs("limits", &["limits"], rules::answered)],
    },
    Clause {
        number: 9,
        tier: Tier::Stretch,
        promise: "of the last page no more than the file has",
        points: 5,
        after: &[7],
        hint: "A file ends in the middle of a page, and a window that begins there ends where?",
        checks: &[Check::runs(
            "last-page",
            &["last-page"],
            rules::read_through_the_mapping,
        )],
    },
    Clause {
        number: 10,
        tier: Tier::Stretch,
        promise: "a window of gigabytes",
        points: 5,
        after: &[5],
        hint: "Which types have the offset and the length on their way to mmap, and how many pages do the facts need?",
        checks: &[Check::runs("gigabytes", &["gigabytes"], rules::gigabytes)],
    },
];
