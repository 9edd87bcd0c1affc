//! Deadlines: the wall clock, the stillness of a run, and the grace for what outlives its actor.

use std::time::{Duration, Instant};

use crate::evidence::ending::Ending;
use crate::evidence::trace::What;
use crate::observe::{process, sys};

use super::Run;

/// At how many looks in a row what outlives its actor may be found standing still before it counts
/// as left behind. What is on its way out runs, or waits for a processor or a disk.
const STILL_LOOKS: u32 = 5;
/// How often it is looked at.
const STILL_LOOK: Duration = Duration::from_millis(10);
/// How long it may go on ending by itself, if it does not stand still.
const LONG_GRACE: Duration = Duration::from_secs(5);
/// How often stillness is looked at when nothing happens.
const TICK: Duration = Duration::from_millis(100);
/// How often at most every process is looked at, however much happens.
const LOOK: Duration = Duration::from_millis(20);
/// The same where nothing is traced: to find its own, every process of the machine is asked.
const LONG_LOOK: Duration = Duration::from_millis(100);
/// How often when somebody waits for an actor to be blocked.
const SHORT_TICK: Duration = Duration::from_millis(2);

/// The time of a run.
#[derive(Debug)]
pub struct Clock {
    started: Instant,
    /// When something was last seen to happen.
    stirred: Instant,
    /// The sum of processor time when stillness was last looked at.
    ticks: u64,
    /// When that was.
    looked: Instant,
    /// At how many looks in a row since something happened nothing ran.
    still: u32,
    /// When the last actor ended, if all have.
    all_ended: Option<Instant>,
}

impl Clock {
    /// Starts now.
    pub fn start() -> Clock {
        let now = Instant::now();
        Clock {
            started: now,
            stirred: now,
            ticks: 0,
            looked: now,
            still: 0,
            all_ended: None,
        }
    }

    /// Something happened.
    pub fn stir(&mut self) {
        self.stirred = Instant::now();
        self.still = 0;
    }

    /// Whether it is time to look at every process again: what is looked for takes long to come
    /// about, and between two events of a busy program there is nothing to see.
    fn is_due(&mut self, traced: bool) -> bool {
        let every = match self.all_ended {
            None if traced => LOOK,
            None => LONG_LOOK,
            Some(_) => STILL_LOOK,
        };
        let due = self.looked.elapsed() >= every;
        if due {
            self.looked = Instant::now();
        }
        due
    }

    /// Whether what outlives the last actor still has time. Counts from the first call.
    pub fn grace_left(&mut self) -> bool {
        let Some(ended) = self.all_ended else {
            self.all_ended = Some(Instant::now());
            self.still = 0;
            return true;
        };
        self.still < STILL_LOOKS && ended.elapsed() < LONG_GRACE
    }
}

impl Run<'_> {
    /// Ends actors whose time is over.
    pub(super) fn look_at_clock(&mut self) {
        let limits = &self.scenario.limits;
        if self.clock.started.elapsed() > Duration::from_secs(limits.wall_s) {
            let limit_s = limits.wall_s;
            self.end_all(|_| Ending::TooLong { limit_s });
            return;
        }
        if !self.clock.is_due(self.untraced.is_none()) {
            return;
        }
        let limit = limits.processes;
        let live = self.live();
        if self.untraced.is_some() && live.len() as u64 > limit {
            for n in 0..self.actors.len() {
                self.end_actor(n, Ending::TooManyProcesses { limit });
            }
        }
        self.see_stillness(&live);
        let idle = self.clock.stirred.elapsed();
        if idle > Duration::from_millis(limits.idle_ms) {
            let idle_ms = idle.as_millis() as u64;
            self.end_all(|call| Ending::Stuck { idle_ms, call });
        }
    }

    /// How long the loop may sleep.
    pub(super) fn next_look(&self) -> Duration {
        if self.somebody_waits_for_blocking() {
            SHORT_TICK
        } else if self.clock.all_ended.is_some() {
            STILL_LOOK
        } else {
            TICK
        }
    }

    /// A run is still if no process runs, waits for a disk, or has used processor time since the
    /// last look. A process that is held does not run either, but its hold has its own deadline.
    fn see_stillness(&mut self, live: &[libc::pid_t]) {
        let activities: Vec<_> = live
            .iter()
            .filter_map(|&pid| process::activity(pid))
            .collect();
        let ticks = activities.iter().map(|activity| activity.ticks).sum();
        let is_still = activities
            .iter()
            .all(|activity| matches!(activity.state, 'S' | 't' | 'T' | 'Z'));
        let is_held = self.tasks.values().any(|task| task.hold.is_some());
        if !is_still || is_held || ticks != self.clock.ticks {
            self.clock.stir();
        } else {
            self.clock.still += 1;
        }
        self.clock.ticks = ticks;
    }

    /// Every task that runs; where nothing is traced, every process below this one.
    pub(super) fn live(&self) -> Vec<libc::pid_t> {
        if self.untraced.is_some() && !sys::has_children() {
            Vec::new()
        } else if self.untraced.is_some() {
            process::descendants(std::process::id() as libc::pid_t)
        } else {
            self.tasks.keys().copied().collect()
        }
    }

    /// Ends every actor that runs, for a reason that may name the call it stands in.
    pub(super) fn end_all(&mut self, reason: impl Fn(Option<String>) -> Ending) {
        for n in 0..self.actors.len() {
            if self.actors[n].is_running() {
                let call = self.call_of(n);
                self.end_actor(n, reason(call));
            }
        }
    }

    /// The call that a process of an actor stands in, as text.
    fn call_of(&self, actor: usize) -> Option<String> {
        let mut own = self.tasks.values().filter(|task| task.actor == actor);
        let index = own.find_map(|task| task.in_call)?;
        match &self.trace.get(index)?.what {
            What::Call(call) => Some(call.to_string().trim_end_matches(" = ?").to_owned()),
            _ => None,
        }
    }
}
