//! What decides the clauses of lab 3, all but the atomic one.

use crate::evidence::Observation;
use crate::evidence::ending::Ending;
use crate::evidence::errno;
use crate::evidence::trace::{Mmap, O_ACCMODE, O_RDWR, O_WRONLY, Open};
use crate::rule::mapping::{of_file, replay};
use crate::rule::moved::{self, Way};
use crate::rule::trace::{Step, calls, target};
use crate::rule::{asked, ending, exhibit, facts, file, finding::broken, moment, refusal};
use crate::verdict::{Finding, Ruling, Spot};

use super::{destination, mistakes, source};

/// The bits that a file does not get, whatever open asks for.
const UMASK: u32 = 0o022;

/// The source cannot be copied: an error with its name, nothing done.
pub fn bad_source(obs: &Observation) -> Ruling {
    refusal::of(obs, &[source(obs)])
}

/// The destination cannot be written: an error with its name, nothing done.
pub fn bad_destination(obs: &Observation) -> Ruling {
    refused(obs, &[destination(obs)])
}

/// An error with one of these names, exit status 1, nothing done, and no word of a copy.
pub fn refused(obs: &Observation, names: &[&str]) -> Ruling {
    refusal::silent_or_not(obs, names)?;
    never_says_copied(obs)
}

/// A copy that failed has not printed `copied`.
pub fn never_says_copied(obs: &Observation) -> Ruling {
    match facts::lacks(obs, "copied:") {
        Err(Finding::Broken(mut diagnosis, _)) => {
            diagnosis.expected = "a copy that fails never prints `copied`".to_owned();
            Err(Finding::Broken(diagnosis, Some("copied-before-done")))
        }
        other => other,
    }
}

/// Source and destination are one file: an error with either name, nothing done.
pub fn same_file(obs: &Observation) -> Ruling {
    let name = source(obs);
    let refused = match obs.evidence.actors[0].ending {
        Ending::Exited { code: 0 } => broken(
            match destination(obs) {
                to if to == name => {
                    format!("exit status 1 and an error: `{name}` is not copied onto itself")
                }
                to => format!("exit status 1 and an error: `{name}` and `{to}` are the same file"),
            },
            match facts::lacks(obs, "copied:") {
                Ok(()) => "exit status 0",
                Err(_) => "the copy was made, exit status 0",
            },
        )
        .show(exhibit::lines(
            "standard output",
            None,
            obs.evidence.actors[0].stdout.text(),
        ))
        .fail(),
        _ => refused(obs, &[name, destination(obs)]),
    };
    let was = file::old_bytes(obs, name);
    // Whatever is wrong, lost bytes are what matters.
    match file::has_bytes(obs, name, &was) {
        Err(Finding::Broken(mut diagnosis, code)) => {
            diagnosis.expected = format!("`{name}` has the bytes that it had before");
            Err(Finding::Broken(diagnosis, code))
        }
        _ => refused,
    }
}

/// Clause 1.
pub fn source_mapping(obs: &Observation) -> Ruling {
    let name = source(obs);
    file::unchanged(obs, name)?;
    let mappings = of_file(obs, &target(obs, name))?;
    if let Some(writable) = mappings.iter().find(|m| m.is_writable()) {
        let index = event_of_right(obs, name, writable.made);
        return broken(
            format!("every mapping of `{name}` is without PROT_WRITE"),
            "one was given PROT_WRITE",
        )
        .at(Spot::Event { index })
        .show(exhibit::calls(obs, index, &["PROT_WRITE"]))
        .code("source-writable")
        .fail();
    }
    if mappings.is_empty() {
        let expected = format!("`{name}` is mapped");
        return asked::nothing_mapped(obs, &target(obs, name), expected);
    }
    Ok(())
}

/// The event that gave a mapping of a file its right to write: the mmap, or an mprotect later.
fn event_of_right(obs: &Observation, name: &str, made: usize) -> usize {
    let file = target(obs, name);
    let mut at = None;
    let walked = replay(obs, |index, _, mappings| {
        if at.is_none() && mappings.iter().any(|m| file.has(m.id) && m.is_writable()) {
            at = Some(index);
        }
    });
    walked.ok().and(at).unwrap_or(made)
}

/// Clause 2.
pub fn destination_mapping(obs: &Observation) -> Ruling {
    let name = destination(obs);
    let to = target(obs, name);
    let steps = calls(obs)?;
    let opens: Vec<(&Step<'_>, Open<'_>)> = steps
        .iter()
        .filter(|step| to.in_call(step.call))
        .filter_map(|step| Some((step, Open::of(step.call)?)))
        .collect();
    let read_write = |open: &Open<'_>| open.flags & O_ACCMODE == O_RDWR && open.call.succeeded();
    if !opens.iter().any(|(_, open)| read_write(open)) {
        let expected = format!("`{name}` is opened for reading and writing, O_RDWR");
        return match opens.last() {
            None => broken(expected, "it was never opened")
                .at(Spot::Missing)
                .show_some(exhibit::last_calls(obs, 0)),
            Some((step, open)) => broken(expected, opened_otherwise(open))
                .at(Spot::Event { index: step.index })
                .show(exhibit::calls(
                    obs,
                    step.index,
                    &["O_WRONLY", "O_RDONLY", exhibit::ANSWER],
                )),
        }
        .fail();
    }
    let mappings = of_file(obs, &to)?;
    if !mappings.iter().any(|m| m.reaches_the_file()) {
        let expected = format!("`{name}` is mapped with PROT_WRITE and MAP_SHARED");
        let tried = steps
            .iter()
            .rev()
            .find(|s| s.call.is(&["mmap"]) && to.in_call(s.call));
        return match tried {
            None => broken(expected, "no mapping of it was made")
                .at(Spot::Missing)
                .show_some(exhibit::last_calls(obs, 0)),
            Some(step) => {
                let map = Mmap::of(step.call);
                let words: &[&str] = match map {
                    _ if step.call.errno().is_some() => &[exhibit::ANSWER],
                    Some(map) if !map.is_shared() => &["MAP_PRIVATE"],
                    _ => &["PROT_READ", "PROT_NONE"],
                };
                let seen = match map {
                    Some(map) if step.call.errno().is_none() => {
                        let flags = asked::flags(map.prot, map.is_shared());
                        format!("it was mapped with {flags}")
                    }
                    _ => asked::refusal(obs, step),
                };
                broken(expected, seen)
                    .at(Spot::Event { index: step.index })
                    .show(exhibit::calls(obs, step.index, words))
            }
        }
        .fail();
    }
    let length = file::old_bytes(obs, source(obs)).len() as u64;
    let is = file::after(obs, name).map_or(0, |state| state.length);
    if is != length {
        return broken(
            format!(
                "`{name}` is given the length of `{}`, {}",
                source(obs),
                exhibit::size(length)
            ),
            format!("it is {} long", exhibit::size(is)),
        )
        .at(file::spot(name))
        .show_some(exhibit::last_calls(obs, 0))
        .fail();
    }
    file::keeps_identity(obs, name)?;
    match file::before(obs, name) {
        Some(was) => file::has_mode(obs, name, was.mode),
        None => Ok(()),
    }
}

/// How the destination was opened, if not for reading and writing with success.
fn opened_otherwise(open: &Open<'_>) -> String {
    let access = match open.flags & O_ACCMODE {
        O_RDWR => "O_RDWR",
        O_WRONLY => "O_WRONLY, for writing alone",
        _ => "O_RDONLY, for reading alone",
    };
    match open.call.errno() {
        Some(errno) => format!("`{}` answered {}", open.call.name, errno::name(errno)),
        None => format!("it was opened {access}"),
    }
}

/// The destination is a file of its own and has the bytes of the source, the facts say so, exit
/// status 0.
pub fn copied(obs: &Observation) -> Ruling {
    let bytes = file::old_bytes(obs, source(obs));
    is_a_file_of_its_own(obs)?;
    file::has_bytes(obs, destination(obs), &bytes)?;
    facts_of(obs, bytes.len() as u64)?;
    ending::exits(obs, 0)
}

fn is_a_file_of_its_own(obs: &Observation) -> Ruling {
    let (from, to) = (source(obs), destination(obs));
    match (file::after(obs, from), file::after(obs, to)) {
        (Some(a), Some(b)) if a.is_same_file(b) => broken(
            format!("`{to}` is a file of its own, with its own inode"),
            format!("it is another name of `{from}`"),
        )
        .at(file::spot(to))
        .show_some(exhibit::last_calls(obs, 0))
        .code("linked-not-copied")
        .fail(),
        _ => Ok(()),
    }
}

/// The facts of a copy of so many bytes.
pub fn facts_of(obs: &Observation, length: u64) -> Ruling {
    facts::are(
        obs,
        &[("size", length.to_string()), ("copied", length.to_string())],
    )
}

/// Clause 3.
pub fn bytes_arrive(obs: &Observation) -> Ruling {
    let code = mistakes::of_moving(obs);
    for name in [source(obs), destination(obs)] {
        match moved::none(obs, &target(obs, name), Way::Either, code) {
            // What the files and the output say can be told without a trace.
            Err(Finding::Unobservable(reason)) => {
                return copied(obs).and(Err(Finding::Unobservable(reason)));
            }
            other => other?,
        }
    }
    copied(obs)
}

/// `copied` is printed after all bytes are in place.
pub fn said_when_done(obs: &Observation) -> Ruling {
    let at = moment::first(obs, "copied", "`copied` is printed")?;
    let bytes = file::old_bytes(obs, source(obs));
    moment::file_has(
        obs,
        at,
        destination(obs),
        &bytes,
        "when `copied` is printed",
    )
}

/// Clause 5.
pub fn empty_source(obs: &Observation) -> Ruling {
    file::has_bytes(obs, destination(obs), b"")?;
    facts_of(obs, 0)?;
    ending::exits(obs, 0)
}

/// Clause 10.
pub fn full_disk(obs: &Observation) -> Ruling {
    let name = destination(obs);
    ending::exits(obs, 1)?;
    match (file::before(obs, name), file::after(obs, name)) {
        (Some(was), Some(is)) if was.length != is.length => {
            let (was, is) = (exhibit::size(was.length), exhibit::size(is.length));
            return broken(
                format!("`{name}` has its old length, {was}"),
                format!("it is {is} long"),
            )
            .at(file::spot(name))
            .show_some(exhibit::last_calls(obs, 0))
            .code("half-file-left")
            .fail();
        }
        (Some(_), None) => {
            return broken(format!("`{name}` is still there"), "it is gone")
                .at(file::spot(name))
                .fail();
        }
        _ => {}
    }
    let is_new =
        |story: &&crate::evidence::file::FileStory| story.before.is_none() && story.after.is_some();
    if let Some(story) = obs.evidence.files.iter().find(is_new) {
        return broken(
            "no new file is left behind",
            format!("`{}` was", story.name),
        )
        .at(file::spot(&story.name))
        .show_some(exhibit::last_calls(obs, 0))
        .code("half-file-left")
        .fail();
    }
    file::unchanged(obs, source(obs))?;
    ending::complains(obs, &[name])?;
    never_says_copied(obs)
}

/// Clause 10. The destination is another file, on another disk, with the same inode number.
pub fn on_another_disk(obs: &Observation) -> Ruling {
    let states = [source(obs), destination(obs)].map(|name| file::before(obs, name));
    let [Some(from), Some(to)] = states else {
        return copied(obs);
    };
    if from.inode != to.inode || from.device == to.device {
        let reason = "two disks number their files differently on this machine";
        return copied(obs).and(Err(Finding::Unobservable(reason.to_owned())));
    }
    match copied(obs) {
        Err(Finding::Broken(mut diagnosis, code)) => {
            let words = "; the two files have the same inode number, on two disks";
            diagnosis.observed += words;
            Err(Finding::Broken(diagnosis, code))
        }
        other => other,
    }
}

/// Clause 12. Any end but success will do, if it is one: not a `todo!` before it mattered.
pub fn shrinks(obs: &Observation) -> Ruling {
    ending::is_written(obs)?;
    let mapped = !of_file(obs, &target(obs, source(obs)))?.is_empty();
    if !mapped {
        return broken(
            format!("`{}` is mapped", source(obs)),
            "no mapping of it was made",
        )
        .at(Spot::Missing)
        .fail();
    }
    if obs.evidence.actors[0].ending != (Ending::Exited { code: 0 }) {
        return never_says_copied(obs);
    }
    broken(
        "the exit status is not 0, since the source was cut while it was copied",
        "the program says that all was done",
    )
    .at(Spot::Ending)
    .show(exhibit::lines(
        "standard output",
        None,
        obs.evidence.actors[0].stdout.text(),
    ))
    .code("shrunk-unnoticed")
    .fail()
}

/// Clause 13.
pub fn takes_mode(obs: &Observation) -> Ruling {
    let mode = file::before(obs, source(obs)).map_or(0, |state| state.mode);
    copied(obs)?;
    file::has_mode(obs, destination(obs), mode & !UMASK)
}
