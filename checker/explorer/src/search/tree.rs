//! All orders, depth first: the tree of choices is walked by running again from the start.
//!
//! A node of the tree is a state in which somebody has to be chosen. Two orders that differ only in
//! neighbouring steps that do not conflict come to the same, so one of them is enough. Two ways of
//! leaving the other out work together here (P. Abdulla and others, Optimal Dynamic Partial Order
//! Reduction, section 4; P. Godefroid, Partial-Order Methods for the Verification of Concurrent
//! Systems, chapter 5):
//!
//! - *Source sets*: another one is tried in a state only if a later step conflicts with the one that
//!   was taken there, and nothing between the two puts them in order.
//! - *Sleep sets*: who was tried in a state sleeps in its later branches until somebody takes a step
//!   that conflicts with the one he was to take.

use checker::evidence::schedule::Turn;

use super::{Choice, Scheduler, Seat, natural};
use crate::operation::Operation;

/// Walks the tree of all orders.
#[derive(Debug)]
pub struct Tree {
    /// The choices of this run, from the root.
    path: Vec<Node>,
    depth: usize,
    /// Whether orders that come to the same are left out.
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
    /// Who is to be tried here.
    wanted: Vec<usize>,
    /// Who sleeps here.
    asleep: Vec<usize>,
    /// Who would go on if nobody had to wait.
    natural: usize,
    /// Whether another one would make `natural` wait.
    preempts: bool,
    /// How many preemptions led here.
    spent: u32,
    /// What the chosen step touched, known when it was taken.
    done: Operation,
    /// For each task, behind how many nodes its last step lies that has to come before the chosen
    /// one: 0 for none.
    clock: Vec<usize>,
}

impl Node {
    fn is_ready(&self, task: usize) -> bool {
        let seat = self.seats.get(task).and_then(Option::as_ref);
        seat.is_some_and(|seat| seat.is_ready)
    }

    fn ready(&self) -> Vec<usize> {
        (0..self.seats.len())
            .filter(|&task| self.is_ready(task))
            .collect()
    }

    /// Who is to be tried next.
    fn untried(&self, preemptions: Option<u32>) -> Option<usize> {
        let may_switch = !self.preempts || preemptions.is_none_or(|most| self.spent < most);
        let mut candidates = self.wanted.iter().copied();
        candidates.find(|task| {
            !self.tried.contains(task)
                && !self.asleep.contains(task)
                && (*task == self.natural || may_switch)
        })
    }

    fn operation(&self, task: usize) -> Option<&Operation> {
        let seat = self.seats.get(task).and_then(Option::as_ref);
        seat.map(|seat| &seat.operation)
    }

    /// Who sleeps after the chosen step: whoever slept or was tried here, unless it conflicts.
    fn still_asleep(&self) -> Vec<usize> {
        let all = self.asleep.iter().chain(&self.tried).copied();
        let conflicts = |task: usize| {
            let own = self.operation(task);
            own.is_none_or(|own| own.conflicts(&self.done))
        };
        all.filter(|&task| task != self.chosen && !conflicts(task))
            .collect()
    }

    /// How many preemptions lead behind the chosen step.
    fn spends(&self) -> u32 {
        self.spent + u32::from(self.preempts && self.chosen != self.natural)
    }
}

impl Tree {
    /// Every order; without `reduces` also those that come to the same.
    pub fn every(reduces: bool) -> Tree {
        Tree {
            path: Vec::new(),
            depth: 0,
            reduces,
            preemptions: None,
        }
    }

    /// Every order with at most so many preemptions. Nothing is left out: an order within the bound
    /// may come to the same as one that is not.
    pub fn bounded(preemptions: u32) -> Tree {
        Tree {
            preemptions: Some(preemptions),
            ..Tree::every(false)
        }
    }

    /// Takes note of what the last step touched and of which steps had to come before it, and wants
    /// other orders where nothing but a conflict put it behind another.
    fn step_is_over(&mut self, touched: &Operation) {
        let Some((last, before)) = self.path.split_last_mut() else {
            return;
        };
        last.done = touched.clone();
        let own = clock_of(before, last.chosen);
        let conflicts: Vec<usize> = (0..before.len())
            .filter(|&at| before[at].done.conflicts(&last.done))
            .collect();
        let mut clock = own.clone();
        for &at in &conflicts {
            join(&mut clock, &before[at].clock);
        }
        if clock.len() <= last.chosen {
            clock.resize(last.chosen + 1, 0);
        }
        clock[last.chosen] = before.len() + 1;
        last.clock = clock;
        let put_in_order = |at: usize| {
            let who = before[at].chosen;
            let later = conflicts.iter().filter(|&&other| other > at);
            covers(&own, who, at)
                || later
                    .clone()
                    .any(|&other| covers(&before[other].clock, who, at))
        };
        let races: Vec<usize> = conflicts
            .iter()
            .copied()
            .filter(|&at| before[at].chosen != last.chosen && !put_in_order(at))
            .collect();
        for at in races {
            self.want_other_order(at);
        }
    }

    /// Wants the last step of the path to be tried before the step at `at`: whoever may begin the
    /// steps that lead to it without that one.
    fn want_other_order(&mut self, at: usize) {
        let (who, end) = (self.path[at].chosen, self.path.len());
        let without = (at + 1..end)
            .filter(|&n| n + 1 == end || !covers(&self.path[n].clock, who, at))
            .collect::<Vec<_>>();
        let mut begins: Vec<usize> = Vec::new();
        for (n, &step) in without.iter().enumerate() {
            let node = &self.path[step];
            let is_behind =
                |&earlier: &usize| covers(&node.clock, self.path[earlier].chosen, earlier);
            if !without[..n].iter().any(is_behind) {
                begins.push(node.chosen);
            }
        }
        let node = &mut self.path[at];
        begins.retain(|&task| node.is_ready(task));
        let is_wanted = begins.iter().any(|task| node.wanted.contains(task));
        if let Some(&task) = begins.first().filter(|_| !is_wanted) {
            node.wanted.push(task);
        }
    }
}

/// Whether a clock says that the step at `at`, of `who`, had to come before.
fn covers(clock: &[usize], who: usize, at: usize) -> bool {
    clock.get(who).is_some_and(|&to| at < to)
}

/// Which steps have to come before the next one of a task: those before its last one, or before the
/// one that made it.
fn clock_of(path: &[Node], task: usize) -> Vec<usize> {
    let own = path.iter().rev().find(|node| node.chosen == task);
    let made = || {
        let first = path.iter().position(|node| node.seats.len() > task);
        let making = first.unwrap_or(path.len()).checked_sub(1)?;
        path.get(making)
    };
    own.or_else(made)
        .map_or(Vec::new(), |node| node.clock.clone())
}

fn join(clock: &mut Vec<usize>, other: &[usize]) {
    if clock.len() < other.len() {
        clock.resize(other.len(), 0);
    }
    for (one, other) in clock.iter_mut().zip(other) {
        *one = (*one).max(*other);
    }
}

impl Scheduler for Tree {
    fn choose(
        &mut self,
        seats: &[Option<Seat>],
        last: Option<usize>,
        touched: &Operation,
    ) -> Choice {
        if let Some(node) = self.path.get(self.depth) {
            if node.seats != seats {
                let why =
                    "the program does not do the same each time under the same order of steps";
                return Choice::Differs(why.to_owned());
            }
            self.depth += 1;
            return Choice::Take(Turn::Step(node.chosen));
        }
        if self.reduces {
            self.step_is_over(touched);
        }
        let before = self.path.last();
        let natural = natural(seats, last).expect("somebody is ready");
        let asleep = before.filter(|_| self.reduces);
        let mut node = Node {
            seats: seats.to_vec(),
            chosen: natural,
            tried: Vec::new(),
            wanted: Vec::new(),
            asleep: asleep.map_or(Vec::new(), Node::still_asleep),
            natural,
            preempts: last == Some(natural),
            spent: before.map_or(0, Node::spends),
            done: Operation::default(),
            clock: Vec::new(),
        };
        let ready = node.ready();
        let others = ready.iter().copied().filter(|&task| task != natural);
        let all = std::iter::once(natural).chain(others);
        node.wanted = all.filter(|task| !node.asleep.contains(task)).collect();
        if self.reduces {
            node.wanted.truncate(1);
        }
        let Some(chosen) = node.untried(self.preemptions) else {
            return Choice::Leave;
        };
        node.chosen = chosen;
        self.path.push(node);
        self.depth += 1;
        Choice::Take(Turn::Step(chosen))
    }

    fn next_run(&mut self, touched: &Operation) -> bool {
        if self.reduces {
            self.step_is_over(touched);
        }
        self.depth = 0;
        while let Some(mut node) = self.path.pop() {
            node.tried.push(node.chosen);
            if let Some(next) = node.untried(self.preemptions) {
                node.chosen = next;
                self.path.push(node);
                return true;
            }
        }
        false
    }
}
