//! One given order.

use checker::evidence::schedule::{Schedule, Turn};

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
        let (Turn::Step(task) | Turn::Kill(task)) = turn;
        match (turn, seats.get(task).and_then(Option::as_ref)) {
            (Turn::Step(_), Some(seat)) if seat.is_ready => Choice::Take(turn),
            (Turn::Kill(_), Some(_)) => Choice::Take(turn),
            (_, seat) => {
                let trouble = match (seat, seats.get(task)) {
                    (Some(_), _) => "has to wait",
                    (None, Some(_)) => "has ended",
                    (None, None) => "is not there",
                };
                let one = Schedule {
                    turns: vec![Turn::Step(task)],
                    ..Schedule::default()
                };
                Choice::Differs(format!(
                    "the program does not take this order: at step {}, {one} {trouble} (all orders: \
                     leave out --schedule)",
                    self.taken
                ))
            }
        }
    }

    fn next_run(&mut self, _: &Operation) -> bool {
        false
    }
}
