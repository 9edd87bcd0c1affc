//! The observer process that explores: a job on standard input, the evidence on standard output.

use std::process::ExitCode;

fn main() -> ExitCode {
    checker::observe::serve_by(run)
}

#[cfg(target_arch = "x86_64")]
use explorer::run;

/// The place for the other architectures: they need a decoder and a register set of their own.
#[cfg(not(target_arch = "x86_64"))]
fn run(job: &checker::observe::Job) -> std::io::Result<checker::evidence::Evidence> {
    let reason = "the explorer knows x86-64 processors only";
    Ok(checker::observe::unexplored(&job.scenario, reason))
}
