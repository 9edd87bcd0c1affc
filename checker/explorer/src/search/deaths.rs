//! One process, killed before each of its steps in turn.

use checker::evidence::schedule::Turn;

use crate::operation::Operation;

use super::{Choice, Scheduler, Seat};

/// Kills the first process before its first step, then before its second, until it comes to its end
/// by itself. Nobody else runs meanwhile; afterwards they do.
#[derive(Debug, Default)]
pub struct Deaths {
    /// How many steps it may take in this run.
    allowed: usize,
    taken: usize,
    killed: bool,
}

impl Scheduler for Deaths {
    fn choose(&mut self, seats: &[Option<Seat>], last: Option<usize>, _: &Operation) -> Choice {
        match &seats[0] {
            Some(_) if self.taken == self.allowed && !self.killed => {
                self.killed = true;
                Choice::Take(Turn::Kill(0))
            }
            Some(seat) if seat.is_ready => {
                self.taken += 1;
                Choice::Take(Turn::Step(0))
            }
            _ => {
                let task = super::natural(seats, last).expect("somebody is ready");
                Choice::Take(Turn::Step(task))
            }
        }
    }

    fn next_run(&mut self, _: &Operation) -> bool {
        let again = self.killed;
        *self = Deaths {
            allowed: self.allowed + 1,
            ..Deaths::default()
        };
        again
    }
}
