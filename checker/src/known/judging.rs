//! Has executables judged by this very checker, as anyone would.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::words;
use crate::report::Report;

/// A name that stands in a report for the path of the executable: the path is another one on every
/// machine, and lines would break at other places.
const EXECUTABLE: &str = "PROGRAM";

/// What an executable is judged for.
#[derive(Clone, Copy, Debug)]
pub struct Order<'a> {
    /// The lab, such as `lab3-copy`.
    pub lab: &'a str,
    /// The seed that inputs are drawn from; without it, another one at every time.
    pub seed: Option<u64>,
    /// The temporary folder of the checker.
    pub folder: &'a Path,
}

/// Has a checker of its own judge an executable in everything that the lab has. What cannot be
/// predicted is masked in the report ([`words::unpredictable`]).
///
/// # Errors
///
/// There is no report: a sentence.
pub fn judge(executable: &Path, order: Order<'_>) -> Result<Report, String> {
    let checker = std::env::current_exe().map_err(|error| error.to_string())?;
    let mut command = Command::new(checker);
    command
        .args([order.lab, "--stretch", "--json", "--program"])
        .arg(executable)
        .env("TMPDIR", order.folder)
        .stdin(Stdio::null());
    if let Some(seed) = order.seed {
        command.args(["--seed", &seed.to_string()]);
    }
    let output = command.output().map_err(|error| error.to_string())?;
    let text = String::from_utf8_lossy(&output.stdout);
    let text = text.replace(&executable.display().to_string(), EXECUTABLE);
    serde_json::from_str(&words::unpredictable(&text)).map_err(|_| {
        let words = String::from_utf8_lossy(&output.stderr);
        format!("{}: {}", output.status, words.trim())
    })
}

/// Does something with each of these, several side by side.
pub fn each<T: Sync>(all: &[T], workers: usize, work: impl Fn(&T) + Sync) {
    let next = AtomicUsize::new(0);
    let one_after_another = || {
        while let Some(one) = all.get(next.fetch_add(1, Ordering::SeqCst)) {
            work(one);
        }
    };
    thread::scope(|scope| {
        for _ in 1..workers {
            scope.spawn(one_after_another);
        }
        one_after_another();
    });
}

/// What is left of runs that had this temporary folder: folders of scenarios, and processes whose
/// program lies in it.
pub fn left(folder: &Path) -> Vec<String> {
    let entries = |folder: &Path| fs::read_dir(folder).into_iter().flatten().flatten();
    let scratch = entries(folder).filter(|entry| entry.path().is_dir());
    let processes = entries(Path::new("/proc")).filter(|entry| {
        let program = fs::read_link(entry.path().join("exe"));
        program.is_ok_and(|program| program.starts_with(folder))
    });
    let all = scratch.chain(processes);
    all.map(|entry| entry.path().display().to_string())
        .collect()
}
