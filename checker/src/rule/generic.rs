//! The mistakes that every lab knows.

use crate::evidence::Observation;
use crate::evidence::ending::{Actor, Ending};
use crate::lab::Mistake;
use crate::verdict::{Ruling, Spot};

use super::finding::broken;
use super::trace::{Step, calls_seen};
use super::{clue, ending, exhibit};

/// Known to every lab; a lab's own mistake of the same code comes first. None is looked for by
/// itself: an ending shows it, or a rule names it.
pub static MISTAKES: &[Mistake] = &[
    mistake(
        "panicked",
        "A panic is for a bug in the program; what the outside world does wrong is an error with a name and a status.",
        "What did the line believe that panicked, and what should the program do when it is not so?",
    ),
    mistake(
        "store-past-end",
        "A mapping may be longer than its file, but only the pages that hold a byte of the file can be touched. Beyond them the kernel answers with SIGBUS.",
        "How long is the file at the moment of the access, and how long is what you touch?",
    ),
    mistake(
        "killed",
        "A signal ended the program in the middle of its work.",
        "Which signal is it, and who sends it? If memory was touched: which mapping is there, with which rights?",
    ),
    mistake(
        "timed-out",
        "The program did not come to its end, and the checker stopped it.",
        "What is it waiting for, or which loop does not end, or goes through more bytes than it has to?",
    ),
    mistake(
        "flooded",
        "The program wrote more than anyone would read.",
        "Which loop prints, and what should end it?",
    ),
    mistake(
        "too-many-processes",
        "The program started more processes than it may have at once.",
        "Which process is meant to start others, and does its child run the same lines?",
    ),
    mistake(
        "too-many-calls",
        "The program asks the kernel for files and memory again and again, far more often than the work needs.",
        "Which loop makes the call, and how much does one round of it get done?",
    ),
    mistake(
        "too-much-content",
        "The program fills its folder with far more bytes than the work needs.",
        "Which files does the contract name, and how long is each of them at the end?",
    ),
    mistake(
        "not-started",
        "The kernel could not start the program at all.",
        "Is it an executable file for this machine?",
    ),
    mistake(
        "leftover-processes",
        "A process that the program had started was still there after its end.",
        "Who waits for it?",
    ),
    mistake(
        "stray-line",
        "Standard output is for the facts of the contract alone.",
        "Where do you print that line, and would standard error (`eprintln!`) do?",
    ),
    mistake(
        "watching-the-watcher",
        "The program asks whether it is being watched, or behaves otherwise when it is. A copy, a store, a sync is the same for every onlooker.",
        "What would the program do if it could not know?",
    ),
];

const fn mistake(code: &'static str, says: &'static str, hint: &'static str) -> Mistake {
    Mistake {
        code,
        says,
        hint,
        section: "contracts.md",
        clauses: &[],
        recognise: clue::nothing,
    }
}

/// The files were not too much to be looked at: of one that was, no rule can say anything.
pub fn was_looked_at(obs: &Observation) -> Ruling {
    let too_much = |actor: &&Actor| {
        matches!(
            actor.ending,
            Ending::TooMuchContent { .. } | Ending::TooMuchChange { .. }
        )
    };
    match obs.evidence.actors.iter().find(too_much) {
        None => Ok(()),
        Some(actor) => broken(
            "the program leaves what the contract names",
            ending::words(obs, actor),
        )
        .within(obs)
        .at(Spot::Ending)
        .fail(),
    }
}

/// No run was ended because it went on without end: of one that was, only the beginning was seen,
/// and what is not in it may have come later.
pub fn was_seen_to_its_end(obs: &Observation) -> Ruling {
    let cut_short = |actor: &&Actor| {
        matches!(
            actor.ending,
            Ending::Flooded { .. } | Ending::TooManyProcesses { .. } | Ending::TooManyCalls { .. }
        )
    };
    match obs.evidence.actors.iter().find(cut_short) {
        None => Ok(()),
        Some(actor) => broken(
            "the program comes to its end by itself",
            ending::words(obs, actor),
        )
        .within(obs)
        .at(Spot::Ending)
        .fail(),
    }
}

/// No process looked for its tracer.
pub fn does_not_look_back(obs: &Observation) -> Ruling {
    let all = calls_seen(obs);
    let Some(step) = all.iter().find(looks_back) else {
        return Ok(());
    };
    broken(
        "the program does its work without asking who watches",
        match step.call.name.as_str() {
            "ptrace" => "it called ptrace",
            _ => "it opened a `status` file in /proc, which names the tracer",
        },
    )
    .within(obs)
    .at(Spot::Event { index: step.index })
    .show(exhibit::calls(obs, step.index, &["status"]))
    .code("watching-the-watcher")
    .fail()
}

fn looks_back(step: &&Step<'_>) -> bool {
    let is_status = |path: &str| path.starts_with("/proc/") && path.ends_with("/status");
    step.call.is(&["ptrace"])
        || step.call.is(&["open", "openat", "openat2"])
            && step
                .call
                .file
                .as_ref()
                .is_some_and(|file| is_status(&file.path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::made;

    #[test]
    fn a_run_that_was_cut_short_was_not_seen_to_its_end() {
        let ended = |ending: Ending| {
            let made = made::observation(made::scenario(&["f"])).ends(ending);
            was_seen_to_its_end(&made.done())
        };
        assert_eq!(ended(Ending::Exited { code: 0 }), Ok(()));
        assert!(ended(Ending::Flooded { limit: 1 }).is_err());
        assert!(ended(Ending::TooManyCalls { limit: 1 }).is_err());
        assert!(ended(Ending::TooManyProcesses { limit: 1 }).is_err());
    }
}
