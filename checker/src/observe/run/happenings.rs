//! What happens to an actor as a whole: it starts, it ends, it is blocked, it is ended.

use std::io;
use std::time::{Duration, Instant};

use libc::pid_t;

use crate::evidence::ending::Ending;
use crate::evidence::trace::What;
use crate::observe::child::{self, Filter};
use crate::observe::{process, sys};
use crate::scenario::{Action, Happening, Start, Watch};

use super::Run;
use super::tasks::{Hold, Task};

/// Asleep at this many looks in a row inside a watched call: blocked. A call that gets what it
/// wants does not sleep, and a disk is waited for in another state.
const LOOKS_IN_A_CALL: u32 = 3;
/// Asleep at this many looks in a row anywhere else.
const LOOKS_ELSEWHERE: u32 = 50;

/// How long a task is held for something that does not happen.
const HOLD: Duration = Duration::from_secs(3);

const OPTIONS: i32 = libc::PTRACE_O_EXITKILL
    | libc::PTRACE_O_TRACESECCOMP
    | libc::PTRACE_O_TRACESYSGOOD
    | libc::PTRACE_O_TRACEFORK
    | libc::PTRACE_O_TRACEVFORK
    | libc::PTRACE_O_TRACECLONE
    | libc::PTRACE_O_TRACEEXEC
    | libc::PTRACE_O_TRACEEXIT;

impl Run<'_> {
    /// Starts an actor; nothing where the scenario turned out to be impossible here.
    pub(super) fn start(&mut self, n: usize) -> io::Result<()> {
        if self.unavailable.is_some() {
            return Ok(());
        }
        let scenario = self.scenario;
        let begin = |filter| {
            child::start(
                self.program,
                &scenario.actors[n],
                &self.folder,
                self.pages.environment(),
                &scenario.limits,
                filter,
            )
        };
        let untraced = |filter| begin(filter).or_else(|_| begin(Filter::None));
        let mut child = match scenario.watch {
            Watch::Traced => begin(Filter::Trace)?,
            Watch::Untraced => untraced(Filter::Notify)?,
            Watch::Unwatched => untraced(Filter::Forks)?,
        };
        let pid = child.pid.as_raw();
        if scenario.watch == Watch::Traced && self.untraced.is_none() {
            match sys::seize(pid, OPTIONS) {
                Ok(()) => {
                    self.tasks.insert(
                        pid,
                        Task {
                            leader: pid,
                            actor: n,
                            process: 0,
                            in_call: None,
                            is_new: false,
                            leaving: false,
                            hold: None,
                        },
                    );
                }
                Err(error) => self.untraced = Some(refused(&error)),
            }
        }
        if self.untraced.is_some() && scenario.watch == Watch::Traced {
            // A filter without a tracer would refuse every watched call (seccomp(2)).
            process::kill(pid);
            nix::sys::wait::waitpid(child.pid, None)?;
            if self.acts() {
                self.unavailable.clone_from(&self.untraced);
                return Ok(());
            }
            child = untraced(Filter::Notify)?;
        }
        child.open_gate()?;
        let actor = &mut self.actors[n];
        actor.processes.push(child.pid.as_raw());
        actor.child = Some(child);
        actor.began = Some(Instant::now());
        self.clock.stir();
        Ok(())
    }

    /// Whether more is done in the scenario than looking: without a tracer it would be another one,
    /// which waits for input that nobody feeds, or moves gigabytes that were never to be moved.
    fn acts(&self) -> bool {
        let mut actions = self.scenario.rules.iter().flat_map(|rule| &rule.then);
        actions.any(|action| !matches!(action, Action::Look | Action::LookInside))
    }

    /// Starts what is due, and sets free what was held for something that has happened.
    pub(super) fn see_happenings(&mut self) -> io::Result<()> {
        if self.somebody_waits_for_blocking() {
            self.look_for_sleep();
        }
        for n in 0..self.actors.len() {
            if let Start::After(happening) = &self.scenario.actors[n].start
                && self.actors[n].is_waiting()
                && self.has_happened(happening)
            {
                self.start(n)?;
            }
        }
        let free: Vec<pid_t> = self
            .tasks
            .iter()
            .filter(|(_, task)| task.hold.as_ref().is_some_and(|hold| self.is_free(hold)))
            .map(|(&tid, _)| tid)
            .collect();
        for tid in free {
            self.set_free(tid)?;
        }
        Ok(())
    }

    fn set_free(&mut self, tid: pid_t) -> io::Result<()> {
        let Some(task) = self.tasks.get_mut(&tid) else {
            return Ok(());
        };
        let Some(hold) = task.hold.take() else {
            return Ok(());
        };
        let (actor, process) = (task.actor, task.process);
        self.record(
            actor,
            process,
            What::Rule {
                rule: hold.rule,
                did: "let it go on".to_owned(),
            },
        );
        self.clock.stir();
        sys::resume(tid, hold.request, 0)
    }

    fn is_free(&self, hold: &Hold) -> bool {
        let held = hold.since.elapsed();
        held >= HOLD
            || hold.until.iter().any(|happening| match happening {
                Happening::Elapsed(ms) => held >= Duration::from_millis(*ms),
                other => self.has_happened(other),
            })
    }

    fn has_happened(&self, happening: &Happening) -> bool {
        let named = |name: &str| {
            self.scenario
                .actors
                .iter()
                .position(|actor| actor.name == name)
        };
        let has_ended = |n: usize| {
            self.actors[n].ending.is_some() && self.tasks.values().all(|task| task.actor != n)
        };
        match happening {
            // A time belongs to a hold; by itself it never comes.
            Happening::Elapsed(_) => false,
            Happening::Ended(name) => named(name).is_some_and(has_ended),
            Happening::EndedQuickly {
                actors,
                cpu_ms,
                wall_ms,
            } => {
                let all: Option<Vec<usize>> = actors.iter().map(|name| named(name)).collect();
                all.is_some_and(|all| {
                    let cpu: u64 = all.iter().map(|&n| self.actors[n].cpu_ms).sum();
                    let wall = Duration::from_millis(*wall_ms);
                    let was_quick = |n: usize| self.actors[n].lived.is_some_and(|it| it < wall);
                    cpu < *cpu_ms && all.iter().all(|&n| has_ended(n) && was_quick(n))
                })
            }
            Happening::Blocked(name) => named(name).is_some_and(|n| {
                let in_call = self
                    .tasks
                    .values()
                    .any(|task| task.actor == n && task.in_call.is_some());
                let looks = if in_call {
                    LOOKS_IN_A_CALL
                } else {
                    LOOKS_ELSEWHERE
                };
                self.actors[n].is_running() && self.actors[n].asleep >= looks
            }),
        }
    }

    /// Whether a hold or a start depends on an actor being blocked.
    pub(super) fn somebody_waits_for_blocking(&self) -> bool {
        let is_blocking =
            |what: &Happening| matches!(what, Happening::Blocked(_) | Happening::Elapsed(_));
        let held = self
            .tasks
            .values()
            .filter_map(|task| task.hold.as_ref())
            .any(|hold| hold.until.iter().any(is_blocking));
        let starts = self
            .scenario
            .actors
            .iter()
            .zip(&self.actors)
            .any(|(spec, run)| {
                run.is_waiting()
                    && matches!(&spec.start, Start::After(happening) if is_blocking(happening))
            });
        held || starts
    }

    /// Looks at every running actor whether all of it sleeps.
    fn look_for_sleep(&mut self) {
        for (n, actor) in self.actors.iter_mut().enumerate() {
            let mut tasks = self
                .tasks
                .iter()
                .filter(|(_, task)| task.actor == n)
                .peekable();
            let sleeps = |tid: pid_t| process::activity(tid).is_some_and(|a| a.state == 'S');
            let is_asleep = tasks.peek().is_some()
                && tasks.all(|(&tid, task)| task.hold.is_none() && sleeps(tid));
            actor.asleep = if is_asleep { actor.asleep + 1 } else { 0 };
        }
    }

    /// Kills all of an actor; `reason` becomes its ending.
    pub(super) fn end_actor(&mut self, n: usize, reason: Ending) {
        let actor = &mut self.actors[n];
        if let Some(ending) = &mut actor.ending {
            // What it left running went too far.
            *ending = reason;
        } else {
            actor.ended_for.get_or_insert(reason);
        }
        // Not yet waited for, so its number is still its own.
        if let (None, Some(pid)) = (&actor.ending, actor.pid()) {
            if self.untraced.is_some() {
                process::descendants(pid)
                    .into_iter()
                    .for_each(process::kill);
            }
            process::kill(pid);
        }
        let own = self.tasks.iter().filter(|(_, task)| task.actor == n);
        for (_, task) in own {
            process::kill(task.leader);
        }
    }
}

fn refused(error: &io::Error) -> String {
    format!(
        "ptrace is refused here ({error}); in a container, allow it with --cap-add=SYS_PTRACE or \
         a seccomp profile that permits it"
    )
}
