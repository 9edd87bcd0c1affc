//! Questions to a trace: its calls in order, and which of them are about a file.

use crate::evidence::Observation;
use crate::evidence::file::FileType;
use crate::evidence::trace::{Call, Event, FileRef, What};
use crate::verdict::Finding;

use super::finding::seen;

/// A call and where it stands.
#[derive(Clone, Copy, Debug)]
pub struct Step<'a> {
    /// Its index in the trace.
    pub index: usize,
    /// The actor that made it.
    pub actor: usize,
    /// The process of that actor.
    pub process: usize,
    /// The call.
    pub call: &'a Call,
}

/// The events.
pub fn events(obs: &Observation) -> Result<&[Event], Finding> {
    seen(&obs.evidence.trace).map(Vec::as_slice)
}

/// The calls, in order.
pub fn calls(obs: &Observation) -> Result<Vec<Step<'_>>, Finding> {
    Ok(steps(events(obs)?))
}

/// The calls, in order; none where they could not be seen. For recognisers, which only look for
/// what is there.
pub fn calls_seen(obs: &Observation) -> Vec<Step<'_>> {
    calls(obs).unwrap_or_default()
}

fn steps(events: &[Event]) -> Vec<Step<'_>> {
    let step = |(index, event)| match event {
        &Event {
            actor,
            process,
            what: What::Call(ref call),
        } => Some(Step {
            index,
            actor,
            process,
            call,
        }),
        _ => None,
    };
    events.iter().enumerate().filter_map(step).collect()
}

/// Device and inode.
pub type Id = (u64, u64);

/// A file of the scenario, by all inodes that had its name, links followed.
#[derive(Clone, Debug)]
pub struct Target {
    /// Its name in the scenario, links followed.
    pub name: String,
    ids: Vec<Id>,
}

/// The file that a name of the scenario stands for.
pub fn target(obs: &Observation, name: &str) -> Target {
    let name = resolve(obs, name);
    let mut ids = Vec::new();
    if let Some(story) = obs.evidence.file(&name) {
        let states = story.before.iter().chain(&story.after);
        ids.extend(states.map(|state| (state.device, state.inode)));
    }
    let opened = |step: &Step<'_>| {
        let file = step.call.file.as_ref()?;
        (file.inode != 0 && file.path == name).then_some((file.device, file.inode))
    };
    ids.extend(calls_seen(obs).iter().filter_map(opened));
    ids.sort_unstable();
    ids.dedup();
    Target { name, ids }
}

impl Target {
    /// Whether it is this inode.
    pub fn has(&self, id: Id) -> bool {
        self.ids.contains(&id)
    }

    /// Whether it has this inode number, where no device is known.
    pub fn is_inode(&self, inode: u64) -> bool {
        inode != 0 && self.ids.iter().any(|id| id.1 == inode)
    }

    /// Whether `file` is it.
    pub fn is(&self, file: &FileRef) -> bool {
        if file.inode == 0 {
            return plain(&file.path) == self.name;
        }
        self.has((file.device, file.inode))
    }

    /// Whether the call is about it, on either side.
    pub fn in_call(&self, call: &Call) -> bool {
        call.file
            .iter()
            .chain(&call.other)
            .any(|file| self.is(file))
    }
}

/// A name without `./` at its start.
fn plain(name: &str) -> &str {
    name.strip_prefix("./").map_or(name, plain)
}

/// The name behind a name: symbolic links of the scenario followed.
pub fn resolve(obs: &Observation, name: &str) -> String {
    let mut name = plain(name).to_owned();
    for _ in 0..8 {
        let story = obs.evidence.file(&name);
        let state = story.and_then(|story| story.before.as_ref().or(story.after.as_ref()));
        let Some(FileType::SymbolicLink(to)) = state.map(|state| &state.kind) else {
            break;
        };
        name = match name.rsplit_once('/') {
            Some((folder, _)) if !to.starts_with('/') => format!("{folder}/{}", plain(to)),
            _ => plain(to).to_owned(),
        };
    }
    name
}

/// Whether a file lies in the scenario's folder.
pub fn is_inside(file: &FileRef) -> bool {
    file.stream.is_none()
        && !file.path.starts_with('/')
        && !["pipe", "socket", ""].contains(&file.path.as_str())
        && !file.path.contains(':')
}

/// The bytes of its file that a call, if it succeeds, clears or moves to another offset.
pub fn displaced(call: &Call) -> Option<(u64, u64)> {
    use crate::evidence::trace::{
        FALLOC_FL_COLLAPSE_RANGE, FALLOC_FL_INSERT_RANGE, FALLOC_FL_PUNCH_HOLE,
        FALLOC_FL_WRITE_ZEROES, FALLOC_FL_ZERO_RANGE,
    };
    let (mode, from) = (call.raw(1), call.raw(2));
    if !call.is(&["fallocate"]) {
        None
    } else if mode & (FALLOC_FL_COLLAPSE_RANGE | FALLOC_FL_INSERT_RANGE) != 0 {
        Some((from, u64::MAX))
    } else if mode & (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE | FALLOC_FL_WRITE_ZEROES) != 0 {
        Some((from, from.saturating_add(call.raw(3))))
    } else {
        None
    }
}

/// Calls that set the length of a file, with the length that they ask for; `None` where it is not
/// among the arguments.
pub fn length_set(call: &Call) -> Option<Option<u64>> {
    use crate::evidence::trace::{
        FALLOC_FL_COLLAPSE_RANGE, FALLOC_FL_INSERT_RANGE, FALLOC_FL_KEEP_SIZE, O_TRUNC, Open,
    };
    match call.name.as_str() {
        "ftruncate" | "truncate" => Some(Some(call.raw(1))),
        "fallocate" if call.raw(1) & FALLOC_FL_KEEP_SIZE != 0 => None,
        "fallocate" if call.raw(1) & (FALLOC_FL_COLLAPSE_RANGE | FALLOC_FL_INSERT_RANGE) != 0 => {
            Some(None)
        }
        "fallocate" => Some(Some(call.raw(2).saturating_add(call.raw(3)))),
        _ if Open::of(call).is_some_and(|open| open.flags & O_TRUNC != 0) => Some(Some(0)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::made;

    #[test]
    fn the_modes_of_fallocate_are_told_apart() {
        let run = |mode: u64| {
            let obs = made::observation(made::scenario(&["f"]))
                .on("fallocate", "f", &[3, mode, 4096, 4096], 0)
                .done();
            let call = calls_seen(&obs)[0].call.clone();
            (length_set(&call), displaced(&call))
        };
        assert_eq!(run(0), (Some(Some(8192)), None));
        assert_eq!(run(0x01), (None, None));
        assert_eq!(run(0x03), (None, Some((4096, 8192))));
        assert_eq!(run(0x10), (Some(Some(8192)), Some((4096, 8192))));
        assert_eq!(run(0x11), (None, Some((4096, 8192))));
        assert_eq!(run(0x08), (Some(None), Some((4096, u64::MAX))));
        assert_eq!(run(0x20), (Some(None), Some((4096, u64::MAX))));
    }
}
