//! How the processes of a scenario ended, and which endings are trouble by themselves.

use crate::evidence::ending::{Actor, Ending, Fault};
use crate::evidence::trace::{Event, Stream, What};
use crate::evidence::{Facet, Observation};
use crate::verdict::{Exhibit, Finding, Ruling, Spot};

use super::finding::broken;
use super::trace::is_inside;
use super::{asked, exhibit};

/// The status of a Rust program that panicked.
const PANICKED: i32 = 101;

/// Trouble that an ending shows, whatever was promised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// A `todo!` was reached, one of the stub or another.
    NotWritten {
        /// The step's number, if it is one of the stub.
        step: Option<u32>,
        /// `path:line`.
        place: String,
    },
    /// A generic mistake, by its code.
    Mistake {
        /// The code.
        code: &'static str,
        /// What was seen, in words.
        observed: String,
        /// What to show.
        exhibit: Option<Exhibit>,
    },
}

/// The first trouble that an actor's ending shows.
pub fn trouble(obs: &Observation) -> Option<Trouble> {
    obs.evidence.actors.iter().find_map(|actor| {
        let code = match &actor.ending {
            Ending::Exited { code: PANICKED } => {
                let (place, message) = panic(actor)?;
                return Some(not_written(&place, &message).unwrap_or_else(|| panicked(actor)));
            }
            Ending::Killed { signal, .. } if signal == "SIGABRT" && panic(actor).is_some() => {
                return Some(panicked(actor));
            }
            Ending::Killed { fault, .. } if past_end(obs, fault.as_ref()).is_some() => {
                "store-past-end"
            }
            Ending::Killed { .. } => "killed",
            Ending::TooMuchCpu { .. } | Ending::Stuck { .. } | Ending::TooLong { .. } => {
                "timed-out"
            }
            Ending::Flooded { .. } => "flooded",
            Ending::TooManyProcesses { .. } => "too-many-processes",
            Ending::TooManyCalls { .. } => "too-many-calls",
            Ending::TooMuchContent { .. } | Ending::TooMuchChange { .. } => "too-much-content",
            Ending::NotStarted { .. } => "not-started",
            // Of these, the rule that reads the exploration speaks.
            Ending::Deadlocked { .. } | Ending::Spinning { .. } | Ending::TooManySteps { .. } => {
                return None;
            }
            Ending::Exited { .. } | Ending::Stopped { .. } | Ending::NeverDue => return None,
        };
        Some(Trouble::Mistake {
            code,
            observed: words(obs, actor),
            exhibit: None,
        })
    })
}

/// Place and message of the first panic on standard error.
fn panic(actor: &Actor) -> Option<(String, String)> {
    let text = actor.stderr.text();
    let (_, rest) = text.split_once(" panicked at ")?;
    let (place, rest) = rest.split_once('\n')?;
    let place = place.trim_end_matches(':');
    // Without the column, which nobody needs.
    let place = place.rsplit_once(':').map_or(place, |(line, _)| line);
    let message = rest.lines().next().unwrap_or_default();
    Some((place.to_owned(), message.to_owned()))
}

/// What `todo!` and `unimplemented!` say, before the words that they are given.
const UNWRITTEN: [&str; 2] = ["not yet implemented", "not implemented"];

/// Whether a panic is a `todo!`, or an `unimplemented!`, in the sources of a workspace: those of
/// the standard library and of other crates have an absolute path.
fn panic_words(place: &str, message: &str) -> String {
    let file = place.rsplit_once(':').map_or(place, |(file, _)| file);
    let given = match file.ends_with("given.rs") {
        true => ", in given code, which checks what your code passes to it",
        false => "",
    };
    format!("the program panicked at {place}{given}: {message}")
}

fn not_written(place: &str, message: &str) -> Option<Trouble> {
    let (path, _) = place.rsplit_once(':')?;
    let rest = UNWRITTEN
        .iter()
        .find_map(|said| message.strip_prefix(said))?;
    if path.starts_with('/') || !(rest.is_empty() || rest.starts_with(": ")) {
        return None;
    }
    let step = rest
        .strip_prefix(": step ")
        .filter(|_| path.ends_with("lib.rs"));
    let digits = |step: &str| step.chars().take_while(char::is_ascii_digit).collect();
    let step: Option<String> = step.map(digits);
    Some(Trouble::NotWritten {
        step: step.and_then(|digits| digits.parse().ok()),
        place: place.to_owned(),
    })
}

fn panicked(actor: &Actor) -> Trouble {
    let (place, message) = panic(actor).unwrap_or_default();
    Trouble::Mistake {
        code: "panicked",
        observed: panic_words(&place, &message),
        exhibit: Some(exhibit::lines("standard error", None, actor.stderr.text())),
    }
}

/// The file and its length, if a fault touched a byte behind its end.
fn past_end<'a>(obs: &'a Observation, fault: Option<&Fault>) -> Option<(&'a str, u64)> {
    let within = fault?.within.as_ref()?;
    let found = obs.evidence.files.iter().find_map(|story| {
        let state = story.after.as_ref().or(story.before.as_ref())?;
        let same = story.name == within.path || (state.inode == within.inode && within.inode != 0);
        same.then_some((story.name.as_str(), state.length))
    });
    found.filter(|(_, length)| within.offset >= *length)
}

/// How an actor ended, in words.
pub fn words(obs: &Observation, actor: &Actor) -> String {
    match &actor.ending {
        Ending::Exited { code: PANICKED } if panic(actor).is_some() => {
            let (place, message) = panic(actor).unwrap_or_default();
            panic_words(&place, &message)
        }
        Ending::Exited { code } => format!("the exit status is {code}"),
        Ending::Killed { signal, fault } => {
            let place = match (past_end(obs, fault.as_ref()), fault) {
                (
                    Some((name, length)),
                    Some(Fault {
                        within: Some(at), ..
                    }),
                ) => format!(
                    ": it touched byte {} of `{name}`, which is {} long",
                    at.offset,
                    exhibit::size(length)
                ),
                (
                    None,
                    Some(Fault {
                        within: Some(at), ..
                    }),
                ) => format!(
                    ": it touched offset {} of `{}`, which is mapped with {}",
                    at.offset,
                    at.path,
                    asked::flags_shown(&at.permissions)
                ),
                (_, Some(_)) => ": it touched an address at which nothing is mapped".to_owned(),
                (_, None) if signal == "SIGSYS" => ": it made a system call that is not native to \
                    this machine, such as one by `int 0x80`, and such calls are refused"
                    .to_owned(),
                (_, None) => String::new(),
            };
            format!("{signal} killed the program{place}")
        }
        Ending::TooMuchCpu { limit_s } => {
            format!("it used more than {limit_s} s of processor time")
        }
        Ending::Stuck { idle_ms, call } => {
            let call = call
                .as_ref()
                .map_or(String::new(), |call| format!(", in `{call}`"));
            format!("it stood still for {idle_ms} ms{call}, and nothing would wake it")
        }
        Ending::TooLong { limit_s } => format!("it was still running after {limit_s} s"),
        Ending::Flooded { limit } => format!("it wrote more than {}", exhibit::size(*limit)),
        Ending::TooManyProcesses { limit } => format!("it started more than {limit} processes"),
        Ending::TooManyCalls { limit } => {
            format!("it asked the kernel for files and memory more than {limit} times")
        }
        Ending::TooMuchContent { limit } => format!(
            "the files in its folder held more than {} in all",
            exhibit::size(*limit)
        ),
        Ending::TooMuchChange { limit } => format!(
            "its files were changed again and again, by more than {} in all",
            exhibit::size(*limit)
        ),
        Ending::Stopped { rule } => format!("the checker ended it, by its rule `{rule}`"),
        Ending::NotStarted { reason } => format!("it could not be started: {reason}"),
        Ending::NeverDue => "it was never started".to_owned(),
        Ending::Deadlocked { call } => {
            format!("it waited in `{call}` for something that no other process would bring")
        }
        Ending::Spinning { looks } => {
            format!("it tried {looks} times, and no other process would change anything any more")
        }
        Ending::TooManySteps { limit } => format!("it was not done after {limit} steps"),
    }
}

/// The subject ended by itself with this status, and left nothing running.
pub fn exits(obs: &Observation, code: i32) -> Ruling {
    exits_of(obs, 0, code)
}

/// An actor ended by itself with this status, and nothing is left running.
pub fn exits_of(obs: &Observation, n: usize, code: i32) -> Ruling {
    let actor = &obs.evidence.actors[n];
    let expected = format!("exit status {code}");
    if actor.ending != (Ending::Exited { code }) {
        let show = (actor.stderr.total > 0)
            .then(|| exhibit::lines("standard error", None, actor.stderr.text()));
        return broken(expected, words(obs, actor))
            .at(Spot::Ending)
            .show_some(show)
            .fail();
    }
    if let Some(index) = outlives(obs, n) {
        return broken(
            format!("{expected}, and nothing of the program still running"),
            "after its end a process that it had started went on working",
        )
        .at(Spot::Event { index })
        .show(exhibit::calls(obs, index, &[]))
        .code("leftover-processes")
        .fail();
    }
    if let Some(name) = obs.evidence.leftovers.first() {
        return broken(
            format!("{expected}, and nothing of the program still running"),
            format!("`{name}` was still running"),
        )
        .code("leftover-processes")
        .fail();
    }
    Ok(())
}

/// The first call on a file of the scenario, or on standard output, that a process of an actor made
/// after the end of the one that was started.
fn outlives(obs: &Observation, actor: usize) -> Option<usize> {
    let Facet::Seen(events) = &obs.evidence.trace else {
        return None;
    };
    let own = |event: &&Event| event.actor == actor;
    let is_end =
        |event: &Event| event.process == 0 && matches!(event.what, What::Leaving | What::Ended);
    let end = events
        .iter()
        .position(|event| own(&event) && is_end(event))?;
    let works = |event: &Event| match &event.what {
        What::Call(call) => {
            let mut files = call.file.iter().chain(&call.other);
            call.is(&["msync"])
                || files.any(|file| is_inside(file) || file.stream == Some(Stream::Stdout))
        }
        _ => false,
    };
    let later = events.iter().enumerate().skip(end);
    let mut later = later.filter(|(_, event)| own(event) && works(event));
    later.next().map(|(index, _)| index)
}

/// No signal killed the subject, however far it came and with whichever status it ended.
pub fn survives(obs: &Observation) -> Ruling {
    let actor = &obs.evidence.actors[0];
    match actor.ending {
        Ending::Killed { .. } => broken("the program ends by itself", words(obs, actor))
            .at(Spot::Ending)
            .fail(),
        _ => Ok(()),
    }
}

/// The subject never had more than so many MiB of memory resident. `code` is the mistake's in the
/// lab at hand, if it has a name there.
pub fn resident_at_most(obs: &Observation, mib: u64, code: Option<&'static str>) -> Ruling {
    let peak = obs.evidence.actors[0].peak_rss_kib;
    if peak <= mib << 10 {
        return Ok(());
    }
    let seen = broken(
        format!("never more than {mib} MiB of memory resident"),
        format!("there were {} MiB", peak >> 10),
    )
    .at(Spot::Ending);
    match code {
        Some(code) => seen.code(code).fail(),
        None => seen.fail(),
    }
}

/// The subject was not stopped short by a `todo!` of the stub. For clauses that a program which
/// does nothing would keep.
pub fn is_written(obs: &Observation) -> Ruling {
    match trouble(obs) {
        Some(Trouble::NotWritten { step, place }) => Err(Finding::NotWritten { step, place }),
        _ => Ok(()),
    }
}

/// Whether every actor ended by itself or was ended on purpose: only then does what is missing in
/// the evidence say something about the program.
pub fn is_clean(obs: &Observation) -> bool {
    trouble(obs).is_none()
}

/// One line on standard error, with one of these words in it.
pub fn complains(obs: &Observation, words: &[&str]) -> Ruling {
    let text = obs.evidence.actors[0].stderr.text();
    if words.iter().any(|word| text.contains(word)) {
        let lines = text.trim_end().lines().count();
        if lines == 1 {
            return Ok(());
        }
        return broken(
            "an error is one line on standard error",
            format!("there are {lines} lines"),
        )
        .at(Spot::Line {
            stream: Stream::Stderr,
            number: 2,
        })
        .show(exhibit::lines("standard error", None, text))
        .fail();
    }
    let names: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    let seen = match text.is_empty() {
        true => "standard error is empty",
        false => "it does not contain that",
    };
    broken(
        format!(
            "an error on standard error that contains {}",
            names.join(" or ")
        ),
        seen,
    )
    .at(Spot::Line {
        stream: Stream::Stderr,
        number: 1,
    })
    .show(exhibit::lines("standard error", None, text))
    .fail()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::ending::FaultPlace;
    use crate::rule::made;

    fn ended(code: i32, stderr: &str) -> Observation {
        made::observation(made::scenario(&["f"]))
            .complain(stderr)
            .ends(Ending::Exited { code })
            .done()
    }

    const TODO: &str = "\nthread 'main' (7) panicked at labs/lab3-copy/src/lib.rs:31:5:\n\
        not yet implemented: step 2: map the source\nnote: run with\n";

    #[test]
    fn a_todo_of_the_stub_is_not_a_panic() {
        let expected = Trouble::NotWritten {
            step: Some(2),
            place: "labs/lab3-copy/src/lib.rs:31".to_owned(),
        };
        assert_eq!(trouble(&ended(101, TODO)), Some(expected));
        assert!(is_written(&ended(101, TODO)).is_err());
        assert!(is_written(&ended(1, TODO)).is_ok());
    }

    #[test]
    fn a_todo_of_ones_own_is_not_a_panic_either() {
        let told = |place: &str, said: &str| {
            let text = format!("\nthread 'main' (7) panicked at {place}:31:5:\n{said}\n");
            match trouble(&ended(101, &text)) {
                Some(Trouble::NotWritten { step, place }) => format!("{step:?} {place}"),
                other => format!("{:?}", other.is_some()),
            }
        };
        let lib = "labs/lab3-copy/src/lib.rs";
        for said in [
            "not yet implemented: look",
            "not yet implemented",
            "not yet implemented: step by step",
            "not implemented: links",
        ] {
            assert_eq!(told(lib, said), format!("None {lib}:31"), "{said}");
        }
        let other = "labs/lab3-copy/src/windows.rs";
        assert_eq!(
            told(other, "not yet implemented: step 2"),
            format!("None {other}:31")
        );
        assert_eq!(told(lib, "not yet implementable"), "true");
        assert_eq!(told(lib, "it is not yet implemented"), "true");
        assert_eq!(
            told("/rustc/1/library/std/src/x.rs", "not yet implemented"),
            "true"
        );
    }

    #[test]
    fn a_panic_is_told_with_place_and_message() {
        let text = "\nthread 'main' panicked at src/lib.rs:3:9:\nindex out of bounds\n";
        let Some(Trouble::Mistake { code, observed, .. }) = trouble(&ended(101, text)) else {
            panic!("it is trouble");
        };
        assert_eq!(code, "panicked");
        assert_eq!(
            observed,
            "the program panicked at src/lib.rs:3: index out of bounds"
        );
        assert_eq!(trouble(&ended(101, "no panic at all")), None);
    }

    #[test]
    fn work_after_the_end_is_seen() {
        let run = |first: What| {
            let obs = made::observation(made::scenario(&["f"]))
                .print("size: 1\n")
                .msync(0x1000, 1, "MS_SYNC", 0)
                .with(|obs| {
                    let Facet::Seen(events) = &mut obs.evidence.trace else {
                        panic!("it was seen");
                    };
                    events[0].what = first;
                    events[1].process = 1;
                })
                .done();
            exits(&obs, 0)
        };
        assert_eq!(run(What::Thread), Ok(()));
        assert!(run(What::Leaving).is_err());
        assert!(run(What::Ended).is_err());
    }

    #[test]
    fn a_bus_error_behind_the_end_says_which_byte() {
        let within = |offset| FaultPlace {
            path: "f".to_owned(),
            inode: 10,
            offset,
            permissions: "rw-s".to_owned(),
        };
        let killed = |offset| {
            let fault = Fault {
                address: 0x1000,
                code: "BUS_ADRERR".to_owned(),
                within: Some(within(offset)),
            };
            let ending = Ending::Killed {
                signal: "SIGBUS".to_owned(),
                fault: Some(fault),
            };
            made::observation(made::scenario(&["f"]))
                .ends(ending)
                .done()
        };
        let code = |obs: &Observation| match trouble(obs) {
            Some(Trouble::Mistake { code, observed, .. }) => (code, observed),
            other => panic!("{other:?}"),
        };
        let (past, words) = code(&killed(4096));
        assert_eq!(past, "store-past-end");
        assert!(
            words.contains("byte 4096 of `f`, which is 1 byte long"),
            "{words}"
        );
        assert_eq!(code(&killed(0)).0, "killed");
    }
}
