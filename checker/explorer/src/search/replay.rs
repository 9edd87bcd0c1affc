//! One given order.

use checker::evidence::schedule::Turn;

use crate::operation::Operation;

use super::{Choice, Scheduler, Seat, natural};

/// Runs one order; behind its end, each process goes on as far as it can.
#[derive(Debug)]
pub struct Replay {
    turns: Vec<Turn>,
    taken: usize,
}

impl Replay {
    /// This order.
    pub fn new(turns: Vec<Turn>) -> Replay {
        Replay { turns, taken: 0 }
    }
}

impl Scheduler for Replay {
    fn choose(&mut self, seats: &[Option<Seat>], last: Option<usize>, _: &Operation) -> Choice {
        let Some(&turn) = self.turns.get(self.taken) else {
            let task = natural(seats, last).expect("somebody is ready");
            return Choice::Take(Turn::Step(task));
        };
        self.taken += 1;
        let seat = match turn {
            Turn::Step(task) | Turn::Kill(task) => seats.get(task).and_then(Option::as_ref),
        };
        match (turn, seat) {
            (Turn::Step(_), Some(seat)) if seat.is_ready => Choice::Take(turn),
            (Turn::Kill(_), Some(_)) => Choice::Take(turn),
            _ => Choice::Differs,
        }
    }

    fn next_run(&mut self, _: &Operation) -> bool {
        false
    }
}
