//! Schedulers on programs that are lists of operations, run in memory.

use std::collections::BTreeSet;

use checker::evidence::schedule::Turn;

use super::{Choice, Deaths, Replay, Scheduler, Seat, Tree};
use crate::operation::{Object, Operation};

/// A step of a program on one shared word and one lock.
#[derive(Clone, Copy, Debug)]
enum Step {
    Load,
    Store,
    Add,
    Lock,
    Unlock,
    Elsewhere,
}

impl Step {
    fn operation(self, task: usize) -> Operation {
        let word = |writes| Operation::on(Object::File(0), 0, 8, writes);
        match self {
            Step::Load => word(false),
            Step::Store | Step::Add => word(true),
            Step::Lock | Step::Unlock => Operation::on_all(Object::Locks(0), true),
            Step::Elsewhere => Operation::on(Object::File(1 + task), 0, 8, true),
        }
    }
}

struct Explored {
    complete: usize,
    left: usize,
    outcomes: BTreeSet<u64>,
    lost: usize,
}

/// Runs all that a scheduler wants, of programs that add 1 for each store or addition.
fn explore(mut scheduler: impl Scheduler, programs: &[&[Step]]) -> Explored {
    let adds = |step: &&Step| matches!(step, Step::Store | Step::Add);
    let total = programs.iter().flat_map(|p| p.iter()).filter(adds).count() as u64;
    let mut explored = Explored {
        complete: 0,
        left: 0,
        outcomes: BTreeSet::new(),
        lost: 0,
    };
    loop {
        match run(&mut scheduler, programs) {
            Some(value) => {
                explored.complete += 1;
                explored.outcomes.insert(value);
                explored.lost += usize::from(value != total);
            }
            None => explored.left += 1,
        }
        if !scheduler.next_run() {
            return explored;
        }
    }
}

fn run(scheduler: &mut impl Scheduler, programs: &[&[Step]]) -> Option<u64> {
    let mut at = vec![0; programs.len()];
    let mut dead = vec![false; programs.len()];
    let mut registers = vec![0; programs.len()];
    let mut blocked = vec![false; programs.len()];
    let (mut word, mut holder, mut last) = (0, None, None);
    loop {
        let seat = |task: usize| {
            let step = programs[task].get(at[task]).filter(|_| !dead[task])?;
            Some(Seat {
                operation: step.operation(task),
                is_ready: !blocked[task],
            })
        };
        let seats: Vec<_> = (0..programs.len()).map(seat).collect();
        if seats.iter().all(Option::is_none) {
            return Some(word);
        }
        let task = match scheduler.choose(&seats, last) {
            Choice::Take(Turn::Step(task)) => task,
            Choice::Take(Turn::Kill(task)) => {
                dead[task] = true;
                continue;
            }
            Choice::Leave => return None,
            Choice::Differs => panic!("a list of steps does not change"),
        };
        last = Some(task);
        match programs[task][at[task]] {
            Step::Load => registers[task] = word,
            Step::Store => word = registers[task] + 1,
            Step::Add => word += 1,
            Step::Lock if holder.is_some() => {
                blocked[task] = true;
                continue;
            }
            Step::Lock => holder = Some(task),
            Step::Unlock => {
                holder = None;
                blocked.fill(false);
            }
            Step::Elsewhere => {}
        }
        at[task] += 1;
    }
}

const PLAIN: &[Step] = &[Step::Load, Step::Store];
const LOCKED: &[Step] = &[Step::Lock, Step::Load, Step::Store, Step::Unlock];

#[test]
fn plain_increments_have_six_orders_and_four_lose() {
    let all = explore(Tree::every(false), &[PLAIN, PLAIN]);
    assert_eq!((all.complete, all.lost, all.left), (6, 4, 0));
    let reduced = explore(Tree::every(true), &[PLAIN, PLAIN]);
    assert_eq!(reduced.outcomes, all.outcomes);
    assert!(reduced.complete < 6);
    let twice = [PLAIN, PLAIN].concat();
    let all = explore(Tree::every(false), &[&twice, &twice]);
    assert_eq!((all.complete, all.lost), (70, 64));
    let reduced = explore(Tree::every(true), &[&twice, &twice]);
    assert_eq!((reduced.complete, reduced.lost), (34, 28));
    assert_eq!(reduced.outcomes, all.outcomes);
}

#[test]
fn the_second_order_loses_an_update() {
    let mut tree = Tree::every(true);
    assert_eq!(run(&mut tree, &[PLAIN, PLAIN]), Some(2));
    assert!(tree.next_run());
    assert_eq!(run(&mut tree, &[PLAIN, PLAIN]), Some(1));
}

#[test]
fn atomic_additions_never_lose() {
    let once: &[Step] = &[Step::Add];
    let all = explore(Tree::every(false), &[once, once]);
    assert_eq!((all.complete, all.lost), (2, 0));
    let thrice: &[Step] = &[Step::Add; 3];
    let all = explore(Tree::every(false), &[thrice, thrice]);
    assert_eq!((all.complete, all.lost), (20, 0));
}

#[test]
fn a_lock_makes_the_other_wait_and_waiting_is_a_step() {
    let all = explore(Tree::every(false), &[LOCKED, LOCKED]);
    assert_eq!((all.complete, all.lost), (8, 0));
    // Between an unlock and the next attempt of the one who waited, the other may lock again.
    let twice = [LOCKED, LOCKED].concat();
    let all = explore(Tree::every(false), &[&twice, &twice]);
    assert_eq!((all.complete, all.lost), (288, 0));
}

#[test]
fn steps_that_have_nothing_to_do_with_each_other_have_one_order() {
    let alone: &[Step] = &[Step::Elsewhere; 5];
    assert_eq!(explore(Tree::every(false), &[alone, alone]).complete, 252);
    assert_eq!(explore(Tree::every(true), &[alone, alone]).complete, 1);
}

#[test]
fn preemptions_are_counted() {
    let none = explore(Tree::bounded(0), &[PLAIN, PLAIN]);
    assert_eq!((none.complete, none.lost), (2, 0));
    let one = explore(Tree::bounded(1), &[PLAIN, PLAIN]);
    assert_eq!((one.complete, one.lost), (4, 2));
    let two = explore(Tree::bounded(2), &[PLAIN, PLAIN]);
    assert_eq!((two.complete, two.lost), (6, 4));
}

#[test]
fn an_order_is_run_again() {
    let turns: checker::evidence::schedule::Schedule = "AB2A".parse().expect("a schedule");
    let again = explore(Replay::new(turns.turns), &[PLAIN, PLAIN]);
    assert_eq!((again.complete, again.lost), (1, 1));
}

#[test]
fn a_process_dies_before_each_of_its_steps() {
    let deaths = explore(Deaths::default(), &[LOCKED]);
    assert_eq!(deaths.complete, 5);
    assert_eq!(deaths.outcomes, BTreeSet::from([0, 1]));
}
