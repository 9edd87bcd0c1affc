//! One actor of a run: its process, its streams, and how it ended.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use libc::pid_t;

use crate::evidence::ending::{Actor, Ending, Fault};

use crate::observe::child::Child;
use crate::observe::process::Streams;
use crate::scenario::ActorSpec;

/// An actor under way.
#[derive(Debug)]
pub struct ActorRun {
    /// What was started; `None` before.
    pub child: Option<Child>,
    /// When it was started.
    pub began: Option<Instant>,
    /// How long its first process lived.
    pub lived: Option<Duration>,
    /// Its own processes in order of appearance; the first is the one that was started.
    pub processes: Vec<pid_t>,
    /// Why it was ended, if somebody ended it on purpose.
    pub ended_for: Option<Ending>,
    /// How its first process ended.
    pub ending: Option<Ending>,
    /// The last memory fault of its first process, by signal.
    pub fault: Option<(i32, Fault)>,
    /// The start of a line of standard output that is not complete yet.
    pub line: Vec<u8>,
    /// Bytes of its writes to standard streams that the trace keeps.
    pub(super) told: usize,
    /// Processor time of all its processes that have ended, milliseconds.
    pub cpu_ms: u64,
    /// Peak of its first process, KiB.
    pub peak_rss_kib: u64,
    /// How many looks in a row found it asleep.
    pub asleep: u32,
    /// Whether it has mapped a file that is no library.
    pub has_mapped: bool,
}

impl ActorRun {
    /// Not started yet.
    pub fn new() -> ActorRun {
        ActorRun {
            child: None,
            began: None,
            lived: None,
            processes: Vec::new(),
            ended_for: None,
            ending: None,
            fault: None,
            line: Vec::new(),
            told: 0,
            cpu_ms: 0,
            peak_rss_kib: 0,
            asleep: 0,
            has_mapped: false,
        }
    }

    /// Started and not ended.
    pub fn is_running(&self) -> bool {
        self.child.is_some() && self.ending.is_none()
    }

    /// Neither started nor given up.
    pub fn is_waiting(&self) -> bool {
        self.child.is_none() && self.ending.is_none()
    }

    /// Whether it was ended because it wrote, asked or forked without end, or filled its folder.
    pub fn went_on_without_end(&self) -> bool {
        matches!(
            self.ending,
            Some(
                Ending::Flooded { .. }
                    | Ending::TooManyCalls { .. }
                    | Ending::TooManyProcesses { .. }
                    | Ending::TooMuchContent { .. }
                    | Ending::TooMuchChange { .. }
            )
        )
    }

    /// Its first process.
    pub fn pid(&self) -> Option<pid_t> {
        self.child.as_ref().map(|child| child.pid.as_raw())
    }

    /// Its pipes; empty ones if it was not started.
    pub fn streams(&self) -> Option<&Streams> {
        self.child.as_ref().map(|child| &child.streams)
    }

    /// Takes what it has written; tells how much the longer stream has.
    pub fn take_output(&mut self) -> io::Result<u64> {
        let Some(child) = &mut self.child else {
            return Ok(0);
        };
        child.stdout.take()?;
        child.stderr.take()?;
        Ok(child.stdout.total().max(child.stderr.total()))
    }

    /// What to poll for it.
    pub fn descriptors(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        let child = self.child.iter();
        child.flat_map(|child| {
            let pipes = [child.stdout.pipe(), child.stderr.pipe()];
            let pipes = pipes.into_iter().flatten().map(AsFd::as_fd);
            pipes.chain(child.listener.as_ref().map(OwnedFd::as_fd))
        })
    }

    /// What is left of it as evidence.
    pub fn actor(self, spec: &ActorSpec) -> Actor {
        let captured = self
            .child
            .map(|child| (child.stdout.captured(), child.stderr.captured()));
        let (stdout, stderr) = captured.unwrap_or_default();
        Actor {
            name: spec.name.clone(),
            arguments: spec.arguments.clone(),
            ending: self.ending.unwrap_or(Ending::NeverDue),
            stdout,
            stderr,
            cpu_ms: self.cpu_ms,
            peak_rss_kib: self.peak_rss_kib,
        }
    }
}

/// The lines that bytes complete, after what was there of the first one before.
pub fn completed_lines(pending: &mut Vec<u8>, bytes: &[u8]) -> Vec<Vec<u8>> {
    /// A line that goes on for ever is not kept for ever.
    const LONGEST: usize = 64 * 1024;
    let mut lines = Vec::new();
    for &byte in bytes {
        if byte == b'\n' {
            lines.push(std::mem::take(pending));
        } else if pending.len() < LONGEST {
            pending.push(byte);
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_may_come_in_pieces() {
        let mut pending = Vec::new();
        assert!(completed_lines(&mut pending, b"size: ").is_empty());
        assert_eq!(
            completed_lines(&mut pending, b"5\na\nb"),
            [b"size: 5".to_vec(), b"a".to_vec()]
        );
        assert_eq!(pending, b"b");
    }
}
