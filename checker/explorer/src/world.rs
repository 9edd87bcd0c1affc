//! One run: real processes, of which one at a time goes on, from one step to the next.
//!
//! Every process stands at a *point*: before an access to a shared mapping, or before a system call
//! that others can notice. [`World::take`] lets one take its step and go on to its next point. What
//! it does between two points concerns nobody else, so its place in the order does not matter.

mod access;
mod call;
mod ending;
mod futex;
mod mapping;
mod notice;
mod telling;
mod walk;

use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::time::Instant;

use checker::evidence::ending::Ending;
use checker::evidence::exploration::{Left, Outcome, Step};
use checker::evidence::schedule::{Points, Schedule, Turn};
use checker::observe::process;
use checker::scenario::Scenario;
use libc::user_regs_struct;

use crate::cast::{Actor, Entrance};
use crate::files::{self, Files};
use crate::operation::Operation;
use crate::search::Seat;
use crate::source::Sources;
use crate::space::Space;
use crate::tracee::{Pace, Tracee};
use crate::trouble::{Followed, Trouble};
use access::Access;
use call::Call;

/// What is run.
#[derive(Clone, Copy, Debug)]
pub struct Stage<'a> {
    /// The program.
    pub program: &'a Path,
    /// Its arguments and files.
    pub scenario: &'a Scenario,
    /// Where.
    pub folder: &'a Path,
    /// When everything has to be over.
    pub deadline: Instant,
}

/// A run under way.
pub struct World<'a> {
    stage: Stage<'a>,
    points: Points,
    tasks: Vec<Task>,
    spaces: Vec<Space>,
    files: Files,
    cast: &'a mut [Actor],
    /// Tasks that are to go on to their first or next point.
    fresh: Vec<usize>,
    /// How often something that others can see was changed.
    changes: u64,
    /// How often a lock may have become free.
    releases: u64,
    /// How often a process ended.
    ends: u64,
    /// How often somebody began to wait for a word.
    sleeps: u64,
    /// The words for which processes wait, as they were before a call or after an access.
    words: Vec<(usize, Option<u32>)>,
    /// How often somebody looked in vain since the last change.
    vain: u32,
    /// Whether names or lengths were changed.
    pub names_changed: bool,
    /// Whether processes have to do with each other by sockets, semaphores or the like.
    meets_elsewhere: bool,
    turns: Vec<Turn>,
    /// What the last step touched.
    touched: Operation,
    /// The files when a process was killed.
    at_kill: Option<Vec<Left>>,
    record: Option<Record<'a>>,
}

/// What is written down of a run that is to be shown.
struct Record<'a> {
    sources: &'a mut Sources,
    steps: Vec<Step>,
}

/// A process or thread.
struct Task {
    tracee: Tracee,
    /// The actor it belongs to.
    actor: usize,
    /// Whether it is the process that the scenario started.
    is_first: bool,
    /// The number of its process.
    group: libc::pid_t,
    space: usize,
    at: At,
    /// The signal that it gets when it goes on.
    signal: i32,
    /// When it was where: the number of changes then, by a hash of its registers and its stack.
    seen: HashMap<u64, u64>,
    /// When it slept where, likewise.
    slept: HashMap<u64, u64>,
    /// The locks that its process may hold.
    holds: Vec<Hold>,
    /// The call that it is in.
    inside: Option<Call>,
    /// The processes that it made and has not waited for.
    children: Vec<usize>,
}

/// A lock that a process may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Hold {
    file: usize,
    /// The call that locks so.
    kind: libc::c_long,
    from: u64,
    to: u64,
}

impl Task {
    fn is_alive(&self) -> bool {
        !matches!(self.at, At::Ended(_))
    }
}

/// Where a task is.
enum At {
    /// On its way.
    Moving,
    /// Before a step.
    Point(Point),
    /// Nowhere any more.
    Ended(Ending),
}

/// A point at which a task stands.
struct Point {
    operation: Operation,
    ready: Ready,
    what: What,
    /// Its registers there.
    registers: user_regs_struct,
}

/// What a task does next.
enum What {
    /// An access to shared memory.
    Access(Box<Access>),
    /// A system call.
    Call(Box<Call>),
    /// Nothing before the process that it made by vfork(2) runs another program or has ended.
    Vfork(usize),
}

/// When a task can take its step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ready {
    /// Now.
    Now,
    /// When something was changed: it has been here before and saw the same.
    Change(u64),
    /// When a lock may have become free.
    Release(u64),
    /// When a process has ended.
    End(u64),
    /// When one that it made has ended.
    Child,
    /// When it is woken (futex(2)): who waited longest has the lowest number. Or when its time has
    /// passed, if it waits only for a while and has not waited so before.
    Woken(u64, bool),
    /// When a process that it made says so.
    Vfork,
    /// When a signal comes.
    Never,
}

impl<'a> World<'a> {
    /// Starts every actor and lets each go to its first point.
    pub fn start(
        stage: Stage<'a>,
        points: Points,
        cast: &'a mut [Actor],
        sources: Option<&'a mut Sources>,
    ) -> Followed<World<'a>> {
        files::reset(stage.folder, &stage.scenario.files)?;
        let mut world = World {
            stage,
            points,
            tasks: Vec::new(),
            spaces: Vec::new(),
            files: Files::new(stage.folder),
            cast,
            fresh: Vec::new(),
            changes: 0,
            releases: 0,
            ends: 0,
            sleeps: 0,
            words: Vec::new(),
            vain: 0,
            names_changed: false,
            meets_elsewhere: false,
            turns: Vec::new(),
            touched: Operation::default(),
            at_kill: None,
            record: sources.map(|sources| Record {
                sources,
                steps: Vec::new(),
            }),
        };
        world.files.know(&stage.scenario.files);
        for actor in 0..stage.scenario.actors.len() {
            let started = world.start_actor(actor).and_then(|()| world.settle());
            if let Err(trouble) = started {
                world.clear_up()?;
                return Err(trouble);
            }
        }
        Ok(world)
    }

    fn start_actor(&mut self, actor: usize) -> Followed<()> {
        let entrance = self.cast[actor].enter(&self.stage)?;
        self.spaces.push(Space::default());
        let new = self.spaces.len() - 1;
        let first = |world: &mut World<'_>, tracee| {
            let task = world.add(tracee, actor, new);
            world.tasks[task].is_first = true;
            task
        };
        match entrance {
            Entrance::AtExec(tracee) => {
                let task = first(self, tracee);
                self.walk(task, Pace::Run)?;
            }
            Entrance::AtCall(tracee, space) => {
                self.spaces[new] = space;
                let task = first(self, tracee);
                if let Some(pace) = self.entry(task)? {
                    self.walk(task, pace)?;
                }
            }
            Entrance::Refused(tracee, reason) => {
                let task = first(self, tracee);
                self.tasks[task].at = At::Ended(Ending::NotStarted { reason });
            }
        }
        Ok(())
    }

    fn add(&mut self, tracee: Tracee, actor: usize, space: usize) -> usize {
        let pid = tracee.pid.as_raw();
        self.tasks.push(Task {
            group: process::leader(pid).unwrap_or(pid),
            tracee,
            actor,
            is_first: false,
            space,
            at: At::Moving,
            signal: 0,
            seen: HashMap::new(),
            slept: HashMap::new(),
            holds: Vec::new(),
            inside: None,
            children: Vec::new(),
        });
        self.tasks.len() - 1
    }

    /// Lets everyone who is on the way go on to a point.
    fn settle(&mut self) -> Followed<()> {
        while let Some(task) = self.fresh.pop() {
            self.walk(task, Pace::Run)?;
        }
        Ok(())
    }

    /// Who stands where; `None` if nobody is left. If nobody can go on who should, they are ended.
    pub fn seats(&mut self) -> Followed<Option<Vec<Option<Seat>>>> {
        loop {
            let seats: Vec<_> = self.tasks.iter().map(|task| self.seat(task)).collect();
            if seats.iter().flatten().any(|seat| seat.is_ready) {
                return Ok(Some(seats));
            }
            if seats.iter().all(Option::is_none) {
                return Ok(None);
            }
            self.nobody_is_ready()?;
        }
    }

    fn seat(&self, task: &Task) -> Option<Seat> {
        match &task.at {
            At::Point(point) => Some(Seat {
                operation: point.operation.clone(),
                is_ready: match point.ready {
                    Ready::Now => true,
                    Ready::Change(then) => then != self.changes,
                    Ready::Release(then) => then != self.releases,
                    Ready::End(then) => then != self.ends,
                    Ready::Child => {
                        let has_ended =
                            |&child: &usize| matches!(self.tasks[child].at, At::Ended(_));
                        task.children.iter().any(has_ended)
                    }
                    Ready::Woken(_, may_give_up) => may_give_up,
                    Ready::Vfork | Ready::Never => false,
                },
            }),
            At::Moving | At::Ended(_) => None,
        }
    }

    /// Lets one take its turn.
    pub fn take(&mut self, turn: Turn) -> Followed<()> {
        self.turns.push(turn);
        let before = self.changes;
        self.look_at_words();
        match turn {
            Turn::Step(task) => self.step(task)?,
            Turn::Kill(task) => self.kill(task)?,
        }
        self.settle()?;
        if self.changes != before {
            self.vain = 0;
        }
        Ok(())
    }

    fn step(&mut self, task: usize) -> Followed<()> {
        let at = std::mem::replace(&mut self.tasks[task].at, At::Moving);
        let At::Point(point) = at else {
            return Err(Trouble::Fault(io::Error::other("nobody stands there")));
        };
        self.touched = point.operation.clone();
        if matches!(point.ready, Ready::Woken(..)) {
            self.note_late(task, &point);
            return self.answer(task, -i64::from(libc::ETIMEDOUT));
        }
        match point.what {
            What::Access(access) => self.access(task, *access, point.registers),
            What::Call(call) => self.call(task, *call, point.registers),
            What::Vfork(_) => Err(Trouble::Fault(io::Error::other("nobody may go on there"))),
        }
    }

    /// What the last step touched: what was foreseen, and what came of it.
    pub fn touched(&self) -> &Operation {
        &self.touched
    }

    /// How many steps were taken.
    pub fn steps(&self) -> usize {
        self.turns.len()
    }

    /// What it came to, once nobody is left.
    pub fn outcome(mut self) -> io::Result<Outcome> {
        let mut actors = Vec::new();
        for (number, spec) in self.stage.scenario.actors.iter().enumerate() {
            let (stdout, stderr) = self.cast[number].hand_over()?;
            let first = |task: &&mut Task| task.actor == number && task.is_first;
            let task = self.tasks.iter_mut().find(first);
            let at = task.map(|task| std::mem::replace(&mut task.at, At::Moving));
            actors.push(checker::evidence::ending::Actor {
                name: spec.name.clone(),
                arguments: spec.arguments.clone(),
                ending: match at {
                    Some(At::Ended(ending)) => ending,
                    _ => Ending::NeverDue,
                },
                stdout,
                stderr,
                cpu_ms: 0,
                peak_rss_kib: 0,
            });
        }
        Ok(Outcome {
            count: 1,
            schedule: Schedule {
                points: self.points,
                turns: self.turns,
            },
            actors,
            files: files::left(self.stage.folder)?,
            at_kill: self.at_kill,
            steps: self.record.map_or(Vec::new(), |record| record.steps),
        })
    }
}
