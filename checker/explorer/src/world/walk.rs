//! Going on from one point to the next.

use std::hash::{DefaultHasher, Hash, Hasher};

use std::time::Instant;

use checker::evidence::ending::Ending;
use checker::evidence::schedule::LETTERS;
use libc::user_regs_struct;
use nix::unistd::Pid;

use crate::space::Space;
use crate::tracee::{Pace, Stop, Tracee, Waited};
use crate::trouble::{Followed, Trouble};

use super::{At, Point, Ready, What, World};

/// How many bytes of its stack make up where a task is, from the red zone below it on.
const STACK: (u64, usize) = (128, 1024);

/// How many bytes of each range of its data make up how far a task is.
const DATA: u64 = 64 << 10;

impl World<'_> {
    /// Lets a task go on until it stands at a point or has ended.
    pub(super) fn walk(&mut self, task: usize, mut pace: Pace) -> Followed<()> {
        loop {
            if Instant::now() > self.stage.deadline {
                return Err(Trouble::Late);
            }
            let signal = match std::mem::take(&mut self.tasks[task].signal) {
                0 => self.tasks[task].tracee.held_back(),
                signal => signal,
            };
            self.tasks[task].tracee.resume(pace, signal)?;
            pace = Pace::Run;
            match self.next_stop(task)? {
                Stop::Exited(code) => {
                    let ending = Ending::Exited { code };
                    let inside = self.tasks[task].inside.as_ref();
                    if inside.is_some_and(|call| call.number == libc::SYS_exit_group) {
                        self.end_leader(task, &ending)?;
                    }
                    return self.ended(task, ending);
                }
                Stop::Killed(signal) => {
                    let ending = self.killed(signal);
                    self.end_leader(task, &ending)?;
                    return self.ended(task, ending);
                }
                Stop::Signal(libc::SIGSEGV) => {
                    if self.stands_at_access(task)? {
                        return Ok(());
                    }
                    self.tasks[task].signal = libc::SIGSEGV;
                }
                Stop::Signal(signal) => self.tasks[task].signal = signal,
                Stop::Call => match self.entry(task)? {
                    Some(onward) => pace = onward,
                    None => return Ok(()),
                },
                Stop::CallDone => {
                    if self.call_done(task)? {
                        return Ok(());
                    }
                }
                Stop::Forked(pid, is_vfork) => {
                    let child = self.made(task, pid)?;
                    if is_vfork {
                        let registers = self.tasks[task].tracee.registers()?;
                        self.tasks[task].at = At::Point(Point {
                            operation: Default::default(),
                            ready: Ready::Vfork,
                            what: What::Vfork(child),
                            registers,
                        });
                        return Ok(());
                    }
                    if self.tasks[task].inside.is_some() {
                        pace = Pace::ToCallDone;
                    }
                }
                Stop::Exec => {
                    self.tasks[task].tracee.has_new_memory()?;
                    self.spaces.push(Space::default());
                    let new = self.spaces.len() - 1;
                    let walker = &mut self.tasks[task];
                    walker.space = new;
                    walker.seen.clear();
                    walker.inside = None;
                    self.vfork_is_over(task);
                }
                Stop::Nothing => {}
            }
        }
    }

    /// Waits for a task's next stop. One that waits for room in its standard output gets it.
    fn next_stop(&mut self, task: usize) -> Followed<Stop> {
        // The threads of a process that ends are killed by the kernel and have to be waited for.
        let inside = self.tasks[task].inside.as_ref();
        if inside.is_some_and(|call| call.number == libc::SYS_exit_group) {
            self.reap_threads(task)?;
        }
        loop {
            match self.tasks[task].tracee.wait(self.stage.deadline)? {
                Waited::Stopped(stop) => return Ok(stop),
                Waited::Late => return Err(Trouble::Late),
                Waited::Dead => {
                    self.reap_threads(task)?;
                    continue;
                }
                Waited::Asleep => {}
            }
            let mut taken = 0;
            for actor in &mut *self.cast {
                taken += actor.take_output()?;
            }
            if taken > 0 {
                continue;
            }
            let call = self.tasks[task].inside.as_ref();
            let call = call.map_or("a system call".to_owned(), |call| {
                format!("`{}`", self.text(task, call))
            });
            return Err(Trouble::Unfit(format!(
                "a process waits in {call} for something that the explorer does not follow"
            )));
        }
    }

    /// Takes in a process or thread that another made.
    fn made(&mut self, parent: usize, pid: Pid) -> Followed<usize> {
        if self.tasks.len() == LETTERS {
            return Err(Trouble::Unfit(format!(
                "the program starts more than {LETTERS} processes and threads"
            )));
        }
        let tracee = Tracee::of(pid)?;
        // It comes into being stopped.
        tracee.wait_without_end()?;
        let shares = checker::observe::process::share_memory(
            self.tasks[parent].tracee.pid.as_raw(),
            pid.as_raw(),
        );
        let space = self.tasks[parent].space;
        let space = if shares {
            space
        } else {
            self.spaces.push(self.spaces[space].clone());
            self.spaces.len() - 1
        };
        let child = self.add(tracee, self.tasks[parent].actor, space);
        // A lock of flock(2) belongs to the open file, which both have now.
        let flocks = self.tasks[parent].holds.iter();
        let flocks = flocks.filter(|hold| shares || hold.kind == libc::SYS_flock);
        self.tasks[child].holds = flocks.copied().collect();
        self.fresh.push(child);
        self.tasks[parent].children.push(child);
        Ok(child)
    }

    /// A task stands at a point, unless it was there before and has seen the same: then it waits
    /// for a change.
    pub(super) fn stand(&mut self, task: usize, mut point: Point, may_spin: bool) {
        let changes = self.changes;
        if may_spin && point.ready == Ready::Now {
            let here = self.here(task, &point.registers);
            if self.tasks[task].seen.insert(here, changes) == Some(changes) {
                // It may count in its own data.
                let with_data = here ^ self.own_data(task).rotate_left(1);
                if self.tasks[task].seen.insert(with_data, changes) == Some(changes) {
                    point.ready = Ready::Change(changes);
                }
            }
        }
        self.tasks[task].at = At::Point(point);
    }

    /// A hash of the data that is a task's own: what its program and its heap hold.
    fn own_data(&self, task: usize) -> u64 {
        let tracee = &self.tasks[task].tracee;
        let program = std::fs::read_link(format!("/proc/{}/exe", tracee.pid)).unwrap_or_default();
        let program = program.to_string_lossy();
        let maps =
            std::fs::read_to_string(format!("/proc/{}/maps", tracee.pid)).unwrap_or_default();
        let mut hasher = DefaultHasher::new();
        let mut follows = false;
        for line in maps.lines() {
            let of_program = line.ends_with(&*program);
            let is_nameless = line.split_whitespace().count() == 5;
            // Behind its data lies what begins as zeros.
            let counts = of_program || line.ends_with("[heap]") || follows && is_nameless;
            follows = of_program;
            if !counts || !line.contains(" rw-p ") {
                continue;
            }
            let range = line
                .split(' ')
                .next()
                .and_then(|range| range.split_once('-'));
            let number = |text| u64::from_str_radix(text, 16).unwrap_or(0);
            if let Some((from, to)) = range.map(|(from, to)| (number(from), number(to))) {
                let length = (to - from).min(DATA) as usize;
                tracee.read(from, length).hash(&mut hasher);
            }
        }
        hasher.finish()
    }

    /// A hash of where a task is: its registers and the top of its stack.
    pub(super) fn here(&self, task: usize, registers: &user_regs_struct) -> u64 {
        let mut hasher = DefaultHasher::new();
        let r = registers;
        [
            r.rip, r.rax, r.rbx, r.rcx, r.rdx, r.rsi, r.rdi, r.rbp, r.rsp, r.r8, r.r9, r.r10,
            r.r12, r.r13, r.r14, r.r15, r.orig_rax,
        ]
        .hash(&mut hasher);
        let (below, length) = STACK;
        let stack = self.tasks[task]
            .tracee
            .read(r.rsp.wrapping_sub(below), length);
        stack.hash(&mut hasher);
        hasher.finish()
    }
}
