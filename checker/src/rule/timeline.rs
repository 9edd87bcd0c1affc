//! One order of steps, as it is told: who read and wrote what, and which update was lost.

use crate::evidence::Observation;
use crate::evidence::bytes::Bytes;
use crate::evidence::errno;
use crate::evidence::exploration::{Deed, Outcome, SharedPlace, Step};
use crate::evidence::schedule::LETTERS;
use crate::verdict::{Exhibit, TimelineStep};

/// An update that was lost: a process read, another wrote, and the first wrote over it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lost {
    /// Index of the step that read.
    pub read: usize,
    /// Index of the first step after it that wrote, of another process.
    pub update: usize,
    /// Index of the step that wrote over it.
    pub over: usize,
}

/// The first update of these bytes that was lost, if one was.
pub fn lost(steps: &[Step], file: &str, offset: u64) -> Option<Lost> {
    let is_there = |at: &SharedPlace| at.file == file && at.offset == offset;
    let writes = |step: &Step| match &step.deed {
        Deed::Store { at, before, after } | Deed::Atomic { at, before, after } => {
            is_there(at) && before != after
        }
        _ => false,
    };
    // An exchange writes whatever was there before.
    let exchanges = |step: &Step| {
        let place = step.place.as_ref();
        place.is_some_and(|place| place.instruction.starts_with("xchg "))
    };
    let stores = steps
        .iter()
        .enumerate()
        .filter(|(_, step)| match &step.deed {
            Deed::Store { at, .. } => is_there(at),
            Deed::Atomic { at, .. } => is_there(at) && exchanges(step),
            _ => false,
        });
    stores
        .filter_map(|(over, step)| {
            let mut earlier = steps[..over].iter();
            let read = earlier.rposition(|one| {
                one.task == step.task && matches!(&one.deed, Deed::Load { at, .. } if is_there(at))
            })?;
            let update = (read..over).find(|&n| steps[n].task != step.task && writes(&steps[n]))?;
            // What it wrote itself meanwhile, it has seen.
            let own = (update..over).any(|n| steps[n].task == step.task && writes(&steps[n]));
            (!own).then_some(Lost { read, update, over })
        })
        .next()
}

/// Whether a step is a compare-and-exchange that stored nothing: it found another value than the
/// process had seen last.
pub fn exchange_failed(steps: &[Step], at: usize) -> bool {
    let step = &steps[at];
    let place = step.place.as_ref();
    let Deed::Atomic {
        at: here,
        before,
        after,
    } = &step.deed
    else {
        return false;
    };
    if before != after || !place.is_some_and(|place| place.instruction.contains("cmpxchg")) {
        return false;
    }
    let seen = steps[..at].iter().rev().find_map(|one| match &one.deed {
        Deed::Load { at, bytes } if one.task == step.task && at == here => Some(bytes),
        Deed::Store { at, after, .. } | Deed::Atomic { at, after, .. }
            if one.task == step.task && at == here =>
        {
            Some(after)
        }
        _ => None,
    });
    seen != Some(before)
}

/// What a process is called: the letter that it has in schedules.
pub fn letter(task: usize) -> char {
    char::from(b'A' + task.min(LETTERS - 1) as u8)
}

/// The steps of an outcome. `number` is the file and offset of what it is about; `marked` is a step
/// to be marked, and what is to be said of it.
pub fn exhibit(
    obs: &Observation,
    outcome: &Outcome,
    about: (&str, u64),
    marked: Option<(usize, String)>,
) -> Exhibit {
    let steps = &outcome.steps;
    let tasks = steps.iter().map(|step| step.task + 1).max().unwrap_or(0);
    let tasks = tasks.max(obs.scenario.actors.len());
    // The files are told by the command line beside.
    let is_file = |word: &&String| obs.scenario.files.iter().any(|file| file.name == **word);
    let name = |task: usize| match obs.scenario.actors.get(task) {
        Some(actor) => {
            let words = actor.arguments.iter().filter(|word| !is_file(word));
            let words: Vec<&str> = words.map(String::as_str).collect();
            format!("{}: {}", letter(task), words.join(" "))
        }
        None => format!("{}: started by another", letter(task)),
    };
    let is_held_up = (0..outcome.actors.len()).any(|actor| outcome.waits_for_ever(actor));
    let is_new = |index: usize, step: &Step| {
        let mut before = steps[..index].iter();
        !before.any(|one| one.task == step.task && one.deed == step.deed)
    };
    let told = |(index, step): (usize, &Step)| {
        let note = marked.as_ref().filter(|(at, _)| *at == index);
        let line = step.place.as_ref().and_then(|place| place.line.as_ref());
        TimelineStep {
            process: step.task,
            number: index + 1,
            text: text(&step.deed, about),
            line: line.map(|line| format!("{}:{}", short(&line.file), line.line)),
            matters: note.is_some()
                || marked.is_none()
                || matters(&step.deed, about)
                || is_held_up && takes_a_lock(&step.deed) && is_new(index, step),
            note: note.map(|(_, words)| words.clone()),
        }
    };
    Exhibit::Timeline {
        processes: (0..tasks).map(name).collect(),
        steps: steps.iter().enumerate().map(told).collect(),
    }
}

/// Accesses elsewhere, to the words of a lock, and calls that prepare are told of only if there is
/// room.
fn matters(deed: &Deed, (file, offset): (&str, u64)) -> bool {
    const LOCKS: [&str; 3] = ["flock(", "fcntl(", "close("];
    match deed {
        Deed::Load { at, .. } | Deed::Store { at, .. } | Deed::Atomic { at, .. } => {
            at.file == file && at.offset == offset
        }
        Deed::Call { text, .. } => LOCKS.iter().any(|name| text.starts_with(name)),
        Deed::Waits { .. } | Deed::Killed => true,
    }
}

/// Whether a step may be one in which a lock is taken: it changes something beside what the others
/// look at, or makes a name.
fn takes_a_lock(deed: &Deed) -> bool {
    const NAMES: [&str; 5] = ["link", "mkdir", "rename", "symlink", "bind"];
    match deed {
        Deed::Store { before, after, .. } | Deed::Atomic { before, after, .. } => before != after,
        Deed::Call { text, .. } => {
            text.contains("O_EXCL") || NAMES.iter().any(|name| text.starts_with(name))
        }
        _ => false,
    }
}

fn text(deed: &Deed, (file, offset): (&str, u64)) -> String {
    let elsewhere = |at: &SharedPlace| {
        if at.file == file && at.offset == offset {
            String::new()
        } else if at.file == file {
            format!(" at byte {}", at.offset)
        } else {
            format!(" at byte {} of {}", at.offset, at.file)
        }
    };
    match deed {
        Deed::Load { at, bytes } => format!("reads {}{}", number(bytes), elsewhere(at)),
        Deed::Store { at, after, .. } => format!("writes {}{}", number(after), elsewhere(at)),
        Deed::Atomic { at, before, after } => {
            let (before, after) = (number(before), number(after));
            match before == after {
                true => format!("finds {before}, leaves it{}", elsewhere(at)),
                false => format!("changes {before} to {after}{}", elsewhere(at)),
            }
        }
        Deed::Call { text, result } if *result < 0 => {
            // What it came to says more than all of its arguments.
            let text = brief(text);
            let (name, arguments) = text.split_once('(').unwrap_or((&text, ")"));
            format!("{name} = {} ({arguments}", errno::name(-*result as i32))
        }
        Deed::Call { text, .. } => brief(text),
        Deed::Waits { text } => format!("waits: {}", brief(text)),
        Deed::Killed => "is killed".to_owned(),
    }
}

/// A call without the folder that says nothing, and without the names of files behind descriptors.
fn brief(text: &str) -> String {
    let text = text.replacen("AT_FDCWD, ", "", 1);
    match text
        .split_once('<')
        .map(|(head, rest)| (head, rest.split_once('>')))
    {
        Some((head, Some((_, tail)))) => format!("{head}{tail}"),
        _ => text,
    }
}

/// Bytes as a number, if they have the length of one.
pub fn number(bytes: &Bytes) -> String {
    let all = &bytes.0;
    match *all.as_slice() {
        [a] => (a as i8).to_string(),
        [a, b] => i16::from_le_bytes([a, b]).to_string(),
        [a, b, c, d] => i32::from_le_bytes([a, b, c, d]).to_string(),
        _ => match <[u8; 8]>::try_from(all.as_slice()) {
            Ok(eight) => i64::from_le_bytes(eight).to_string(),
            Err(_) => format!("{} bytes", all.len()),
        },
    }
}

/// A path without what is before the folder of the sources.
fn short(path: &str) -> &str {
    let from = path.rfind("/src/").map_or_else(|| path.rfind('/'), Some);
    from.map_or(path, |at| &path[at + 1..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(offset: u64) -> SharedPlace {
        SharedPlace {
            file: "f".to_owned(),
            offset,
        }
    }

    fn step(task: usize, deed: Deed) -> Step {
        Step {
            task,
            actor: task,
            deed,
            place: None,
        }
    }

    fn load(task: usize, value: u64) -> Step {
        let bytes = value.to_le_bytes().to_vec().into();
        step(task, Deed::Load { at: at(0), bytes })
    }

    fn store(task: usize, before: u64, after: u64) -> Step {
        let (before, after) = (before.to_le_bytes().to_vec(), after.to_le_bytes().to_vec());
        step(
            task,
            Deed::Store {
                at: at(0),
                before: before.into(),
                after: after.into(),
            },
        )
    }

    #[test]
    fn an_update_between_reading_and_writing_is_lost() {
        let steps = [load(0, 7), load(1, 7), store(1, 7, 8), store(0, 8, 8)];
        let found = Lost {
            read: 0,
            update: 2,
            over: 3,
        };
        assert_eq!(lost(&steps, "f", 0), Some(found));
        assert_eq!(lost(&steps, "f", 8), None);
        assert_eq!(lost(&steps, "g", 0), None);
    }

    #[test]
    fn one_after_the_other_loses_nothing() {
        let steps = [load(0, 7), store(0, 7, 8), load(1, 8), store(1, 8, 9)];
        assert_eq!(lost(&steps, "f", 0), None);
    }

    #[test]
    fn paths_are_told_from_the_folder_of_the_sources_on() {
        assert_eq!(short("/a/b/labs/lab5/src/lib.rs"), "src/lib.rs");
        assert_eq!(short("/tmp/x.c"), "x.c");
        assert_eq!(short("x.c"), "x.c");
    }

    #[test]
    fn words_of_a_length_are_numbers() {
        let shown = |bytes: &[u8]| number(&Bytes::from(bytes));
        assert_eq!(shown(&[255; 8]), "-1");
        assert_eq!(shown(&[1, 0, 0, 0]), "1");
        assert_eq!(shown(&[0; 64]), "64 bytes");
    }
}
