//! Exit statuses of the checker. They are part of its interface.

use std::process::ExitCode;

use crate::report::Outcome;

/// All core clauses passed; or the command did what it was asked.
pub const PASSED: u8 = 0;
/// A core clause failed, or an author's check found something.
pub const FAILED: u8 = 1;
/// The command line was wrong.
pub const USAGE: u8 = 2;
/// The lab does not compile.
pub const DOES_NOT_COMPILE: u8 = 3;
/// Nothing failed, but a core clause was not observable here.
pub const NOT_OBSERVABLE: u8 = 4;
/// The checker or the machine is at fault: nothing was judged.
pub const FAULT: u8 = 70;
/// A signal ended the checker.
pub const INTERRUPTED: u8 = 130;

/// How a command of the checker ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// A lab was judged.
    Judged(Outcome),
    /// The command did what it was asked.
    Done,
    /// An author's check found something.
    Found,
    /// The command line was wrong.
    Usage,
    /// The checker or the machine is at fault.
    Fault,
}

impl End {
    /// The exit status that says so.
    pub fn status(self) -> u8 {
        match self {
            End::Judged(Outcome::Passed) | End::Done => PASSED,
            End::Judged(Outcome::Failed) | End::Found => FAILED,
            End::Usage => USAGE,
            End::Judged(Outcome::DoesNotCompile) => DOES_NOT_COMPILE,
            End::Judged(Outcome::NotObservable) => NOT_OBSERVABLE,
            End::Fault => FAULT,
        }
    }
}

impl From<End> for ExitCode {
    fn from(end: End) -> ExitCode {
        ExitCode::from(end.status())
    }
}
