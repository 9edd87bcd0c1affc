//! The actors of a scenario: how each run gets them.
//!
//! A program takes longer to start than to be explored. So each actor is started once and stopped
//! before its first call that names something in the scenario's folder; every run begins with a copy
//! of it. Where a copy would not be as good as a new start, each run starts the program.

use std::fs;
use std::io;
use std::mem;
use std::path::PathBuf;

use checker::evidence::ending::Captured;
use checker::observe::capture::Capture;
use checker::observe::child::{self, Child, Filter};
use checker::observe::process::Streams;
use libc::user_regs_struct;

use crate::files::Files;
use crate::names;
use crate::space::Space;
use crate::tracee::{Pace, SYSCALL_LENGTH, Stop, Tracee, Waited};
use crate::trouble::{Followed, Trouble};
use crate::world::Stage;

/// One actor.
pub struct Actor {
    number: usize,
    /// What was started last.
    child: Option<Child>,
    original: Original,
}

/// What the runs get copies of.
enum Original {
    /// Not known yet.
    Unknown,
    /// None: each run starts the program.
    None,
    /// This one.
    Stopped(Box<Stopped>),
}

/// A program that was started and stands before its first call that has to do with the folder.
struct Stopped {
    tracee: Tracee,
    /// Its registers at the entry of the call.
    entry: user_regs_struct,
    tid_address: u64,
    robust_list: Option<(u64, u64)>,
}

/// A process at the beginning of a run.
pub enum Entrance {
    /// It stands at the entry of a call.
    AtCall(Tracee, Space),
    /// It is to be let go from its exec.
    AtExec(Tracee),
    /// It could not be started: why.
    Refused(Tracee, String),
}

impl Actor {
    /// The actor of this number.
    pub fn new(number: usize) -> Actor {
        Actor {
            number,
            child: None,
            original: Original::Unknown,
        }
    }

    /// A process for a run.
    pub fn enter(&mut self, stage: &Stage<'_>) -> Followed<Entrance> {
        if matches!(self.original, Original::Unknown) {
            self.original = self.stop_at_folder(stage)?;
        }
        let Original::Stopped(stopped) = &self.original else {
            return self.start(stage);
        };
        let gate = stopped.entry.rip - SYSCALL_LENGTH;
        let pid = stopped.tracee.copy(gate, stopped.tid_address)?;
        let tracee = Tracee::of(pid)?;
        tracee.wait_without_end()?;
        if let Some((head, length)) = stopped.robust_list {
            let arguments = [head, length, 0, 0, 0, 0];
            tracee.inject(gate, libc::SYS_set_robust_list, arguments)?;
        }
        tracee.repeat_call(stopped.entry)?;
        let space = Space {
            regions: Vec::new(),
            gate: Some(gate),
        };
        Ok(Entrance::AtCall(tracee, space))
    }

    fn start(&mut self, stage: &Stage<'_>) -> Followed<Entrance> {
        let scenario = stage.scenario;
        let spec = &scenario.actors[self.number];
        let (program, limits) = (stage.program, &scenario.limits);
        let mut child = child::start(program, spec, stage.folder, &[], limits, Filter::Every)?;
        let mut tracee = Tracee::seize(child.pid).map_err(|error| match error.raw_os_error() {
            Some(libc::EPERM | libc::EACCES) => Trouble::Unfit(format!(
                "this machine does not let processes be traced ({error})"
            )),
            _ => Trouble::Fault(error),
        })?;
        child.open_gate()?;
        let child = self.child.insert(child);
        // Up to its exec it is still the explorer's own.
        loop {
            match tracee.wait_without_end()? {
                Stop::Exec => {
                    tracee.has_new_memory()?;
                    return Ok(Entrance::AtExec(tracee));
                }
                Stop::Exited(_) | Stop::Killed(_) => {
                    let refusal = child.refusal();
                    let reason = refusal.unwrap_or_else(|| "it ended before it began".to_owned());
                    return Ok(Entrance::Refused(tracee, reason));
                }
                _ => tracee.resume(Pace::Run, 0)?,
            }
        }
    }

    /// Starts the program and lets it go to its first call that has to do with the folder. Copies of
    /// it would share what it has open, and have only one of its threads.
    fn stop_at_folder(&mut self, stage: &Stage<'_>) -> Followed<Original> {
        let spec = &stage.scenario.actors[self.number];
        let Entrance::AtExec(mut tracee) = self.start(stage)? else {
            return Ok(Original::None);
        };
        let mut tid_address = 0;
        let files = Files::new(stage.folder);
        let mut signal = 0;
        loop {
            tracee.resume(Pace::Run, mem::take(&mut signal))?;
            match tracee.wait(stage.deadline)? {
                Waited::Stopped(Stop::Call) => {
                    let entry = tracee.registers()?;
                    match entry.orig_rax as libc::c_long {
                        libc::SYS_set_tid_address => tid_address = entry.rdi,
                        number if names::are_inside(&files, &tracee, number, &entry) => {
                            let has_spoken = self.take_output()? > 0;
                            if tid_address == 0
                                || has_spoken
                                || !spec.input.0.is_empty()
                                || !can_be_copied(&tracee)
                            {
                                break;
                            }
                            let robust_list = tracee.robust_list();
                            tracee.leave_call()?;
                            return Ok(Original::Stopped(Box::new(Stopped {
                                tracee,
                                entry,
                                tid_address,
                                robust_list,
                            })));
                        }
                        _ => {}
                    }
                }
                Waited::Stopped(Stop::Exec) => {
                    tracee.has_new_memory()?;
                    tid_address = 0;
                }
                Waited::Stopped(Stop::Signal(other)) => signal = other,
                Waited::Stopped(Stop::Nothing | Stop::CallDone) => {}
                Waited::Stopped(Stop::Exited(_) | Stop::Killed(_)) => return Ok(Original::None),
                // It starts others, or waits for something, before it has to do with any file.
                Waited::Stopped(Stop::Forked(child, _)) => {
                    Tracee::of(child)?.kill()?;
                    break;
                }
                Waited::Asleep | Waited::Dead | Waited::Late => break,
            }
        }
        tracee.kill()?;
        Ok(Original::None)
    }

    /// The pipes that are its standard streams.
    pub fn streams(&self) -> Option<&Streams> {
        self.child.as_ref().map(|child| &child.streams)
    }

    /// Takes what its processes have written. How many bytes that is.
    pub fn take_output(&mut self) -> io::Result<u64> {
        let mut taken = 0;
        for stream in self.captures() {
            let before = stream.total();
            stream.take()?;
            taken += stream.total() - before;
        }
        Ok(taken)
    }

    /// All that its processes have written to standard output and standard error since the last time.
    pub fn hand_over(&mut self) -> io::Result<(Captured, Captured)> {
        while self.take_output()? > 0 {}
        let mut captured = self.captures().map(Capture::hand_over);
        let out = captured.next().unwrap_or_default();
        Ok((out, captured.next().unwrap_or_default()))
    }

    fn captures(&mut self) -> impl Iterator<Item = &mut Capture> {
        let child = self.child.iter_mut();
        child.flat_map(|child| [&mut child.stdout, &mut child.stderr])
    }
}

impl Drop for Actor {
    fn drop(&mut self) {
        if let Original::Stopped(stopped) = &self.original {
            // If that fails, it goes with this process (PTRACE_O_EXITKILL).
            let _ = stopped.tracee.kill();
        }
    }
}

/// Whether a copy of a process would be as good as the process: it has one thread, no file open but
/// its standard streams, and no memory that it shares.
fn can_be_copied(tracee: &Tracee) -> bool {
    let own = PathBuf::from(format!("/proc/{}", tracee.pid));
    let threads = fs::read_dir(own.join("task")).map_or(0, Iterator::count);
    let is_open = |entry: io::Result<fs::DirEntry>| {
        entry.is_ok_and(|entry| !matches!(entry.file_name().to_str(), Some("0" | "1" | "2")))
    };
    let others =
        fs::read_dir(own.join("fd")).map_or(1, |all| all.map(is_open).filter(|&is| is).count());
    let maps = fs::read_to_string(own.join("maps")).unwrap_or_default();
    let shares = |line: &str| {
        line.split(' ')
            .nth(1)
            .is_some_and(|letters| letters.ends_with('s'))
    };
    threads == 1 && others == 0 && !maps.is_empty() && !maps.lines().any(shares)
}
