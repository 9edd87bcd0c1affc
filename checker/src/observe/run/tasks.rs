//! The processes and threads of a run, and the few things done to them.

use std::time::Instant;

use libc::pid_t;

use crate::observe::sys::{self, Waited};
use crate::scenario::Happening;

/// A process or thread that is traced.
#[derive(Debug)]
pub struct Task {
    /// The process it belongs to.
    pub leader: pid_t,
    /// Index of its actor.
    pub actor: usize,
    /// The number of its process within the actor.
    pub process: usize,
    /// The event of the system call it is in.
    pub in_call: Option<usize>,
    /// Whether it is a process with memory of its own that was started and has not begun yet.
    pub is_new: bool,
    /// Whether it has left its program for good.
    pub leaving: bool,
    /// Why it is kept where it stands.
    pub hold: Option<Hold>,
}

/// A task that stands still until something happens.
#[derive(Clone, Debug)]
pub struct Hold {
    /// Any of these sets it free.
    pub until: Vec<Happening>,
    /// When it began.
    pub since: Instant,
    /// How it goes on then: PTRACE_CONT or PTRACE_SYSCALL.
    pub request: libc::c_uint,
    /// The rule that holds it.
    pub rule: String,
}

/// Lets a task that was killed and stopped once more on its way out go on.
pub fn let_die(waited: Waited) {
    if libc::WIFSTOPPED(waited.status) {
        let _ = sys::resume(waited.pid, libc::PTRACE_CONT, 0);
    }
}
