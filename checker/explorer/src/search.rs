//! Which order is run next. Pure: a scheduler sees who stands where, and says who goes on.

mod deaths;
mod replay;
mod tree;
mod visits;

pub use deaths::Deaths;
pub use replay::Replay;
pub use tree::Tree;
pub use visits::Visits;

use checker::evidence::schedule::Turn;

use crate::operation::Operation;

/// One process or thread, as a scheduler sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seat {
    /// What its next step touches.
    pub operation: Operation,
    /// Whether it can take that step now.
    pub is_ready: bool,
}

/// What a scheduler says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// This turn is taken.
    Take(Turn),
    /// Nothing new can come of this run any more.
    Leave,
    /// The order cannot be followed: why, as a clause that can follow "because".
    Differs(String),
}

/// Chooses an order, run after run.
pub trait Scheduler {
    /// Who goes on. `seats` has one entry for each process or thread, `None` for those that have
    /// ended; at least one is ready. `last` is who went before, and `touched` what that step
    /// touched: what was foreseen, and what came of it.
    fn choose(
        &mut self,
        seats: &[Option<Seat>],
        last: Option<usize>,
        touched: &Operation,
    ) -> Choice;

    /// The run has ended or was left; `touched` is what its last step touched. Whether there is
    /// another.
    fn next_run(&mut self, touched: &Operation) -> bool;
}

/// The one who goes on if nobody has to wait: who went before, else the first.
fn natural(seats: &[Option<Seat>], last: Option<usize>) -> Option<usize> {
    let is_ready = |&task: &usize| seats[task].as_ref().is_some_and(|seat| seat.is_ready);
    last.filter(is_ready)
        .or_else(|| (0..seats.len()).find(is_ready))
}

#[cfg(test)]
mod tests;
