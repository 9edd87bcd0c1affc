//! `checker author …`: for those who write labs.

pub(crate) mod bless;
pub(crate) mod check;
mod parity;
pub(crate) mod stubs;

use super::{Usage, check as checking, print};
