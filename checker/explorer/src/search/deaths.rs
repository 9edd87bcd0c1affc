//! One process, killed before each of its steps in turn.

use checker::evidence::schedule::Turn;

use crate::operation::Operation;

use super::{Choice, Scheduler, Seat, natural};

/// Kills the first process before its first step, then before its second, until it comes to its end
/// by itself. Each time twice: once the others begin when it is gone, and once they go as far as
/// they can before it is killed, for who waits already may not be told.
#[derive(Debug, Default)]
pub struct Deaths {
    /// How many steps it may take in this run.
    allowed: usize,
    /// Whether the others go first.
    others_first: bool,
    taken: usize,
    killed: bool,
}

impl Scheduler for Deaths {
    fn choose(&mut self, seats: &[Option<Seat>], last: Option<usize>, _: &Operation) -> Choice {
        let is_ready = |seat: &Option<Seat>| seat.as_ref().is_some_and(|seat| seat.is_ready);
        let step = |task: usize| Choice::Take(Turn::Step(task));
        let others = || (1..seats.len()).find(|&task| is_ready(&seats[task]));
        if seats[0].is_none() || self.killed {
            return step(natural(seats, last).expect("somebody is ready"));
        }
        if self.taken == self.allowed {
            if let Some(task) = others().filter(|_| self.others_first) {
                return step(task);
            }
            self.killed = true;
            return Choice::Take(Turn::Kill(0));
        }
        if is_ready(&seats[0]) {
            self.taken += 1;
            return step(0);
        }
        // It waits for another.
        step(natural(seats, last).expect("somebody is ready"))
    }

    fn next_run(&mut self, _: &Operation) -> bool {
        let again = self.killed;
        *self = Deaths {
            allowed: self.allowed + usize::from(self.others_first),
            others_first: !self.others_first,
            ..Deaths::default()
        };
        again
    }
}
