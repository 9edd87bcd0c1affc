//! What mistakes show, where a lab recognises them.

use crate::evidence::Observation;
use crate::lab::Clue;

use super::exhibit;

/// For mistakes that only a rule names.
pub fn nothing(_: &Observation) -> Option<Clue> {
    None
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
