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
pub mod calls;
pub mod capture;
pub mod child;
pub mod decode;
mod elf;
mod files;
pub mod filter;
pub mod flags;
mod maps;
mod pages;
pub mod process;
mod run;
mod space;
pub mod stage;
pub mod sys;
mod witness;

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::mem;
use std::os::fd::AsFd;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, waitpid};
use nix::unistd::{Pid, SysconfVar, sysconf};
use serde::{Deserialize, Serialize};

use crate::evidence::Evidence;
use crate::scenario::Scenario;
use crate::scenario::exploring::EXPLORER;
use crate::subject::Beside;

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

/// What an observer process is to do.
#[derive(Debug, Serialize, Deserialize)]
pub struct Job {
    /// The program under test.
    pub program: PathBuf,
    /// An empty folder to run it in.
    pub folder: PathBuf,
    /// What some scenarios need.
    pub beside: Beside,
    /// What is to be run.
    pub scenario: Scenario,
}

/// Up to so many bytes of JSON, evidence is read at once: all that a run of some sense leaves.
const SHORT: u64 = 1 << 20;

/// What an observer answered.
#[derive(Debug)]
pub enum Answer {
    /// Evidence, read.
    Short(Box<Evidence>),
    /// JSON in a file without a name: the evidence of a run that did very much, and a run of a lab
    /// may have many of these.
    Long(File),
}

impl From<Evidence> for Answer {
    fn from(evidence: Evidence) -> Answer {
        Answer::Short(Box::new(evidence))
    }
}

impl Answer {
    /// The evidence, read again each time if it is long.
    ///
    /// # Errors
    ///
    /// The file cannot be read any more, which only a broken disk explains.
    pub fn evidence(&self) -> io::Result<Cow<'_, Evidence>> {
        match self {
            Answer::Short(evidence) => Ok(Cow::Borrowed(evidence)),
            Answer::Long(file) => {
                let mut json = vec![0; file.metadata()?.len() as usize];
                file.read_exact_at(&mut json, 0)?;
                let told: Told = serde_json::from_slice(&json)?;
                told.map(Cow::Owned).map_err(io::Error::other)
            }
        }
    }
}

/// Held while an observer is started, and for good once everything is to end.
static GATE: Mutex<()> = Mutex::new(());

/// Kills every observer with all that it started, and waits until nothing of them is left. No
/// observer is started any more, and whoever waits for one waits on: the caller is to end this
/// process.
///
/// # Errors
///
/// Other processes cannot be adopted, or not be waited for (prctl(2), wait(2)).
pub fn end_all() -> io::Result<()> {
    mem::forget(GATE.lock());
    // What an observer leaves behind comes to this process.
    sys::adopt_orphans()?;
    let me = std::process::id() as libc::pid_t;
    loop {
        process::descendants(me).into_iter().for_each(process::kill);
        match waitpid(None, Some(WaitPidFlag::__WALL)) {
            Err(nix::Error::ECHILD) => return Ok(()),
            Err(error) if error != nix::Error::EINTR => return Err(error.into()),
            _ => {}
        }
    }
}

/// What an observer writes: the evidence, or why there is none.
type Told = Result<Evidence, String>;

/// From now on no program under test can look into this process, or reach a file that it has open
/// and that has no name.
///
/// # Errors
///
/// None is known (prctl(2)).
pub fn close_to_others() -> io::Result<()> {
    sys::let_others_look_in(false)
}

/// Runs a scenario with this program in this folder, which has to be empty, and waits for the
/// evidence; `beside` has what some scenarios need. Can be called from several threads at once. A long answer is kept in a file beside
/// the folder, which goes with the last handle to it.
///
/// # Errors
///
/// A [`Fault`] if the observer process could not be started, or could not do its work.
pub fn observe(
    program: &Path,
    beside: &Beside,
    scenario: &Scenario,
    folder: &Path,
) -> Result<Answer, Fault> {
    let fault = |reason: String| Fault {
        scenario: scenario.name.clone(),
        reason,
    };
    let job = Job {
        program: program.to_owned(),
        folder: folder.to_owned(),
        beside: beside.clone(),
        scenario: scenario.clone(),
    };
    let job = serde_json::to_vec(&job).map_err(|error| fault(error.to_string()))?;
    let myself = match (&scenario.explore, beside.get(EXPLORER)) {
        (None, _) => std::env::current_exe().map_err(|error| fault(format!("{error}")))?,
        (Some(_), Some(explorer)) => explorer.clone(),
        (Some(_), None) => {
            let reason = "the explorer was not built";
            return Ok(Answer::from(run::unexplored(scenario, reason)));
        }
    };
    let mut observer = Command::new(&myself);
    observer
        .arg(COMMAND)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let open = GATE.lock();
    let observer = observer.spawn();
    drop(open);
    let mut observer =
        observer.map_err(|error| fault(format!("`{}`: {error}", myself.display())))?;
    let pid = Pid::from_raw(observer.id() as libc::pid_t);
    let until = Instant::now() + Duration::from_secs(scenario.limits.wall_s) + PATIENCE;
    let input = observer.stdin.take();
    let output = observer
        .stdout
        .take()
        .map(|pipe| Patient { pipe, pid, until });
    let errors = observer
        .stderr
        .take()
        .map(|pipe| Patient { pipe, pid, until });
    // The observer reads all of the job before it writes anything, so neither waits for the other.
    // If it dies before that, its words on standard error say more than a broken pipe.
    let _ = input.map(|mut input| input.write_all(&job));
    let answer = output.map_or(Ok(None), |output| take_answer(output, folder));
    let mut words = String::new();
    let _ = errors.map(|errors| errors.take(4096).read_to_string(&mut words));
    let status = observer.wait();
    drop(GATE.lock());
    let status = status.map_err(|error| fault(error.to_string()))?;
    match answer {
        // What came out of an observer that was killed need not be its own word.
        Ok(Some(Ok(answer))) if status.success() => Ok(answer),
        Ok(Some(Err(reason))) => Err(fault(reason)),
        Err(error) if status.success() => Err(fault(format!("its evidence is lost: {error}"))),
        _ => Err(fault(format!(
            "the observer ended with {status}: {}",
            words.trim()
        ))),
    }
}

/// How long an observer may take beyond the time of its run.
const PATIENCE: Duration = Duration::from_secs(30);

/// A pipe from an observer. A program under test may stop the observer by a signal, which it cannot
/// refuse: so it is sent on while it is waited for, and killed if it never comes to its end.
struct Patient<P> {
    pipe: P,
    pid: Pid,
    until: Instant,
}

impl<P: Read + AsFd> Read for Patient<P> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        const TICK_MS: u16 = 500;
        loop {
            let mut polled = [PollFd::new(self.pipe.as_fd(), PollFlags::POLLIN)];
            match poll(&mut polled, PollTimeout::from(TICK_MS)) {
                Ok(0) if Instant::now() > self.until => {
                    let _ = kill(self.pid, Signal::SIGKILL);
                    return Err(io::ErrorKind::TimedOut.into());
                }
                Ok(0) => {
                    let _ = kill(self.pid, Signal::SIGCONT);
                }
                Err(nix::Error::EINTR) => {}
                Ok(_) => return self.pipe.read(buffer),
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// Takes what an observer writes; `None` if that is not what an observer writes.
fn take_answer(mut output: impl Read, folder: &Path) -> io::Result<Option<Result<Answer, String>>> {
    // Read first and parsed then: byte by byte from a pipe takes several times as long.
    let mut json = Vec::new();
    output.by_ref().take(SHORT).read_to_end(&mut json)?;
    if (json.len() as u64) < SHORT {
        let told = serde_json::from_slice::<Told>(&json).ok();
        return Ok(told.map(|told| told.map(Answer::from)));
    }
    let result = nameless(folder.parent().unwrap_or(folder)).and_then(|mut file| {
        file.write_all(&json)?;
        io::copy(&mut output, &mut file)?;
        Ok(file)
    });
    // However that went, the observer comes to its end.
    io::copy(&mut output, &mut io::sink())?;
    Ok(Some(Ok(Answer::Long(result?))))
}

/// A file without a name; where the file system knows none (open(2): O_TMPFILE), one that lost it.
fn nameless(folder: &Path) -> io::Result<File> {
    let mut how = File::options();
    how.read(true).write(true).mode(0o600);
    let made = how.clone().custom_flags(libc::O_TMPFILE).open(folder);
    made.or_else(|_| {
        let path = folder.join("evidence");
        let file = how.create_new(true).open(&path)?;
        std::fs::remove_file(&path)?;
        Ok(file)
    })
}

/// The evidence of a scenario that is to be explored and could not be: why, as a clause that can
/// follow "because".
pub fn unexplored(scenario: &Scenario, reason: &str) -> Evidence {
    run::unexplored(scenario, reason)
}

/// Bytes in a page of this machine.
pub fn page_size() -> u64 {
    let bytes = sysconf(SysconfVar::PAGE_SIZE).ok().flatten();
    bytes.map_or(4096, |bytes| bytes as u64)
}

/// The observer process that runs a scenario once.
pub fn serve() -> ExitCode {
    serve_by(|job| run::run(&job.program, &job.beside, &job.scenario, &job.folder))
}

/// An observer process: a job on standard input, the evidence on standard output.
pub fn serve_by(work: impl FnOnce(&Job) -> io::Result<Evidence>) -> ExitCode {
    let result = take_job().and_then(|job| {
        work(&job).map_err(|error| format!("{error} (in `{}`)", job.folder.display()))
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
