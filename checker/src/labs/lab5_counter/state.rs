//! The counter in a file, and what is in the folder beside it.

use crate::evidence::Observation;
use crate::evidence::file::FileState;
use crate::rule::trace::resolve;
use crate::rule::{exhibit, file, finding::broken, moment};
use crate::verdict::{Finding, Ruling};

use super::name;

/// The bytes of a counter.
pub const SIZE: u64 = 8;

/// The value that 8 bytes are.
pub fn value(bytes: &[u8]) -> Option<i64> {
    bytes.try_into().ok().map(i64::from_le_bytes)
}

/// The value that the counter had before; none if it had none.
pub fn before(obs: &Observation, name: &str) -> Option<i64> {
    file::before(obs, name).and_then(|state| value(&file::bytes(state)))
}

/// The value that the counter has in the end.
pub fn after(obs: &Observation, name: &str) -> Option<i64> {
    file::after(obs, name).and_then(|state| value(&file::bytes(state)))
}

/// One state of a file is a counter of this value. `when` is a phrase such as `afterwards`.
pub fn is(state: Option<&FileState>, name: &str, wanted: i64, when: &str) -> Ruling {
    let expected = format!("{when} `{name}` is a counter of the value {wanted}");
    let Some(state) = state else {
        return broken(expected, "there is no such file")
            .at(file::spot(name))
            .fail();
    };
    let bytes = file::bytes(state);
    let found = value(&bytes);
    if state.length == SIZE && found == Some(wanted) {
        return Ok(());
    }
    let observed = match found.filter(|_| state.length == SIZE) {
        Some(found) => format!("its value is {found}"),
        None => format!("it is {} long", exhibit::size(state.length)),
    };
    let what = format!("the file `{name}`");
    broken(expected, observed)
        .at(file::spot(name))
        .show_some(exhibit::bytes(&what, &wanted.to_le_bytes(), &bytes))
        .fail()
}

/// In the end the counter has this value, is still the same file, and nothing else is there.
pub fn ends_as(obs: &Observation, wanted: i64) -> Ruling {
    let name = name(obs);
    is(file::after(obs, name), name, wanted, "afterwards")?;
    stays_itself(obs, name)
}

/// The file of a counter is the same as before, with its permission bits, and beside it lies
/// nothing new but its lock.
pub fn stays_itself(obs: &Observation, name: &str) -> Ruling {
    match file::keeps_identity(obs, name) {
        Err(Finding::Broken(diagnosis, _)) => {
            return Err(Finding::Broken(diagnosis, Some("file-replaced")));
        }
        other => other?,
    }
    if let Some(was) = file::before(obs, name) {
        file::has_mode(obs, name, was.mode)?;
    }
    let stories = obs.evidence.files.iter();
    let mut new = stories.filter(|story| story.before.is_none() && story.after.is_some());
    match new.find(|story| story.name != name && !is_lock(obs, &story.name)) {
        None => Ok(()),
        Some(story) => broken(
            format!("nothing is left beside `{name}`, except perhaps `{name}.lock`"),
            format!("`{}` is", story.name),
        )
        .at(file::spot(&story.name))
        .fail(),
    }
}

/// Whether a file is the lock of a counter of the scenario.
fn is_lock(obs: &Observation, file: &str) -> bool {
    let Some(counter) = file.strip_suffix(".lock") else {
        return false;
    };
    let files = obs.scenario.files.iter();
    let words = obs.scenario.actors.iter().flat_map(|a| &a.arguments);
    files
        .map(|file| &file.name)
        .chain(words)
        .any(|one| one == counter)
}

/// The same with no other file than the counter: beside it others may have run, and the locks that a
/// program makes there may stay.
pub fn alone(obs: &Observation) -> Observation {
    let mut clean = obs.clone();
    let name = resolve(obs, name(obs));
    clean.evidence.files.retain(|story| story.name == name);
    clean
}

/// When `value` is printed, whoever reads the file finds this value, and so does a process that had
/// it mapped before.
pub fn when_printed(obs: &Observation, wanted: i64) -> Ruling {
    const WHEN: &str = "when `value` is printed";
    let name = name(obs);
    let at = moment::first(obs, "value:", "`value` is printed")?;
    is(at.file(name), name, wanted, WHEN)?;
    match at.view(name) {
        None => Ok(()),
        Some(_) => moment::witness_sees(obs, at, name, &wanted.to_le_bytes(), WHEN),
    }
}
