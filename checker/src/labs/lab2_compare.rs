//! Lab 2, private or shared: what its clauses promise and which checks decide them.

mod mistakes;
mod rules;
mod scenarios;
mod sight;

use crate::evidence::Observation;
use crate::lab::{Check, Clause, Judge, Lab, Tier};
use crate::rule::{refusal, twin};

/// The lab.
pub static LAB: Lab = Lab {
    number: 2,
    slug: "lab2-compare",
    title: "Private or shared",
    minutes: 45,
    clauses: CLAUSES,
    beside: &[],
    scenarios: scenarios::all,
    mistakes: mistakes::ALL,
};

/// The file, as the command line names it.
fn name(obs: &Observation) -> &str {
    word(obs, 0)
}

/// The text.
fn text(obs: &Observation) -> &str {
    word(obs, 1)
}

fn word(obs: &Observation, n: usize) -> &str {
    let words = &obs.scenario.actors[0].arguments;
    words.get(n).map_or("", String::as_str)
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
                    "usage-dashes",
                    "usage-help",
                    "usage-short-help",
                ],
                refusal::usage,
            ),
            Check::each(
                "bad-file",
                &["missing", "missing-long", "directory", "fifo", "unreadable"],
                rules::bad_file,
            ),
        ],
    },
    Clause {
        number: 1,
        tier: Tier::Core,
        promise: "first a private mapping, then a shared one",
        points: 10,
        after: &[],
        hint: "What is mapped, and how, at the moment each line is printed?",
        checks: &[Check::each(
            "mappings",
            &["compare", "compare-pages"],
            rules::mappings,
        )],
    },
    Clause {
        number: 2,
        tier: Tier::Core,
        promise: "the private store leaves the file untouched",
        points: 10,
        after: &[],
        hint: "Where did the first store go, and through what do you look at the file after it?",
        checks: &[Check::each(
            "untouched",
            &["compare", "compare-pages"],
            rules::untouched,
        )],
    },
    Clause {
        number: 3,
        tier: Tier::Core,
        promise: "the stored page is the program's own",
        points: 10,
        after: &[],
        hint: "When does the kernel make a copy of a page, of which page, and what does the mapping show then?",
        checks: &[Check::each(
            "own-pages",
            &["compare", "compare-pages", "compare-border"],
            rules::own_pages,
        )],
    },
    Clause {
        number: 4,
        tier: Tier::Core,
        promise: "the shared store is seen at once",
        points: 10,
        after: &[],
        hint: "Which kind of mapping lets others see a store, and is the store made before the line is printed?",
        checks: &[Check::each(
            "seen-at-once",
            &["compare", "compare-pages"],
            rules::seen_at_once,
        )],
    },
    Clause {
        number: 5,
        tier: Tier::Core,
        promise: "only the bytes of the text change",
        points: 10,
        after: &[],
        hint: "Which bytes of the file may change, who changes them, and what do the five lines say of it?",
        checks: &[
            Check::each(
                "only-the-text",
                &[
                    "compare",
                    "compare-pages",
                    "compare-far",
                    "compare-nothing",
                    "compare-dash",
                ],
                rules::only_the_text,
            ),
            Check {
                name: "transcript",
                scenarios: &["transcript"],
                judge: Judge::Transcript("lab2-compare"),
            },
            Check {
                name: "untraced",
                scenarios: &["compare", "compare-untraced"],
                judge: Judge::Together(twin::same),
            },
        ],
    },
    Clause {
        number: 6,
        tier: Tier::Core,
        promise: "long text and empty files",
        points: 10,
        after: &[],
        hint: "How many bytes can be stored, and what is there to map and to print if there are none?",
        checks: &[Check::each(
            "edges",
            &["longer", "longer-page", "longer-far", "empty"],
            rules::cut,
        )],
    },
    Clause {
        number: 7,
        tier: Tier::Core,
        promise: "the file is looked at, not remembered",
        points: 10,
        after: &[],
        hint: "When do you look at the file for each of its two lines, and how?",
        checks: &[Check::each("looked", &["looked"], sight::looked)],
    },
    Clause {
        number: 8,
        tier: Tier::Stretch,
        promise: "a private store needs no right to write",
        points: 5,
        after: &[],
        hint: "Which mode of open does each of the two mappings need?",
        checks: &[Check::each(
            "read-only",
            &["read-only", "read-only-owner"],
            sight::without_right_to_write,
        )],
    },
    Clause {
        number: 9,
        tier: Tier::Stretch,
        promise: "a file of 3 GiB stays a hole",
        points: 5,
        after: &[],
        hint: "How many of the bytes do the five lines need?",
        checks: &[Check::each("huge", &["huge"], sight::stays_a_hole)],
    },
    Clause {
        number: 10,
        tier: Tier::Stretch,
        promise: "each line leaves the program by itself",
        points: 5,
        after: &[],
        hint: "Which step comes right after each line, and is the line out by then?",
        checks: &[Check::each(
            "line-by-line",
            &["compare"],
            sight::line_by_line,
        )],
    },
];
