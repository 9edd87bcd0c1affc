//! Stops of traced tasks: what each means, and how the task goes on.

use std::io;
use std::time::{Duration, Instant};

use libc::{c_int, pid_t};

use crate::evidence::ending::{Ending, Fault};
use crate::evidence::trace::{Call, FileRef, Open, Stream, What};
use crate::observe::decode::{self, Eyes};
use crate::observe::process::{self, Seen};
use crate::observe::sys::{self, SyscallStop, Waited};
use crate::observe::{calls, flags};
use crate::scenario::Side;

use super::Run;
use super::actor::completed_lines;
use super::tasks::Task;

/// Bytes of an actor's writes to standard streams that the trace keeps.
const TOLD: usize = 128 << 10;

/// The stop that PTRACE_SEIZE brings for new tasks and group stops (ptrace(2)).
const EVENT_STOP: c_int = 128;
/// A system call stop, told from a SIGTRAP by PTRACE_O_TRACESYSGOOD.
const SYSCALL_STOP: c_int = libc::SIGTRAP | 0x80;

/// Signals that leave a process alone unless it asks for them (signal(7)).
const HARMLESS: [c_int; 5] = [
    libc::SIGCHLD,
    libc::SIGURG,
    libc::SIGWINCH,
    libc::SIGCONT,
    libc::SIGSTOP,
];

impl Run<'_> {
    /// Takes one change of state.
    pub(super) fn changed(&mut self, waited: Waited) -> io::Result<()> {
        self.clock.stir();
        let (tid, status) = (waited.pid, waited.status);
        if libc::WIFEXITED(status) || libc::WIFSIGNALED(status) {
            self.strangers.remove(&tid);
            self.gone(waited);
            return Ok(());
        }
        if !libc::WIFSTOPPED(status) {
            return Ok(());
        }
        // What is new may stop before the one that started it, who alone knows that it did
        // (clone(2): CLONE_PARENT), stops for that.
        if status >> 16 == EVENT_STOP && !self.tasks.contains_key(&tid) {
            self.strangers.insert(tid, Instant::now());
            return Ok(());
        }
        // A stranger that was killed, on its way out.
        let is_exit = status >> 16 == libc::PTRACE_EVENT_EXIT;
        if is_exit && !self.tasks.contains_key(&tid) && !self.strangers.contains_key(&tid) {
            return sys::resume(tid, libc::PTRACE_CONT, 0);
        }
        self.adopt(tid, None);
        match (status >> 16, libc::WSTOPSIG(status)) {
            (libc::PTRACE_EVENT_SECCOMP, _) => self.entered(tid),
            (0, SYSCALL_STOP) => self.returned(tid),
            (0, signal) => self.signalled(tid, signal),
            (libc::PTRACE_EVENT_FORK | libc::PTRACE_EVENT_VFORK | libc::PTRACE_EVENT_CLONE, _) => {
                if let Ok(child) = sys::event_message(tid) {
                    let child = child as pid_t;
                    self.adopt(child, Some(tid));
                    if self.strangers.remove(&child).is_some() {
                        self.begins(child)?;
                    }
                }
                self.go_on(tid)
            }
            (libc::PTRACE_EVENT_EXEC, _) => self.became(tid),
            (libc::PTRACE_EVENT_EXIT, _) => {
                let has_left = self.leaves(tid);
                let is_first = self
                    .tasks
                    .get(&tid)
                    .is_some_and(|task| self.actors[task.actor].pid() == Some(task.leader));
                if has_left && is_first {
                    self.reach_end(tid)
                } else {
                    sys::resume(tid, libc::PTRACE_CONT, 0)
                }
            }
            // A stopping signal of job control: the task stays stopped and goes on being watched.
            (EVENT_STOP, libc::SIGSTOP | libc::SIGTSTP | libc::SIGTTIN | libc::SIGTTOU) => {
                sys::resume(tid, libc::PTRACE_LISTEN, 0)
            }
            (EVENT_STOP, _) => self.begins(tid),
            _ => self.go_on(tid),
        }
    }

    /// One that was killed in the middle tells nobody whom it started: what would run then is
    /// nobody's, and nobody knows what it has mapped. It ends where it stands, as something that
    /// was left behind.
    pub(super) fn end_strangers(&mut self) {
        const PATIENCE: Duration = Duration::from_secs(2);
        let tasks = &self.tasks;
        let leftovers = &mut self.leftovers;
        self.strangers.retain(|&tid, since| {
            let is_left = since.elapsed() > PATIENCE;
            if is_left && !tasks.contains_key(&tid) {
                leftovers.extend(process::activity(tid).map(|activity| activity.command));
                process::kill(tid);
            }
            !is_left
        });
    }

    /// A task that is seen for the first time.
    fn adopt(&mut self, tid: pid_t, parent: Option<pid_t>) {
        if self.tasks.contains_key(&tid) {
            return;
        }
        let leader = process::leader(tid).unwrap_or(tid);
        let kin = if leader == tid {
            parent.or_else(|| process::activity(tid).map(|activity| activity.parent))
        } else {
            Some(leader)
        };
        let parent = kin;
        let kin = kin
            .and_then(|kin| self.tasks.get(&kin))
            .map(|task| (task.actor, task.process));
        let (actor, relative) = kin.unwrap_or((0, 0));
        let mut is_new = false;
        let number = if leader == tid {
            let processes = &mut self.actors[actor].processes;
            processes.push(tid);
            let number = processes.len() - 1;
            let shares = parent.is_some_and(|parent| process::share_memory(parent, tid));
            is_new = kin.is_some() && !shares;
            let process = number;
            self.record(actor, relative, What::Started { process, shares });
            number
        } else {
            self.record(actor, relative, What::Thread);
            relative
        };
        let task = Task {
            leader,
            actor,
            process: number,
            in_call: None,
            is_new,
            leaving: false,
            hold: None,
        };
        self.tasks.insert(tid, task);
        let limit = self.scenario.limits.processes;
        // The last step of one that is leaving may come after others have waited for its end.
        let stay = self.tasks.values().filter(|task| !task.leaving);
        if stay.count() as u64 > limit {
            self.end_actor(actor, Ending::TooManyProcesses { limit });
        }
    }

    /// A task stands where it begins, or at a later stop that asks for nothing.
    fn begins(&mut self, tid: pid_t) -> io::Result<()> {
        let task = self.tasks.get_mut(&tid);
        if task.is_some_and(|task| std::mem::take(&mut task.is_new)) {
            self.reach_begin(tid)
        } else {
            self.go_on(tid)
        }
    }

    /// Lets a task go on; to the end of the call it is in, if it is in one.
    pub(super) fn go_on(&mut self, tid: pid_t) -> io::Result<()> {
        let in_call = self
            .tasks
            .get(&tid)
            .is_some_and(|task| task.in_call.is_some());
        sys::resume(
            tid,
            if in_call {
                libc::PTRACE_SYSCALL
            } else {
                libc::PTRACE_CONT
            },
            0,
        )
    }

    /// The entry of a watched call.
    fn entered(&mut self, tid: pid_t) -> io::Result<()> {
        let (Some(task), Ok(SyscallStop::Entry { number, arguments })) =
            (self.tasks.get(&tid), sys::syscall_stop(tid))
        else {
            return sys::resume(tid, libc::PTRACE_CONT, 0);
        };
        let (actor, process) = (task.actor, task.process);
        let watched = calls::spec(number);
        // What is not mapped cannot be carried.
        if watched.is_none() && !self.actors[actor].has_mapped {
            return sys::resume(tid, libc::PTRACE_CONT, 0);
        }
        let Some(&streams) = self.actors[actor].streams() else {
            return sys::resume(tid, libc::PTRACE_CONT, 0);
        };
        let limit = self.scenario.limits.calls;
        if self.trace.len() as u64 >= limit {
            self.end_actor(actor, Ending::TooManyCalls { limit });
            return Ok(());
        }
        let seen = Seen {
            pid: tid,
            folder: &self.folder,
            streams: &streams,
        };
        let spec = watched.or_else(|| calls::carrier_spec(number));
        let mut call = match spec {
            Some(spec) => decode::call(spec, arguments, &seen),
            None => decode::other(number, arguments),
        };
        if watched.is_none() && !seen.has_files_at(&call.buffers) {
            return sys::resume(tid, libc::PTRACE_CONT, 0);
        }
        let lines = self.lines_of(actor, &call);
        self.keep_little(actor, &mut call);
        let index = self.record(actor, process, What::Call(call));
        if let Some(task) = self.tasks.get_mut(&tid) {
            task.in_call = Some(index);
        }
        self.reach_call(tid, index, Side::Entry, &lines)
    }

    /// The lines of standard output that a write would complete.
    fn lines_of(&mut self, actor: usize, call: &Call) -> Vec<Vec<u8>> {
        let stream = call.file.as_ref().and_then(|file| file.stream);
        match (&call.data, stream) {
            (Some(data), Some(Stream::Stdout)) => {
                completed_lines(&mut self.actors[actor].line, &data.0)
            }
            _ => Vec::new(),
        }
    }

    /// What an actor says without end is not all kept: the trace would grow with it.
    fn keep_little(&mut self, actor: usize, call: &mut Call) {
        let told = &mut self.actors[actor].told;
        let is_said = call.file.as_ref().is_some_and(|file| file.stream.is_some());
        if let Some(data) = call.data.as_mut().filter(|_| is_said) {
            data.0.truncate(TOLD.saturating_sub(*told));
            *told += data.0.len();
        }
    }

    /// The return of a watched call.
    fn returned(&mut self, tid: pid_t) -> io::Result<()> {
        let Some(index) = self
            .tasks
            .get_mut(&tid)
            .and_then(|task| task.in_call.take())
        else {
            return sys::resume(tid, libc::PTRACE_CONT, 0);
        };
        let Ok(SyscallStop::Exit { result }) = sys::syscall_stop(tid) else {
            return sys::resume(tid, libc::PTRACE_CONT, 0);
        };
        let actor = self.trace[index].actor;
        let streams = self.actors[actor].streams().copied();
        let returned = self.trace.len();
        let mut succeeded = false;
        if let What::Call(call) = &mut self.trace[index].what {
            call.result = Some(result);
            call.returned = Some(returned);
            succeeded = call.succeeded();
            let is_library =
                |file: &FileRef| file.path.starts_with('/') && file.path.contains(".so");
            let maps = call.is(&["mmap"]) && call.file.as_ref().is_some_and(|it| !is_library(it));
            self.actors[actor].has_mapped |= succeeded && maps;
            if let (true, Some(streams), Some(_)) = (succeeded, streams, Open::of(call)) {
                let seen = Seen {
                    pid: tid,
                    folder: &self.folder,
                    streams: &streams,
                };
                call.file = seen.descriptor(result as i32).or(call.file.take());
            }
        }
        if succeeded {
            self.reach_call(tid, index, Side::Exit, &[])
        } else {
            self.go_on(tid)
        }
    }

    /// A signal on its way to a task.
    fn signalled(&mut self, tid: pid_t, signal: c_int) -> io::Result<()> {
        let Some(task) = self.tasks.get(&tid) else {
            return sys::resume(tid, libc::PTRACE_CONT, signal);
        };
        let (actor, process, leader) = (task.actor, task.process, task.leader);
        if !HARMLESS.contains(&signal) && (self.trace.len() as u64) < self.scenario.limits.calls {
            let fault = matches!(signal, libc::SIGSEGV | libc::SIGBUS)
                .then(|| sys::signal_info(tid).ok())
                .flatten()
                // A code above 0 is the kernel's own; kill(2) gives no address.
                .filter(|info| info.code > 0)
                .map(|info| self.fault(tid, actor, signal, info));
            let name = flags::signal(signal);
            let what = What::Signal {
                address: fault.as_ref().map(|fault| fault.address),
                within: fault.as_ref().and_then(|fault| fault.within.clone()),
                signal: name,
            };
            // A handler that restores the default and returns meets the same fault again.
            if self.trace.last().is_none_or(|last| last.what != what) {
                self.record(actor, process, what);
            }
            if self.actors[actor].pid() == Some(leader) {
                self.actors[actor].fault = fault.map(|fault| (signal, fault));
            }
        }
        let in_call = self
            .tasks
            .get(&tid)
            .is_some_and(|task| task.in_call.is_some());
        let request = if in_call {
            libc::PTRACE_SYSCALL
        } else {
            libc::PTRACE_CONT
        };
        sys::resume(tid, request, signal)
    }

    fn fault(&self, tid: pid_t, actor: usize, signal: c_int, info: sys::SignalInfo) -> Fault {
        let within = self.actors[actor].streams().and_then(|streams| {
            let seen = Seen {
                pid: tid,
                folder: &self.folder,
                streams,
            };
            seen.place(info.address)
        });
        Fault {
            address: info.address,
            code: flags::fault(signal, info.code),
            within,
        }
    }

    /// A process became another program; its other threads are gone.
    fn became(&mut self, tid: pid_t) -> io::Result<()> {
        self.tasks
            .retain(|&other, task| task.leader != tid || other == tid);
        if let Some(task) = self.tasks.get_mut(&tid) {
            let asked = task.in_call.take();
            let (actor, process) = (task.actor, task.process);
            self.answered_by_program(asked);
            let path = std::fs::read_link(format!("/proc/{tid}/exe")).unwrap_or_default();
            let path = process::relative(&path, &self.folder);
            self.record(actor, process, What::Became { path });
        }
        sys::resume(tid, libc::PTRACE_CONT, 0)
    }

    /// The call that made a process another program succeeded, and returned nowhere.
    fn answered_by_program(&mut self, asked: Option<usize>) {
        let returned = self.trace.len();
        if let Some(What::Call(call)) = asked.map(|index| &mut self.trace[index].what) {
            call.result = Some(0);
            call.returned = Some(returned);
        }
    }

    /// A task has left its program; with the last one the process does. Tells whether it has.
    fn leaves(&mut self, tid: pid_t) -> bool {
        let Some(task) = self.tasks.get_mut(&tid) else {
            return false;
        };
        task.leaving = true;
        let (leader, actor, process) = (task.leader, task.actor, task.process);
        let mut own = self.tasks.values().filter(|task| task.leader == leader);
        let has_left = own.all(|task| task.leaving);
        if has_left {
            self.record(actor, process, What::Leaving);
        }
        has_left
    }

    /// A task, or an untraced process, has ended.
    fn gone(&mut self, waited: Waited) {
        let pid = waited.pid;
        let task = self.tasks.remove(&pid);
        if let Some(task) = &task
            && task.leader == pid
        {
            let (actor, process) = (task.actor, task.process);
            self.actors[actor].cpu_ms += waited.cpu_ms;
            self.record(actor, process, What::Ended);
        }
        let Some(n) = self
            .actors
            .iter()
            .position(|actor| actor.pid() == Some(pid))
        else {
            return;
        };
        if task.is_none() {
            self.actors[n].cpu_ms += waited.cpu_ms;
        }
        let limit_s = self.scenario.limits.cpu_s;
        let actor = &mut self.actors[n];
        actor.peak_rss_kib = waited.peak_rss_kib;
        let refusal = actor.child.as_mut().and_then(|child| child.refusal());
        let ending = match (actor.ended_for.take(), refusal) {
            (Some(reason), _) => reason,
            (None, Some(reason)) => Ending::NotStarted { reason },
            (None, None) if libc::WIFEXITED(waited.status) => Ending::Exited {
                code: libc::WEXITSTATUS(waited.status),
            },
            (None, None) => {
                let signal = libc::WTERMSIG(waited.status);
                let used_up = signal == libc::SIGKILL && waited.cpu_ms >= limit_s * 1000;
                if signal == libc::SIGXCPU || used_up {
                    Ending::TooMuchCpu { limit_s }
                } else {
                    let fault = actor.fault.take().filter(|(number, _)| *number == signal);
                    Ending::Killed {
                        signal: flags::signal(signal),
                        fault: fault.map(|(_, fault)| fault),
                    }
                }
            }
        };
        actor.ending = Some(ending);
        actor.lived = actor.began.map(|began| began.elapsed());
        if let Some(leader) = task.map(|task| task.leader) {
            // Threads that exec or exit left behind have no end of their own to wait for.
            self.tasks.retain(|_, task| task.leader != leader);
        }
    }
}
