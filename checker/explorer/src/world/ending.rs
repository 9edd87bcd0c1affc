//! How processes end: by themselves, by a signal, on purpose, or because nobody can go on.

use std::io;

use checker::evidence::ending::Ending;
use checker::evidence::exploration::Deed;
use nix::sys::signal::Signal;

use crate::files;
use crate::operation::Object;
use crate::trouble::Followed;

use super::{At, Point, Ready, What, World};

impl World<'_> {
    /// Time passes when nobody can do anything: who waits only for a while goes on, then who looks
    /// again and again, and at last nobody.
    pub(super) fn nobody_is_ready(&mut self) -> Followed<()> {
        let explore = self.stage.scenario.explore.as_ref();
        let most = explore.map_or(0, |explore| explore.looks);
        let looks = self.vain;
        if let Some(task) = self.first_with_timeout().filter(|_| looks < most) {
            self.vain += 1;
            return self.time_out(task);
        }
        let mut spins = false;
        for task in &mut self.tasks {
            if let At::Point(point) = &mut task.at
                && matches!(point.ready, Ready::Change(_))
            {
                spins = true;
                point.ready = Ready::Now;
            }
        }
        self.vain += 1;
        if spins && looks < most {
            return Ok(());
        }
        for task in 0..self.tasks.len() {
            let At::Point(point) = &self.tasks[task].at else {
                continue;
            };
            let ending = match &point.what {
                What::Call(call) if !matches!(point.ready, Ready::Now) => Ending::Deadlocked {
                    call: self.text(task, call),
                },
                What::Vfork(_) => Ending::Deadlocked {
                    call: "vfork()".to_owned(),
                },
                _ => Ending::Spinning { looks },
            };
            self.end(task, ending)?;
        }
        Ok(())
    }

    /// Kills a task and all threads of its process; they end so.
    pub(super) fn end(&mut self, task: usize, ending: Ending) -> io::Result<()> {
        if matches!(self.tasks[task].at, At::Ended(_)) {
            return Ok(());
        }
        // One that waits for what it made by vfork(2) cannot die before that.
        if let At::Point(Point {
            what: What::Vfork(child),
            ..
        }) = self.tasks[task].at
        {
            self.end(child, ending.clone())?;
        }
        let others = self.tasks[task].tracee.kill()?;
        for other in &mut self.tasks {
            if others.contains(&other.tracee.pid) && !matches!(other.at, At::Ended(_)) {
                other.at = At::Ended(ending.clone());
            }
        }
        self.tasks[task].at = At::Ended(ending);
        Ok(())
    }

    /// Kills a process where it stands, with its permissions back: the kernel walks through its
    /// robust locks then (get_robust_list(2)).
    pub(super) fn kill(&mut self, task: usize) -> Followed<()> {
        let at = std::mem::replace(&mut self.tasks[task].at, At::Moving);
        match at {
            At::Point(Point {
                what: What::Call(_),
                ..
            }) => self.tasks[task].tracee.leave_call()?,
            At::Point(Point {
                what: What::Vfork(child),
                ..
            }) => self.end(child, Ending::NeverDue)?,
            _ => {}
        }
        self.open(task)?;
        self.note(task, Deed::Killed, None);
        let rule = "schedule".to_owned();
        self.end(task, Ending::Stopped { rule })?;
        self.at_kill = Some(files::left(self.stage.folder)?);
        self.has_ended(task)
    }

    /// Ends everyone who is left: they took more steps than they may.
    pub fn end_all(&mut self, limit: u32) -> Followed<()> {
        for task in 0..self.tasks.len() {
            self.end(task, Ending::TooManySteps { limit })?;
        }
        Ok(())
    }

    /// Kills whoever is left.
    pub fn clear_up(&mut self) -> io::Result<()> {
        for task in 0..self.tasks.len() {
            self.end(task, Ending::NeverDue)?;
        }
        for actor in &mut *self.cast {
            actor.hand_over()?;
        }
        Ok(())
    }

    /// The end of a process is told when all its threads have been waited for.
    pub(super) fn reap_threads(&mut self, task: usize) -> Followed<()> {
        let group = self.tasks[task].group;
        for other in 0..self.tasks.len() {
            let thread = &self.tasks[other];
            let is_leader = thread.tracee.pid.as_raw() == group;
            if other != task && thread.group == group && !is_leader && thread.is_alive() {
                thread.tracee.wait_for_end()?;
                self.tasks[other].at = At::Ended(Ending::Exited { code: 0 });
            }
        }
        Ok(())
    }

    /// The end of a thread by the end of its process is that of the first thread too.
    pub(super) fn end_leader(&mut self, task: usize, ending: &Ending) -> Followed<()> {
        let group = self.tasks[task].group;
        for other in 0..self.tasks.len() {
            let leader = &self.tasks[other];
            if other != task && leader.tracee.pid.as_raw() == group && leader.is_alive() {
                leader.tracee.wait_for_end()?;
                self.tasks[other].at = At::Ended(ending.clone());
                self.has_ended(other)?;
            }
        }
        Ok(())
    }

    pub(super) fn ended(&mut self, task: usize, ending: Ending) -> Followed<()> {
        self.tasks[task].at = At::Ended(ending);
        self.has_ended(task)
    }

    /// Lets go on whoever an end concerns.
    pub(super) fn has_ended(&mut self, task: usize) -> Followed<()> {
        self.ends += 1;
        self.releases += 1;
        self.changes += 1;
        // The end of a process is seen by who waits for it, and gives back its locks.
        let own = task as u64;
        let mut touched = std::mem::take(&mut self.touched).and(Object::Ends, own, own + 1, true);
        for hold in &self.tasks[task].holds {
            touched = touched.and(Object::Locks(hold.file), 0, u64::MAX, true);
        }
        self.touched = touched;
        self.vfork_is_over(task);
        self.wake_changed()
    }

    pub(super) fn vfork_is_over(&mut self, child: usize) {
        for task in 0..self.tasks.len() {
            let waits = matches!(
                &self.tasks[task].at,
                At::Point(Point { what: What::Vfork(of), .. }) if *of == child
            );
            if waits {
                self.tasks[task].at = At::Moving;
                self.fresh.push(task);
            }
        }
    }

    pub(super) fn killed(&self, signal: i32) -> Ending {
        if signal == libc::SIGXCPU {
            let limit_s = self.stage.scenario.limits.cpu_s;
            return Ending::TooMuchCpu { limit_s };
        }
        let name = Signal::try_from(signal).map(Signal::as_str);
        Ending::Killed {
            signal: name.map_or_else(|_| format!("signal {signal}"), str::to_owned),
            fault: None,
        }
    }
}
