//! Placeholder: the real room replaces this file.

use std::fmt;
use std::path::Path;
use std::process::ExitCode;

use crate::evidence::Evidence;
use crate::scenario::Scenario;

/// The machine or the checker is at fault.
#[derive(Debug)]
pub struct Fault(pub String);

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl std::error::Error for Fault {}

/// Runs a scenario.
pub fn observe(_: &Path, _: &Scenario, _: &Path) -> Result<Evidence, Fault> {
    Err(Fault("this build cannot observe yet".to_owned()))
}

/// The observer process.
pub fn serve() -> ExitCode {
    ExitCode::from(70)
}
