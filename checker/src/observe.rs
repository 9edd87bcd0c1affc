//! Running a scenario and looking on: each run has an observer process of its own.
//!
//! [`observe`] starts `checker __observe`, hands it the job as JSON and takes the evidence back.
//! In that process [`serve`] sets the stage, starts the actors, follows them by ptrace(2) or, for
//! an untraced run, by seccomp_unotify(2), and clears up. ptrace belongs to a thread, a subreaper
//! to a process, and a user namespace wants one thread: hence the process.
//!
//! Observing never judges, and what could not be looked at is said ([`Facet::Unseen`]).
//!
//! [`Facet::Unseen`]: crate::evidence::Facet::Unseen

mod arch;
mod calls;
mod capture;
mod child;
mod decode;
mod files;
mod filter;
mod flags;
mod maps;
mod process;
mod run;
mod space;
mod stage;
mod sys;
mod witness;

use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use nix::unistd::{SysconfVar, sysconf};
use serde::{Deserialize, Serialize};

use crate::evidence::Evidence;
use crate::scenario::Scenario;

/// The hidden command under which the observer process runs.
pub const COMMAND: &str = "__observe";

/// The machine or the checker is at fault; it says nothing about the program under test.
#[derive(Debug)]
pub struct Fault {
    scenario: String,
    reason: String,
}

impl std::fmt::Display for Fault {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            out,
            "the scenario `{}` could not be run: {}",
            self.scenario, self.reason
        )
    }
}

impl std::error::Error for Fault {}

#[derive(Serialize, Deserialize)]
struct Job {
    program: PathBuf,
    folder: PathBuf,
    scenario: Scenario,
}

/// Runs a scenario with this program in this folder, which has to be empty, and waits for the
/// evidence. Can be called from several threads at once.
///
/// # Errors
///
/// A [`Fault`] if the observer process could not be started, or could not do its work.
pub fn observe(program: &Path, scenario: &Scenario, folder: &Path) -> Result<Evidence, Fault> {
    let fault = |reason: String| Fault {
        scenario: scenario.name.clone(),
        reason,
    };
    let job = Job {
        program: program.to_owned(),
        folder: folder.to_owned(),
        scenario: scenario.clone(),
    };
    let job = serde_json::to_vec(&job).map_err(|error| fault(error.to_string()))?;
    let myself = std::env::current_exe().map_err(|error| fault(format!("{error}")))?;
    let mut observer = Command::new(&myself)
        .arg(COMMAND)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| fault(format!("`{}`: {error}", myself.display())))?;
    let (input, output, errors) = (
        observer.stdin.take(),
        observer.stdout.take(),
        observer.stderr.take(),
    );
    // The observer reads all of the job before it writes anything, so neither waits for the other.
    // If it dies before that, its words on standard error say more than a broken pipe.
    let _ = input.map(|mut input| input.write_all(&job));
    // Read first and parsed then: byte by byte from a pipe takes several times as long.
    let mut answer = Vec::new();
    let _ = output.map(|mut output| output.read_to_end(&mut answer));
    let answer = serde_json::from_slice::<Result<Evidence, String>>(&answer);
    let mut words = String::new();
    let _ = errors.map(|errors| errors.take(4096).read_to_string(&mut words));
    let status = observer.wait().map_err(|error| fault(error.to_string()))?;
    match answer {
        // What came out of an observer that was killed need not be its own word.
        Ok(Ok(evidence)) if status.success() => Ok(evidence),
        Ok(Err(reason)) => Err(fault(reason)),
        _ => Err(fault(format!(
            "the observer ended with {status}: {}",
            words.trim()
        ))),
    }
}

/// Bytes in a page of this machine.
pub fn page_size() -> u64 {
    let bytes = sysconf(SysconfVar::PAGE_SIZE).ok().flatten();
    bytes.map_or(4096, |bytes| bytes as u64)
}

/// The observer process: a job on standard input, the evidence on standard output.
pub fn serve() -> ExitCode {
    let result = take_job().and_then(|job| {
        run::run(&job.program, &job.scenario, &job.folder)
            .map_err(|error| format!("{error} (in `{}`)", job.folder.display()))
    });
    // Never as a whole in memory: after many calls it is longer than all that was seen.
    let mut out = BufWriter::with_capacity(1 << 16, io::stdout().lock());
    let written = serde_json::to_writer(&mut out, &result)
        .map_err(io::Error::other)
        .and_then(|()| out.flush());
    match written {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn take_job() -> Result<Job, String> {
    let mut job = Vec::new();
    io::stdin()
        .read_to_end(&mut job)
        .map_err(|error| error.to_string())?;
    serde_json::from_slice(&job).map_err(|error| format!("not a job: {error}"))
}
