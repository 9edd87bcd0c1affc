//! Rules: what is true for more than one lab, one family a file.
//!
//! A rule reads an [`Observation`](crate::evidence::Observation) and says what it finds. It opens
//! no file, asks no kernel, prints nothing. Expectations come from the scenario (arguments, files
//! before), so that a rule holds for every seed.

pub mod asked;
pub mod clue;
pub mod ending;
pub mod exhibit;
pub mod facts;
pub mod file;
pub mod finding;
pub mod generic;
pub mod interleaving;
pub mod mapping;
pub mod moment;
pub mod moved;
pub mod pages;
pub mod refusal;
pub mod sync;
pub mod timeline;
pub mod trace;
pub mod twin;

#[cfg(test)]
pub mod made;
