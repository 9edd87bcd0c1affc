//! One process between two others, of which one comes before it waits and one after.

use checker::evidence::schedule::Turn;

use crate::operation::Operation;

use super::{Choice, Scheduler, Seat, natural};

/// The process that the others come to, who is there before it, and who comes last.
const VISITED: usize = 0;
const EARLY: usize = 1;
const LATE: usize = 2;

/// So many steps are taken for as far as a process can go, if it never has to wait.
const FAR: usize = 60;

/// The early one takes some steps, the visited one goes as far as it can, and the early one comes to
/// its end. Then the visited one takes some steps, the late one comes to its end, and the visited
/// one goes on. Each number of early steps is tried, and for each thing that the visited one waits
/// for, each number of its later steps.
#[derive(Debug, Default)]
pub struct Visits {
    /// How many steps the early one takes before the visited one begins.
    early: usize,
    /// How many the visited one takes before the late one comes.
    later: usize,
    /// What the visited one has waited for in other runs.
    waits: Vec<Vec<Operation>>,
    run: Run,
}

/// One run.
#[derive(Debug, Default)]
struct Run {
    part: Part,
    /// Steps in this part.
    taken: usize,
    /// Whose each task is: of the first three, or of whoever went before it came.
    owners: Vec<usize>,
    /// What the visited one waits for when the early one goes on.
    waits: Option<Vec<Operation>>,
    early_was_short: bool,
    later_was_short: bool,
}

/// What happens one after the other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Part {
    #[default]
    Early,
    AsFarAsItCan,
    EarlyToItsEnd,
    Later,
    LateToItsEnd,
    All,
}

impl Part {
    /// Who takes steps, if it is one of them alone.
    fn whose(self) -> Option<usize> {
        match self {
            Part::Early | Part::EarlyToItsEnd => Some(EARLY),
            Part::AsFarAsItCan | Part::Later => Some(VISITED),
            Part::LateToItsEnd => Some(LATE),
            Part::All => None,
        }
    }

    fn next(self) -> Part {
        match self {
            Part::Early => Part::AsFarAsItCan,
            Part::AsFarAsItCan => Part::EarlyToItsEnd,
            Part::EarlyToItsEnd => Part::Later,
            Part::Later => Part::LateToItsEnd,
            Part::LateToItsEnd | Part::All => Part::All,
        }
    }
}

impl Visits {
    /// How many steps this part of a run has.
    fn most(&self) -> usize {
        match self.run.part {
            Part::Early => self.early,
            Part::AsFarAsItCan => FAR,
            Part::Later => self.later,
            _ => usize::MAX,
        }
    }

    /// Who of those whose part it is can go on.
    fn ready(&self, seats: &[Option<Seat>], last: Option<usize>) -> Option<usize> {
        let Some(whose) = self.run.part.whose() else {
            return natural(seats, last);
        };
        let own = |task: usize| self.run.owners[task] == whose;
        let seats = seats.iter().cloned().enumerate();
        let seats: Vec<_> = seats
            .map(|(task, seat)| seat.filter(|_| own(task)))
            .collect();
        natural(&seats, last)
    }

    /// Goes over to the next part; `cannot` says that nobody could take the step that was due.
    fn go_over(&mut self, seats: &[Option<Seat>], cannot: bool) {
        let run = &mut self.run;
        match run.part {
            Part::Early => run.early_was_short = cannot,
            Part::Later => run.later_was_short = cannot,
            Part::AsFarAsItCan => {
                let own = |task: &usize| run.owners[*task] == VISITED;
                let tasks = (0..seats.len()).filter(own);
                let at: Vec<_> = tasks.filter_map(|task| seats[task].clone()).collect();
                let waits = at.into_iter().map(|seat| seat.operation).collect();
                run.waits = Some(waits).filter(|waits: &Vec<_>| !waits.is_empty());
            }
            _ => {}
        }
        run.part = run.part.next();
        run.taken = 0;
    }
}

impl Scheduler for Visits {
    fn choose(&mut self, seats: &[Option<Seat>], last: Option<usize>, _: &Operation) -> Choice {
        for task in self.run.owners.len()..seats.len() {
            let maker = last.map_or(VISITED, |last| self.run.owners[last]);
            self.run
                .owners
                .push(if task <= LATE { task } else { maker });
        }
        loop {
            let due = self.run.taken < self.most();
            let task = self.ready(seats, last).filter(|_| due);
            if let Some(task) = task {
                self.run.taken += 1;
                return Choice::Take(Turn::Step(task));
            }
            assert!(self.run.part != Part::All, "somebody is ready");
            self.go_over(seats, due);
        }
    }

    fn next_run(&mut self, _: &Operation) -> bool {
        let run = std::mem::take(&mut self.run);
        let is_new = |waits: &Vec<Operation>| self.later > 0 || !self.waits.contains(waits);
        match run.waits.filter(is_new) {
            Some(waits) if !run.later_was_short => {
                if self.later == 0 {
                    self.waits.push(waits);
                }
                self.later += 1;
                true
            }
            _ => {
                self.later = 0;
                self.early += 1;
                !run.early_was_short
            }
        }
    }
}
