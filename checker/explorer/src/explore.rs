//! Run after run, until the search is through.

use std::io;
use std::time::{Duration, Instant};

use checker::evidence::exploration::{Exploration, Extent, Outcome};
use checker::evidence::schedule::{Points, Schedule, Turn};
use checker::scenario::exploring::{Explore, Search};

use crate::cast::Actor;
use crate::operation::Operation;
use crate::search::{Choice, Deaths, Replay, Scheduler, Tree, Visits};
use crate::source::Sources;
use crate::trouble::{Followed, Trouble};
use crate::world::{Stage, World};

/// How many preemptions are tried when the complete search takes too long.
const PREEMPTIONS: u32 = 2;

/// Of how many outcomes the steps are written down, besides those that are not accepted.
const SHOWN: usize = 8;

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
    /// What the last step of the last run touched.
    touched: Operation,
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
        touched: Operation::default(),
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

/// How far one search may go.
#[derive(Clone, Copy)]
struct Budget {
    runs: u64,
    until: Instant,
}

impl Walk<'_> {
    fn search(&mut self) -> Followed<()> {
        let whole = Budget {
            runs: self.explore.interleavings,
            until: self.stage.deadline,
        };
        self.found.extent = match self.explore.search.clone() {
            Search::Every => self.in_stages(whole)?,
            Search::Each => self.every(whole, || Tree::every(false))?,
            Search::Bounded(most) => match self.every(whole, || Tree::bounded(most))? {
                Extent::Exhausted => {
                    let why = "no more preemptions were asked for".to_owned();
                    Extent::Preemptions(most, why)
                }
                other => other,
            },
            Search::Deaths => self.walk(whole, &mut Deaths::default())?,
            Search::Visits => self.walk(whole, &mut Visits::default())?,
            Search::Replay(schedule) => {
                let mut replay = Replay::nearly(schedule.turns);
                self.walk(whole, &mut replay)?;
                Extent::Replayed(replay.passed_over())
            }
        };
        Ok(())
    }

    /// What goes wrong mostly goes wrong with one preemption, so these are tried first (M. Musuvathi
    /// and S. Qadeer, Iterative Context Bounding for Systematic Testing of Multithreaded Programs).
    /// Then all, and if those are too many, all with a few.
    fn in_stages(&mut self, whole: Budget) -> Followed<Extent> {
        let part =
            |parts: u32| Instant::now() + Duration::from_millis(self.explore.wall_ms) * parts / 8;
        let (first, second) = (part(2), part(6));
        if self.explore.accept.is_some() {
            let budget = Budget {
                until: first,
                ..whole
            };
            if self.every(budget, || Tree::bounded(1))? == Extent::Stopped {
                return Ok(Extent::Stopped);
            }
        }
        let budget = Budget {
            until: second,
            ..whole
        };
        let why = match self.every(budget, || Tree::every(true))? {
            Extent::Capped(why) => why,
            other => return Ok(other),
        };
        match self.every(whole, || Tree::bounded(PREEMPTIONS))? {
            Extent::Exhausted => Ok(Extent::Preemptions(PREEMPTIONS, why)),
            other => Ok(other),
        }
    }

    /// A search whose every run looks at names and lengths as well, once one of them changes some.
    fn every(&mut self, budget: Budget, tree: impl Fn() -> Tree) -> Followed<Extent> {
        let tried = self.found.interleavings;
        self.found.interleavings = 0;
        self.found.redundant = 0;
        let points = self.points;
        let extent = self.walk(budget, &mut tree())?;
        if self.points == points || extent == Extent::Stopped {
            if matches!(extent, Extent::Capped(_)) {
                self.found.interleavings += tried;
            }
            return Ok(extent);
        }
        self.found.outcomes.clear();
        self.every(budget, tree)
    }

    fn walk(&mut self, budget: Budget, scheduler: &mut dyn Scheduler) -> Followed<Extent> {
        let points = self.points;
        loop {
            if self.found.interleavings + self.found.redundant >= budget.runs {
                let why = format!("there are more than {}", budget.runs);
                return Ok(Extent::Capped(why));
            }
            if Instant::now() > budget.until {
                let seconds = self.explore.wall_ms as f64 / 1000.0;
                let why = format!("all of them would take more than {seconds} s");
                return Ok(Extent::Capped(why));
            }
            let ran = match self.run(points, scheduler, false) {
                Err(Trouble::Late) => {
                    let why = "one of them alone takes too long".to_owned();
                    return Ok(Extent::Capped(why));
                }
                ran => ran?,
            };
            match ran {
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
            if !scheduler.next_run(&self.touched) {
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
        self.touched = world.touched().clone();
        let is_given = matches!(
            self.explore.search,
            Search::Deaths | Search::Visits | Search::Replay(_)
        );
        if world.names_changed && !is_given {
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
        let explore = self.explore;
        let shown = |(n, outcome): &(usize, &Outcome)| *n < SHOWN || !explore.accepts(outcome);
        let outcomes = self.found.outcomes.iter().enumerate();
        let shown: Vec<usize> = outcomes
            .filter(shown)
            .map(|(n, _)| n)
            .take(2 * SHOWN)
            .collect();
        for n in shown {
            let schedule: Schedule = self.found.outcomes[n].schedule.clone();
            let mut replay = Replay::exactly(schedule.turns);
            let ran = match self.run(schedule.points, &mut replay, true) {
                // It is told of without its steps.
                Err(Trouble::Late) => return Ok(()),
                ran => ran?,
            };
            let Ran::Ended(outcome) = ran else {
                return Err(
                    io::Error::other("an order that was run could not be run again").into(),
                );
            };
            let found = &mut self.found.outcomes[n];
            if found.ends_like(&outcome) {
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
        match scheduler.choose(&seats, last, world.touched()) {
            Choice::Take(turn) => {
                if let Turn::Step(task) = turn {
                    last = Some(task);
                }
                world.take(turn)?;
            }
            Choice::Leave => return Ok(false),
            Choice::Differs(why) => return Err(Trouble::Unfit(why)),
        }
    }
    Ok(true)
}
