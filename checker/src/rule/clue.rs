//! What mistakes show, where a lab recognises them.

use crate::evidence::Observation;
use crate::evidence::trace::Mmap;
use crate::lab::Clue;

use super::trace::calls_seen;
use super::{exhibit, file};

/// For mistakes that only a rule names.
pub fn nothing(_: &Observation) -> Option<Clue> {
    None
}

/// A mapping of 0 bytes was asked for: of the kernel, or of a library that knows what the kernel
/// would say of the file `name`.
pub fn length_zero(obs: &Observation, name: &str) -> Option<Clue> {
    const EINVAL: i32 = 22;
    let expected = "no mapping of 0 bytes is asked for";
    let all = calls_seen(obs);
    let mut maps = all.iter().filter(|step| Mmap::of(step.call).is_some());
    let zero = maps.find(|step| step.call.raw(1) == 0 && step.call.errno() == Some(EINVAL));
    if let Some(step) = zero {
        let seen = "mmap was asked for 0 bytes";
        return Some(at(obs, step.index, &["EINVAL"], expected, seen));
    }
    let is_empty = file::before(obs, name).is_some_and(|state| state.length == 0);
    let said = obs.evidence.actors[0].stderr.text();
    let is_told = ["Invalid argument", "EINVAL"]
        .iter()
        .any(|words| said.contains(words));
    (is_empty && is_told).then(|| Clue {
        expected: Some(expected.to_owned()),
        observed: Some(format!("the program said: {}", said.trim_end())),
        exhibit: None,
    })
}

/// A call: `expected` and `observed` are about one thing, the carets stand under one of `words`.
pub fn at(
    obs: &Observation,
    index: usize,
    words: &[&str],
    expected: impl Into<String>,
    observed: impl Into<String>,
) -> Clue {
    Clue {
        expected: Some(expected.into()),
        observed: Some(observed.into()),
        exhibit: Some(exhibit::calls(obs, index, words)),
    }
}
