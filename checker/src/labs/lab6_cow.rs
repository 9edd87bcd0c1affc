//! Lab 6, see the copy: what its clauses promise and which checks decide them.

mod asking;
mod clues;
mod debugger;
mod mapped;
mod mistakes;
mod rules;
mod scenarios;
mod sight;
mod stretch;
mod whole;

use crate::evidence::Observation;
use crate::lab::{Check, Clause, Judge, Lab, Tier};
use crate::rule::{file, refusal, twin};

/// The lab.
pub static LAB: Lab = Lab {
    number: 6,
    slug: "lab6-cow",
    title: "See the copy",
    minutes: 120,
    clauses: CLAUSES,
    beside: &[],
    scenarios: scenarios::all,
    mistakes: mistakes::ALL,
};

/// The words behind the option, if there is one.
fn words(obs: &Observation) -> &[String] {
    let all = &obs.scenario.actors[0].arguments;
    match all.first() {
        Some(first) if first == "--drop" || first == "--fork" => &all[1..],
        _ => all,
    }
}

/// The file, as the command line names it.
fn name(obs: &Observation) -> &str {
    words(obs).first().map_or("", String::as_str)
}

/// The pages that are named, in increasing order, each once.
fn named(obs: &Observation) -> Vec<u64> {
    let numbers = words(obs).iter().skip(1);
    let mut numbers: Vec<u64> = numbers.filter_map(|word| word.parse().ok()).collect();
    numbers.sort_unstable();
    numbers.dedup();
    numbers
}

/// How many pages the file has.
fn count(obs: &Observation) -> u64 {
    let length = file::before(obs, name(obs)).map_or(0, |state| state.length);
    length.div_ceil(obs.evidence.page_size.max(1))
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
            Check::runs("usage", &["usage"], refusal::usage),
            Check::runs("bad-file", &["bad-files"], rules::refused),
            Check::runs("long-file", &["long-files"], rules::long_file),
        ],
    },
    Clause {
        number: 1,
        tier: Tier::Core,
        promise: "the file is mapped privately and stays as it was",
        points: 10,
        after: &[],
        hint: "With which protection and which flag is the file mapped, and how much of it? A private mapping needs no right to write to the file, and a store needs PROT_WRITE.",
        checks: &[Check::each(
            "private",
            &["cow"],
            mapped::private_and_untouched,
        )],
    },
    Clause {
        number: 2,
        tier: Tier::Core,
        promise: "mapped: no page is there yet",
        points: 10,
        after: &[],
        hint: "What has to happen to a page before it is in the page table, and which bit tells that it is not?",
        checks: &[Check::each("mapped", &["cow"], rules::nothing_there_yet)],
    },
    Clause {
        number: 3,
        tier: Tier::Core,
        promise: "read: every page is the file's",
        points: 10,
        after: &[],
        hint: "Which pages does your program touch before it waits, and by what?",
        checks: &[
            Check::each("read", &["cow"], rules::all_the_files),
            Check::each("pieces", &["cow-pieces"], rules::still_the_files),
        ],
    },
    Clause {
        number: 4,
        tier: Tier::Core,
        promise: "stored: the named pages are its own, and no other",
        points: 10,
        after: &[],
        hint: "Into which pages does your program store, and when does the kernel make a copy?",
        checks: &[Check::each(
            "stored",
            &["cow", "cow-none", "cow-twice"],
            rules::named_are_own,
        )],
    },
    Clause {
        number: 5,
        tier: Tier::Core,
        promise: "the line in maps did not change",
        points: 10,
        after: &[],
        hint: "Which line of /proc/self/maps belongs to the mapping, and what are its first three words?",
        checks: &[
            Check::each("line", &["cow", "cow-none"], rules::same_line),
            Check {
                name: "transcript",
                scenarios: &["transcript"],
                judge: Judge::Transcript("lab6-cow"),
            },
            Check {
                name: "untraced",
                scenarios: &["transcript", "transcript-untraced"],
                judge: Judge::Together(twin::same),
            },
        ],
    },
    Clause {
        number: 6,
        tier: Tier::Core,
        promise: "the report is looked up, not guessed",
        points: 10,
        after: &[],
        hint: "Where does your program learn whose a page is, and does it ask again for each report?",
        checks: &[Check::each("asked", &["asked"], rules::works)],
    },
    Clause {
        number: 7,
        tier: Tier::Core,
        promise: "a partial last page, and a page that is not there",
        points: 10,
        after: &[],
        hint: "How many pages does a file have whose length is no multiple of the page size?",
        checks: &[
            Check::each("partial", &["partial", "one-byte"], rules::works),
            Check::runs("outside", &["outside"], rules::refused),
        ],
    },
    Clause {
        number: 8,
        tier: Tier::Stretch,
        promise: "a dropped copy gives the file's page back",
        points: 5,
        after: &[],
        hint: "What is in the page table after the copy is gone, and what does the next touch bring?",
        checks: &[
            Check::each("dropped", &["dropped"], stretch::dropped),
            Check::runs("drop-refused", &["drop-refused"], stretch::refused),
        ],
    },
    Clause {
        number: 9,
        tier: Tier::Stretch,
        promise: "a child has its own copies",
        points: 5,
        after: &[],
        hint: "Which process stores into which page, and whose page table does each of them report?",
        checks: &[
            Check::each("forked", &["forked"], stretch::forked),
            Check::runs("fork-refused", &["fork-refused"], stretch::refused),
        ],
    },
    Clause {
        number: 10,
        tier: Tier::Stretch,
        promise: "a dirty page of the file is still the file's",
        points: 5,
        after: &[],
        hint: "Who made the page dirty, and does that make it your program's own?",
        checks: &[Check::each("dirty", &["dirty"], stretch::dirty)],
    },
];
