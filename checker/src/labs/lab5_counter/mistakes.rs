//! The mistakes of lab 5 that are told apart by name.

use crate::lab::Mistake;

/// All, the most specific first.
pub static ALL: &[Mistake] = &[];
