//! One given order.

use checker::evidence::schedule::{Schedule, Turn};

use crate::operation::Operation;

use super::{Choice, Scheduler, Seat, natural};

/// Runs one order; behind its end, each process goes on as far as it can.
#[derive(Debug)]
pub struct Replay {
    turns: Vec<Turn>,
    taken: usize,
    is_exact: bool,
    passed_over: Option<String>,
}

impl Replay {
    /// This order, or none.
    pub fn exactly(turns: Vec<Turn>) -> Replay {
        Replay {
            turns,
            taken: 0,
            is_exact: true,
            passed_over: None,
        }
    }

    /// This order, as far as it can be followed: a turn that cannot be taken is passed over.
    pub fn nearly(turns: Vec<Turn>) -> Replay {
        Replay {
            is_exact: false,
            ..Replay::exactly(turns)
        }
    }

    /// The first turn that was passed over, and why: `at step 3, B has to wait`.
    pub fn passed_over(self) -> Option<String> {
        self.passed_over
    }

    /// Why the turn that comes next cannot be taken, if it cannot.
    fn obstacle(&self, turn: Turn, seats: &[Option<Seat>]) -> Option<String> {
        let (Turn::Step(task) | Turn::Kill(task)) = turn;
        let trouble = match (turn, seats.get(task)) {
            (Turn::Step(_), Some(Some(seat))) if seat.is_ready => return None,
            (Turn::Kill(_), Some(Some(_))) => return None,
            (Turn::Step(_), Some(Some(_))) => "has to wait",
            (_, Some(None)) => "has ended",
            (_, None) => "is not there",
        };
        let one = Schedule {
            turns: vec![Turn::Step(task)],
            ..Schedule::default()
        };
        Some(format!("at step {}, {one} {trouble}", self.taken))
    }
}

impl Scheduler for Replay {
    fn choose(&mut self, seats: &[Option<Seat>], last: Option<usize>, _: &Operation) -> Choice {
        while let Some(&turn) = self.turns.get(self.taken) {
            self.taken += 1;
            let Some(obstacle) = self.obstacle(turn, seats) else {
                return Choice::Take(turn);
            };
            if self.is_exact {
                return Choice::Differs(format!(
                    "an order that was run could not be run again: {obstacle}"
                ));
            }
            self.passed_over.get_or_insert(obstacle);
        }
        let task = natural(seats, last).expect("somebody is ready");
        Choice::Take(Turn::Step(task))
    }

    fn next_run(&mut self, _: &Operation) -> bool {
        false
    }
}
