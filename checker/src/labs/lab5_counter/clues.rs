//! How the mistakes of lab 5 show in what was observed.

use crate::evidence::ending::{Ending, Fault};
use crate::evidence::trace::{Mmap, O_ACCMODE, Open};
use crate::evidence::{Facet, Observation};
use crate::lab::Clue;
use crate::rule::trace::{Step, calls_seen, length_set, target};
use crate::rule::{asked, clue, facts, file};

use super::exploring;
use super::state::{self, SIZE};
use super::{name, times, word};

const EACCES: i32 = 13;

fn exited(obs: &Observation, code: i32) -> bool {
    obs.evidence.actors[0].ending == Ending::Exited { code }
}

/// The first value that the subject printed.
fn printed(obs: &Observation) -> Option<i64> {
    let output = obs.evidence.actors[0].stdout.text();
    let first = facts::lines(&output).next()?;
    first.strip_prefix("value: ")?.parse().ok()
}

/// The counter before, and how much is to be added to it; for `init` and `watch` that is nothing.
fn task(obs: &Observation) -> Option<(i64, i64)> {
    Some((
        state::before(obs, name(obs))?,
        times(&obs.scenario.actors[0]),
    ))
}

/// The right value in the end: of `init`, 0.
fn wanted(obs: &Observation) -> Option<i64> {
    let (before, added) = task(obs)?;
    match word(obs, 0, 0) {
        "init" => Some(0),
        _ => before.checked_add(added),
    }
}

/// The length that the counter had.
fn length(obs: &Observation) -> Option<u64> {
    file::before(obs, name(obs)).map(|state| state.length)
}

/// FILE had 8 bytes, and a call gave it another length.
pub fn cut(obs: &Observation) -> Option<Clue> {
    let of = target(obs, name(obs));
    let all = calls_seen(obs);
    let step = all.iter().find(|step| {
        let other = length_set(step.call).is_some_and(|to| to != Some(SIZE));
        other && step.call.succeeded() && of.in_call(step.call)
    });
    let step = step.filter(|_| length(obs) == Some(SIZE))?;
    let expected = format!("`{}` keeps its 8 bytes", name(obs));
    let seen = format!("`{}` gave it another length", step.call.name);
    Some(clue::at(obs, step.index, &["O_TRUNC"], expected, seen))
}

/// The file holds digits.
pub fn text(obs: &Observation) -> Option<Clue> {
    let bytes = file::after(obs, name(obs)).map(file::bytes)?;
    let end = bytes.iter().rposition(|b| ![0, b' ', b'\n'].contains(b))?;
    let digits = &bytes[..=end];
    let digits = digits.strip_prefix(b"-").unwrap_or(digits);
    let is_text = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    let had = file::before(obs, name(obs)).map(file::bytes);
    (is_text && had != Some(bytes)).then(Clue::default)
}

/// The value is right if its bytes are read from the other end.
pub fn byte_order(obs: &Observation) -> Option<Clue> {
    let (before, added) = task(obs)?;
    let after = state::after(obs, name(obs))?;
    let other = before.swap_bytes().wrapping_add(added);
    let is_stored = added != 0 && after == other.swap_bytes();
    let is_printed = printed(obs) == Some(other) && Some(other) != wanted(obs);
    (is_stored || is_printed).then(Clue::default)
}

/// Only the lower half of the value counts.
pub fn half(obs: &Observation) -> Option<Clue> {
    const LOWER: i64 = 0xffff_ffff;
    if file::after(obs, name(obs))?.length == SIZE / 2 {
        return Some(Clue::default());
    }
    let (before, added) = task(obs)?;
    let (after, wanted) = (state::after(obs, name(obs))?, wanted(obs)?);
    let lower = match word(obs, 0, 0) {
        "init" => 0,
        _ => before.wrapping_add(added) & LOWER,
    };
    let is_stored = after != wanted && after == before & !LOWER | lower;
    let cut = [i64::from(wanted as i32), i64::from(wanted as u32)];
    let is_printed = printed(obs).is_some_and(|said| said != wanted && cut.contains(&said));
    (is_stored || is_printed).then(Clue::default)
}

/// What `fetch_add` answers with: the value from before.
pub fn old_value(obs: &Observation) -> Option<Clue> {
    let (wanted, said) = (wanted(obs)?, printed(obs)?);
    let right = state::after(obs, name(obs)) == Some(wanted);
    let is_old = word(obs, 0, 0) == "increment" && said == wanted - 1;
    (right && is_old).then(|| Clue {
        expected: Some(format!("the value after the last addition, {wanted}")),
        observed: Some(format!("the one before it was printed, {said}")),
        exhibit: None,
    })
}

/// A complaint about the file, and an exit status as if all were done.
pub fn not_told(obs: &Observation) -> Option<Clue> {
    let said = obs.evidence.actors[0].stderr.text();
    (exited(obs, 0) && said.contains(name(obs))).then(|| Clue {
        expected: Some("exit status 1, for something failed".to_owned()),
        observed: Some("the program told of an error and ended with exit status 0".to_owned()),
        exhibit: None,
    })
}

/// A file of another length was given eight bytes, or more.
pub fn filled(obs: &Observation) -> Option<Clue> {
    let (was, is) = (length(obs)?, file::after(obs, name(obs))?.length);
    (was != SIZE && is != was).then(Clue::default)
}

/// The length is right in its lower 32 bits alone.
pub fn length_in_32_bits(obs: &Observation) -> Option<Clue> {
    let was = length(obs)?;
    (was != SIZE && was as u32 == SIZE as u32 && !exited(obs, 1)).then(Clue::default)
}

/// A file of another length was taken for a counter.
pub fn size_not_checked(obs: &Observation) -> Option<Clue> {
    let was = length(obs)?;
    let taken = exited(obs, 0) || matches!(obs.evidence.actors[0].ending, Ending::Killed { .. });
    (was != SIZE && taken).then(Clue::default)
}

/// The right to write was asked for, where there is none.
pub fn opened_to_write(obs: &Observation) -> Option<Clue> {
    let of = target(obs, name(obs));
    let all = calls_seen(obs);
    let refused = |step: &&Step<'_>| step.call.errno() == Some(EACCES) && of.in_call(step.call);
    let mut refused = all.iter().filter(refused);
    let step = refused.find(|step| {
        let opens = Open::of(step.call).is_some_and(|open| open.flags & O_ACCMODE != 0);
        opens || Mmap::of(step.call).is_some_and(|mmap| mmap.is_writable())
    })?;
    let f = name(obs);
    let (expected, seen) = match Open::of(step.call) {
        Some(_) => (
            format!("`{f}` is opened O_RDONLY to be watched"),
            "it was opened for writing, and the kernel refused that",
        ),
        None => (
            format!("`{f}` is mapped with PROT_READ alone to be watched"),
            "it was to be mapped with PROT_WRITE, and the kernel refused that",
        ),
    };
    Some(clue::at(
        obs,
        step.index,
        &["O_RDWR", "PROT_WRITE"],
        expected,
        seen,
    ))
}

/// A page that may only be read was stored into.
pub fn modified_to_read(obs: &Observation) -> Option<Clue> {
    let Ending::Killed {
        fault: Some(Fault {
            within: Some(at), ..
        }),
        ..
    } = &obs.evidence.actors[0].ending
    else {
        return None;
    };
    let read_only = at.path == name(obs) && !at.permissions.contains('w');
    read_only.then(|| Clue {
        expected: Some("a look at the counter is a load, and nothing is stored".to_owned()),
        observed: Some(format!(
            "the program stored into `{}`, which is mapped with {}",
            at.path,
            asked::flags_shown(&at.permissions)
        )),
        exhibit: None,
    })
}

/// Behind the largest value came the smallest.
pub fn wraps(obs: &Observation) -> Option<Clue> {
    if let Some(Facet::Seen(found)) = &obs.evidence.exploration {
        let mut ends = found
            .outcomes
            .iter()
            .map(|one| exploring::held(one, name(obs)));
        return ends
            .any(|value| value.is_ok_and(|value| value < 0))
            .then(Clue::default);
    }
    let (before, added) = task(obs)?;
    let after = state::after(obs, name(obs))?;
    let wrapped = before.checked_add(added).is_none() && after < 0;
    wrapped.then(Clue::default)
}

/// There was room for some, and none was added.
pub fn at_once(obs: &Observation) -> Option<Clue> {
    let (before, added) = task(obs)?;
    let stays = state::after(obs, name(obs)) == Some(before);
    let room = i64::MAX - before;
    (stays && 0 < room && room < added).then(Clue::default)
}
