//! Calls cargo. What it says on standard error is shown only if it takes long, and told if it
//! fails.

use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use super::{Beside, CompileError, Fault, messages};
use crate::printable::printable;
use crate::workspace::Workspace;

/// How long cargo may work before the learner is shown what it does.
const QUIET: Duration = Duration::from_millis(1500);

/// How many of the last lines of cargo's words are kept.
const KEPT: usize = 40;

/// Builds `package` of the workspace, or without a package the crate in `folder`, and finds its
/// executable. In the same call, crates of the workspace `beside` it.
pub fn build(
    workspace: &Workspace,
    folder: &Path,
    package: Option<&str>,
    beside: &[&str],
) -> Result<Result<(PathBuf, Beside), CompileError>, Fault> {
    let root = workspace.root();
    let mut command = cargo(root);
    command.args(["build", "--message-format=json"]);
    match package {
        Some(package) => command.args(["-p", package]),
        None => command
            .arg("--manifest-path")
            .arg(folder.join("Cargo.toml")),
    };
    command.args(beside.iter().flat_map(|name| ["-p", name]));
    let ran = run(command, folder, workspace, beside)?;
    match (ran.is_success, ran.found.error, ran.found.executable) {
        (true, _, Some(program)) => Ok(Ok((program, ran.found.beside))),
        (true, _, None) => Err(Fault::NoExecutable(folder.to_owned())),
        (false, Some(error), _) => Ok(Err(error)),
        (false, None, _) if !manifests_are_sound(root, folder, package) => Ok(Err(CompileError {
            error: messages::rendered(&ran.words),
            errors: 1,
        })),
        (false, None, _) => Err(Fault::Cargo(printable(&ran.words, true))),
    }
}

/// Builds crates of the workspace that are needed beside a program that is there.
pub fn build_beside(workspace: &Workspace, names: &[&str]) -> Result<Beside, Fault> {
    let mut command = cargo(workspace.root());
    command.args(["build", "--message-format=json"]);
    command.args(names.iter().flat_map(|name| ["-p", name]));
    let ran = run(command, workspace.root(), workspace, names)?;
    match (ran.is_success, ran.found.error) {
        (true, _) => Ok(ran.found.beside),
        (false, Some(error)) => Err(Fault::Cargo(printable(&error.error, true))),
        (false, None) => Err(Fault::Cargo(printable(&ran.words, true))),
    }
}

/// What one call of cargo came to.
struct Ran {
    is_success: bool,
    found: messages::Messages,
    /// The last lines of its standard error.
    words: String,
}

/// Runs cargo and reads its messages about the crate in `folder` and those `beside`.
fn run(
    mut command: Command,
    folder: &Path,
    workspace: &Workspace,
    beside: &[&str],
) -> Result<Ran, Fault> {
    let no_cargo = |error| Fault::NoCargo(PathBuf::from(program()), error);
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(no_cargo)?;
    let stdout = child.stdout.take().expect("standard output is piped");
    let stderr = child.stderr.take().expect("standard error is piped");
    let whole = |folder: PathBuf| folder.canonicalize().unwrap_or(folder);
    let folder = whole(folder.to_owned());
    let beside: Vec<(&str, PathBuf)> = beside
        .iter()
        .map(|name| (*name, whole(workspace.beside(name))))
        .collect();
    let (found, words) = thread::scope(|scope| {
        let words = scope.spawn(|| pass_on(stderr));
        let found = messages::read(BufReader::new(stdout), &folder, &beside);
        (found, words.join().unwrap_or_default())
    });
    let status = child.wait().map_err(no_cargo)?;
    Ok(Ran {
        is_success: status.success(),
        found: found.map_err(no_cargo)?,
        words,
    })
}

/// Whether cargo can read every manifest it needs: only asked when a build failed without a word
/// of the compiler.
fn manifests_are_sound(root: &Path, folder: &Path, package: Option<&str>) -> bool {
    let mut command = cargo(root);
    command.args(["metadata", "--no-deps", "--offline", "--format-version=1"]);
    if package.is_none() {
        command
            .arg("--manifest-path")
            .arg(folder.join("Cargo.toml"));
    }
    let quiet = command.stdout(Stdio::null()).stderr(Stdio::null());
    quiet.status().is_ok_and(|status| status.success())
}

/// Cargo as the learner has it: the one that runs the checker, else the one in PATH.
fn program() -> OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

fn cargo(root: &Path) -> Command {
    let mut command = Command::new(program());
    command
        .current_dir(root)
        .env("CARGO_TERM_COLOR", "never")
        .env("CARGO_TERM_PROGRESS_WHEN", "never");
    command
}

/// Reads cargo's standard error to its end, and shows it once [`QUIET`] is over. Answers with its
/// last lines.
fn pass_on(stderr: impl Read + Send) -> String {
    let (sender, lines) = mpsc::channel();
    thread::scope(|scope| {
        scope.spawn(move || {
            for line in BufReader::new(stderr).split(b'\n').map_while(Result::ok) {
                if sender
                    .send(String::from_utf8_lossy(&line).into_owned())
                    .is_err()
                {
                    break;
                }
            }
        });
        let end = Instant::now() + QUIET;
        let mut kept: Vec<String> = Vec::new();
        let mut shown = false;
        loop {
            let left = if shown {
                Duration::MAX
            } else {
                end.saturating_duration_since(Instant::now())
            };
            match lines.recv_timeout(left) {
                Ok(line) => {
                    if shown {
                        show(&line);
                    }
                    kept.push(line);
                    if kept.len() > KEPT {
                        kept.remove(0);
                    }
                }
                Err(RecvTimeoutError::Timeout) => {
                    shown = true;
                    kept.iter().for_each(|line| show(line));
                }
                Err(RecvTimeoutError::Disconnected) => break kept.join("\n"),
            }
        }
    })
}

/// Shows one line; whether anyone reads it is no matter.
fn show(line: &str) {
    let _ = writeln!(std::io::stderr(), "{}", printable(line, false));
}
