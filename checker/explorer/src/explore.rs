//! Run after run, until the search is through.

use std::io;
use std::time::Instant;

use checker::evidence::exploration::{Exploration, Extent, Outcome};
use checker::evidence::schedule::{Points, Schedule, Turn};
use checker::scenario::exploring::{Explore, Search};

use crate::cast::Actor;
use crate::search::{Choice, Deaths, Replay, Scheduler, Tree};
use crate::source::Sources;
use crate::trouble::{Followed, Trouble};
use crate::world::{Stage, World};

/// How many preemptions are tried when the complete search takes too long.
const PREEMPTIONS: u32 = 2;

/// What a run came to.
enum Ran {
    /// Its outcome.
    Ended(Box<Outcome>),
    /// It was left, since nothing new could come of it.
    Left,
}

/// A search under way.
struct Walk<'a> {
    stage: Stage<'a>,
    explore: &'a Explore,
    found: Exploration,
    points: Points,
    cast: Vec<Actor>,
    sources: Sources,
}

/// Explores a scenario.
pub fn explore(stage: Stage<'_>, explore: &Explore) -> Followed<Exploration> {
    let began = Instant::now();
    let points = match &explore.search {
        Search::Deaths => Points::Calls,
        Search::Replay(schedule) => schedule.points,
        _ => Points::Shared,
    };
    let mut walk = Walk {
        stage,
        explore,
        points,
        cast: (0..stage.scenario.actors.len()).map(Actor::new).collect(),
        sources: Sources::default(),
        found: Exploration {
            extent: Extent::Exhausted,
            interleavings: 0,
            redundant: 0,
            steps: 0,
            micros: 0,
            outcomes: Vec::new(),
        },
    };
    walk.search()?;
    walk.show_outcomes()?;
    walk.found.micros = began.elapsed().as_micros() as u64;
    Ok(walk.found)
}

impl Walk<'_> {
    fn search(&mut self) -> Followed<()> {
        let extent = match self.explore.search.clone() {
            Search::Every => match self.every(|| Tree::every(true))? {
                Extent::Capped(why) => match self.every(|| Tree::bounded(PREEMPTIONS))? {
                    Extent::Exhausted => Extent::Preemptions(PREEMPTIONS, why),
                    other => other,
                },
                other => other,
            },
            Search::Each => self.every(|| Tree::every(false))?,
            Search::Bounded(preemptions) => match self.every(|| Tree::bounded(preemptions))? {
                Extent::Exhausted => {
                    let why = "no more preemptions were asked for".to_owned();
                    Extent::Preemptions(preemptions, why)
                }
                other => other,
            },
            Search::Deaths => self.walk(Deaths::default())?,
            Search::Replay(schedule) => {
                self.walk(Replay::new(schedule.turns))?;
                Extent::Replayed
            }
        };
        self.found.extent = extent;
        Ok(())
    }

    /// A search whose every run looks at names and lengths as well, once one of them changes some.
    fn every(&mut self, tree: impl Fn() -> Tree) -> Followed<Extent> {
        self.found.interleavings = 0;
        self.found.redundant = 0;
        self.found.outcomes.clear();
        let points = self.points;
        let extent = self.walk(tree())?;
        if self.points == points || extent == Extent::Stopped {
            return Ok(extent);
        }
        self.every(tree)
    }

    fn walk(&mut self, mut scheduler: impl Scheduler) -> Followed<Extent> {
        let points = self.points;
        loop {
            if self.found.interleavings + self.found.redundant >= self.explore.interleavings {
                let most = self.explore.interleavings;
                return Ok(Extent::Capped(format!("there are more than {most}")));
            }
            if Instant::now() > self.stage.deadline {
                let seconds = self.explore.wall_ms as f64 / 1000.0;
                return Ok(Extent::Capped(format!(
                    "it would take more than {seconds} s"
                )));
            }
            match self.run(points, &mut scheduler, false)? {
                Ran::Left => self.found.redundant += 1,
                Ran::Ended(outcome) => {
                    self.found.interleavings += 1;
                    let is_accepted = self.explore.accepts(&outcome);
                    self.keep(*outcome);
                    if !is_accepted {
                        return Ok(Extent::Stopped);
                    }
                }
            }
            if self.points != points {
                return Ok(Extent::Exhausted);
            }
            if !scheduler.next_run() {
                return Ok(Extent::Exhausted);
            }
        }
    }

    fn keep(&mut self, outcome: Outcome) {
        let known = self.found.outcomes.iter_mut();
        if let Some(known) = known.into_iter().find(|known| known.is_like(&outcome)) {
            known.count += 1;
        } else if self.found.outcomes.len() < Exploration::KEPT {
            self.found.outcomes.push(outcome);
        }
    }

    /// One run under a scheduler, its steps written down or not.
    fn run(
        &mut self,
        points: Points,
        scheduler: &mut dyn Scheduler,
        is_shown: bool,
    ) -> Followed<Ran> {
        let sources = is_shown.then_some(&mut self.sources);
        let mut world = World::start(self.stage, points, &mut self.cast, sources)?;
        let ran = follow(&mut world, scheduler, self.explore.steps);
        let one_order = matches!(self.explore.search, Search::Deaths | Search::Replay(_));
        if world.names_changed && !one_order {
            self.points = self.points.max(Points::Names);
        }
        if !is_shown {
            self.found.steps += world.steps() as u64;
        }
        match ran {
            Ok(true) => Ok(Ran::Ended(Box::new(world.outcome()?))),
            Ok(false) => {
                world.clear_up()?;
                Ok(Ran::Left)
            }
            Err(trouble) => {
                world.clear_up()?;
                Err(trouble)
            }
        }
    }

    /// Runs the order of each kept outcome once more, to write down its steps.
    fn show_outcomes(&mut self) -> Followed<()> {
        for n in 0..self.found.outcomes.len() {
            let schedule: Schedule = self.found.outcomes[n].schedule.clone();
            let mut replay = Replay::new(schedule.turns);
            let ran = self.run(schedule.points, &mut replay, true)?;
            let Ran::Ended(outcome) = ran else {
                return Err(
                    io::Error::other("an order that was run could not be run again").into(),
                );
            };
            let found = &mut self.found.outcomes[n];
            if found.is_like(&outcome) {
                found.steps = outcome.steps;
            } else {
                return Err(Trouble::Unfit(
                    "the program does not come to the same end each time under the same order of \
                     steps"
                        .to_owned(),
                ));
            }
        }
        Ok(())
    }
}

/// Lets the processes go on until all have ended, or until the scheduler leaves the run.
fn follow(world: &mut World<'_>, scheduler: &mut dyn Scheduler, most: u32) -> Followed<bool> {
    let mut last = None;
    while let Some(seats) = world.seats()? {
        if world.steps() >= most as usize {
            world.end_all(most)?;
            continue;
        }
        match scheduler.choose(&seats, last) {
            Choice::Take(turn) => {
                if let Turn::Step(task) = turn {
                    last = Some(task);
                }
                world.take(turn)?;
            }
            Choice::Leave => return Ok(false),
            Choice::Differs => {
                return Err(Trouble::Unfit(
                    "the program does not do the same each time under the same order of steps"
                        .to_owned(),
                ));
            }
        }
    }
    Ok(true)
}
