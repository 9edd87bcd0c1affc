//! `checker author …`: for those who write labs.

pub(crate) mod bless;
pub(crate) mod check;
mod gradient;
pub(crate) mod known;
mod parity;
pub(crate) mod stubs;

use super::{check as checking, print};
