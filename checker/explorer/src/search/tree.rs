//! All orders, depth first: the tree of choices is walked by running again from the start.
//!
//! A node of the tree is a state in which somebody has to be chosen. Of two orders that differ only
//! in neighbouring steps that do not conflict, one is enough: *sleep sets* leave out the other
//! (P. Godefroid, Partial-Order Methods for the Verification of Concurrent Systems, chapter 5). Who
//! was tried in a state sleeps in its later branches until somebody takes a step that conflicts with
//! the one it was to take.

use checker::evidence::schedule::Turn;

use super::{Choice, Scheduler, Seat, natural};

/// Walks the tree of all orders.
#[derive(Debug)]
pub struct Tree {
    /// The choices of this run, from the root.
    path: Vec<Node>,
    depth: usize,
    /// Whether orders that differ in nothing are left out.
    reduces: bool,
    /// How often somebody who could go on may be made to wait.
    preemptions: Option<u32>,
}

#[derive(Debug)]
struct Node {
    seats: Vec<Option<Seat>>,
    chosen: usize,
    /// Tried before `chosen`.
    tried: Vec<usize>,
    /// What sleeps here.
    asleep: Vec<usize>,
    /// Who would go on if nobody had to wait.
    natural: usize,
    /// Whether another one would make `natural` wait.
    preempts: bool,
    /// How many preemptions led here.
    spent: u32,
}

impl Node {
    fn is_ready(&self, task: usize) -> bool {
        self.seats[task].as_ref().is_some_and(|seat| seat.is_ready)
    }

    /// Who is to be tried next.
    fn untried(&self, reduces: bool, preemptions: Option<u32>) -> Option<usize> {
        let may_switch = !self.preempts || preemptions.is_none_or(|most| self.spent < most);
        let natural = std::iter::once(self.natural);
        let mut candidates = natural.chain((0..self.seats.len()).filter(|&n| n != self.natural));
        candidates.find(|&task| {
            self.is_ready(task)
                && !self.tried.contains(&task)
                && !(reduces && self.asleep.contains(&task))
                && (task == self.natural || may_switch)
        })
    }

    fn conflict(&self, one: usize, other: usize) -> bool {
        match (&self.seats[one], &self.seats[other]) {
            (Some(one), Some(other)) => one.operation.conflicts(&other.operation),
            _ => false,
        }
    }

    /// Who sleeps after the chosen step: whoever slept or was tried here, unless it conflicts.
    fn still_asleep(&self) -> Vec<usize> {
        let all = self.asleep.iter().chain(&self.tried).copied();
        all.filter(|&task| task != self.chosen && !self.conflict(task, self.chosen))
            .collect()
    }

    /// How many preemptions lead behind the chosen step.
    fn spends(&self) -> u32 {
        self.spent + u32::from(self.preempts && self.chosen != self.natural)
    }
}

impl Tree {
    /// Every order; without `reduces` also those that differ in nothing.
    pub fn every(reduces: bool) -> Tree {
        Tree {
            path: Vec::new(),
            depth: 0,
            reduces,
            preemptions: None,
        }
    }

    /// Every order with at most so many preemptions. Sleep sets would leave out too much: an order
    /// within the bound may differ in nothing from one that is not.
    pub fn bounded(preemptions: u32) -> Tree {
        Tree {
            preemptions: Some(preemptions),
            ..Tree::every(false)
        }
    }
}

impl Scheduler for Tree {
    fn choose(&mut self, seats: &[Option<Seat>], last: Option<usize>) -> Choice {
        if let Some(node) = self.path.get(self.depth) {
            if node.seats != seats {
                return Choice::Differs;
            }
            self.depth += 1;
            return Choice::Take(Turn::Step(node.chosen));
        }
        let before = self.path.last();
        let natural = natural(seats, last).expect("somebody is ready");
        let mut node = Node {
            seats: seats.to_vec(),
            chosen: 0,
            tried: Vec::new(),
            asleep: before.map_or(Vec::new(), Node::still_asleep),
            natural,
            preempts: last == Some(natural),
            spent: before.map_or(0, Node::spends),
        };
        let Some(chosen) = node.untried(self.reduces, self.preemptions) else {
            return Choice::Leave;
        };
        node.chosen = chosen;
        self.path.push(node);
        self.depth += 1;
        Choice::Take(Turn::Step(chosen))
    }

    fn next_run(&mut self) -> bool {
        self.depth = 0;
        while let Some(mut node) = self.path.pop() {
            node.tried.push(node.chosen);
            if let Some(next) = node.untried(self.reduces, self.preemptions) {
                node.chosen = next;
                self.path.push(node);
                return true;
            }
        }
        false
    }
}
