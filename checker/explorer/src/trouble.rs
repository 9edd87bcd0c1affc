//! Why a run could not be followed.

use std::{fmt, io};

/// Why a run could not be followed to its end.
#[derive(Debug)]
pub enum Trouble {
    /// This machine or the explorer is at fault.
    Fault(io::Error),
    /// The program does something that the explorer does not follow: what, as a clause that can
    /// follow "because".
    Unfit(String),
    /// The time of the search is up in the middle of a run.
    Late,
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Trouble {
        Trouble::Fault(error)
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Trouble::Fault(error) => write!(out, "{error}"),
            Trouble::Unfit(reason) => write!(out, "{reason}"),
            Trouble::Late => write!(out, "a run takes too long"),
        }
    }
}

/// What following a run comes to.
pub type Followed<T> = Result<T, Trouble>;
