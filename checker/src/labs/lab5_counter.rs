//! Lab 5, shared state that survives: what its clauses promise and which checks decide them.

mod clues;
mod crossing;
mod exploring;
mod load;
mod locking;
mod losing;
mod mistakes;
mod room;
mod rules;
mod scenarios;
mod setback;
mod state;
mod stretch;
mod watching;

use crate::evidence::Observation;
use crate::lab::{Check, Clause, Judge, Lab, Tier};
use crate::rule::twin;
use crate::scenario::ActorSpec;
use crate::scenario::exploring::EXPLORER;

/// The lab.
pub static LAB: Lab = Lab {
    number: 5,
    slug: "lab5-counter",
    title: "Shared state that survives",
    minutes: 120,
    clauses: CLAUSES,
    beside: &[EXPLORER],
    scenarios: scenarios::all,
    mistakes: mistakes::ALL,
};

/// The words of an actor's command line: the command, the file, and what follows.
fn word(obs: &Observation, actor: usize, n: usize) -> &str {
    let actor = obs.scenario.actors.get(actor);
    let word = actor.and_then(|actor| actor.arguments.get(n));
    word.map_or("", String::as_str)
}

/// The counter, as the command line names it.
fn name(obs: &Observation) -> &str {
    word(obs, 0, 1)
}

/// How often an actor adds 1.
fn times(actor: &ActorSpec) -> i64 {
    let words: Vec<&str> = actor.arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["increment", _, "--times", n] => n.parse().unwrap_or(0),
        ["increment", ..] => 1,
        _ => 0,
    }
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
            Check::runs("usage", &["usage"], rules::usage),
            Check::runs("bad-file", &["bad-files"], rules::refused),
        ],
    },
    Clause {
        number: 1,
        tier: Tier::Core,
        promise: "init makes a counter of value 0",
        points: 10,
        after: &[],
        hint: "Which length has the file when `init` ends, what is in it, and who sees that?",
        checks: &[Check::each(
            "init",
            &["init-new", "init-there", "init-empty"],
            rules::init,
        )],
    },
    Clause {
        number: 2,
        tier: Tier::Core,
        promise: "increment adds through a shared mapping",
        points: 10,
        after: &[],
        hint: "Which value has the counter when `value` is printed, in the file and in another process's mapping of it, and what is printed?",
        checks: &[
            Check::each("increment", &["increment"], rules::increment),
            Check::runs("all-bits", &["all-bits"], rules::increment_unwatched),
            Check::each("persists", &["persists"], rules::persists),
            Check {
                name: "transcript",
                scenarios: &["transcript"],
                judge: Judge::Transcript("lab5-counter"),
            },
            Check {
                name: "untraced",
                scenarios: &["transcript", "transcript-untraced"],
                judge: Judge::Together(twin::same),
            },
        ],
    },
    Clause {
        number: 3,
        tier: Tier::Core,
        promise: "what is not 8 bytes long is refused",
        points: 10,
        after: &[],
        hint: "Where does the program ask how long the file is, and what does it do with each answer?",
        checks: &[Check::runs("sizes", &["sizes"], rules::refused)],
    },
    Clause {
        number: 4,
        tier: Tier::Core,
        promise: "watch sees the value change",
        points: 10,
        after: &[],
        hint: "When is the counter loaded, with which rights on its page, and what decides whether a line is printed?",
        checks: &[
            Check::each("watch", &["watch"], watching::sees),
            Check::each("read-only", &["watch-read-only"], watching::sees_at_once),
            Check::each("set-back", &["watch-set-back"], setback::never_falls),
        ],
    },
    Clause {
        number: 5,
        tier: Tier::Core,
        promise: "no interleaving of two increments loses one",
        points: 10,
        after: &[2],
        hint: "What can another process do between your load of the counter and your store?",
        checks: &[Check {
            name: "two-increments",
            scenarios: &["two-increments", "load"],
            judge: Judge::Together(exploring::adds_up),
        }],
    },
    Clause {
        number: 6,
        tier: Tier::Core,
        promise: "no interleaving of two times two loses one",
        points: 10,
        after: &[2, 5],
        hint: "Is the second addition kept apart from the others as the first one is?",
        checks: &[Check {
            name: "two-times-two",
            scenarios: &["two-times-two", "load"],
            judge: Judge::Together(exploring::adds_up),
        }],
    },
    Clause {
        number: 7,
        tier: Tier::Core,
        promise: "under load the sum is exact",
        points: 10,
        after: &[2, 5, 6],
        hint: "How many additions were made, and how many are in the counter?",
        checks: &[
            Check::each(
                "three-increments",
                &["three-increments"],
                exploring::three_add_up,
            ),
            Check::each("load", &["load"], load::adds_up),
        ],
    },
    Clause {
        number: 8,
        tier: Tier::Stretch,
        promise: "killed anywhere, the old value or the new",
        points: 5,
        after: &[2, 5],
        hint: "What is left behind by a process that is killed, and who clears it away?",
        checks: &[Check::each("killed", &["killed"], exploring::survives)],
    },
    Clause {
        number: 9,
        tier: Tier::Stretch,
        promise: "init cuts neither the file nor an addition",
        points: 5,
        after: &[1, 2, 5],
        hint: "Which length has the file at each moment of `init`, and who has it mapped meanwhile?",
        checks: &[
            Check::each("init-under", &["init-under"], stretch::never_cut),
            Check::each(
                "init-newborn",
                &["init-newborn"],
                stretch::newborn_never_cut,
            ),
            Check::each(
                "init-crossing",
                &["init-crossing"],
                crossing::before_or_after,
            ),
        ],
    },
    Clause {
        number: 10,
        tier: Tier::Stretch,
        promise: "the largest value stays",
        points: 5,
        after: &[2, 5],
        hint: "What does your addition do with 9223372036854775807, and when do you find out?",
        checks: &[
            Check::runs("full", &["full"], stretch::full),
            Check::each("last-room", &["last-room"], room::one_has_it),
            Check::each("no-room", &["no-room"], room::none_has_it),
            Check::each(
                "no-room-killed",
                &["no-room-killed"],
                room::stays_when_killed,
            ),
        ],
    },
    Clause {
        number: 11,
        tier: Tier::Stretch,
        promise: "which lock a close takes away",
        points: 5,
        after: &[],
        hint: "Which descriptors of the file does the process have, which of them has it closed, and what does the kernel answer to another process at each line?",
        checks: &[
            Check::each("locks", &["locks"], locking::told),
            Check::runs("locks-refused", &["locks-refused"], rules::refused),
        ],
    },
];
