//! Schedulers on programs that are lists of operations, run in memory.

use std::collections::BTreeSet;

use checker::evidence::schedule::Turn;

use super::{Choice, Deaths, Replay, Scheduler, Seat, Tree, Visits};
use crate::operation::{Object, Operation};

/// A step of a program on shared words and locks.
#[derive(Clone, Copy, Debug)]
enum Step {
    Load(usize),
    Store(usize),
    Add(usize),
    Lock(usize),
    Unlock(usize),
    Elsewhere,
}

impl Step {
    fn operation(self, task: usize) -> Operation {
        let word = |word, writes| Operation::on(Object::File(word), 0, 8, writes);
        match self {
            Step::Load(n) => word(n, false),
            Step::Store(n) | Step::Add(n) => word(n, true),
            Step::Lock(n) | Step::Unlock(n) => Operation::on(Object::Locks(n), 0, 1, true),
            Step::Elsewhere => Operation::on(Object::File(100 + task), 0, 8, true),
        }
    }
}

/// What a run came to: the words, what each program has loaded last, and who waits for ever.
type Outcome = ([u64; 2], Vec<u64>, Vec<bool>);

struct Explored {
    complete: usize,
    left: usize,
    outcomes: BTreeSet<Outcome>,
    lost: usize,
}

/// Runs all that a scheduler wants, of programs that add 1 for each store or addition.
fn explore(mut scheduler: impl Scheduler, programs: &[&[Step]]) -> Explored {
    walk(&mut scheduler, programs)
}

fn walk(scheduler: &mut impl Scheduler, programs: &[&[Step]]) -> Explored {
    let adds = |step: &&Step| matches!(step, Step::Store(0) | Step::Add(0));
    let total = programs.iter().flat_map(|p| p.iter()).filter(adds).count() as u64;
    let mut explored = Explored {
        complete: 0,
        left: 0,
        outcomes: BTreeSet::new(),
        lost: 0,
    };
    loop {
        let (outcome, touched) = run(scheduler, programs);
        match outcome {
            Some(outcome) => {
                explored.complete += 1;
                explored.lost += usize::from(outcome.0[0] != total);
                explored.outcomes.insert(outcome);
            }
            None => explored.left += 1,
        }
        if !scheduler.next_run(&touched) {
            return explored;
        }
    }
}

/// One run, and what its last step touched.
fn run(scheduler: &mut impl Scheduler, programs: &[&[Step]]) -> (Option<Outcome>, Operation) {
    let mut at = vec![0; programs.len()];
    let mut dead = vec![false; programs.len()];
    let mut registers = vec![0; programs.len()];
    let mut waits_for = vec![None; programs.len()];
    let (mut words, mut holders, mut last) = ([0; 2], [None; 2], None);
    let mut touched = Operation::default();
    loop {
        let seat = |task: usize| {
            let step = programs[task].get(at[task]).filter(|_| !dead[task])?;
            Some(Seat {
                operation: step.operation(task),
                is_ready: waits_for[task].is_none(),
            })
        };
        let seats: Vec<_> = (0..programs.len()).map(seat).collect();
        if !seats.iter().flatten().any(|seat| seat.is_ready) {
            let stuck = seats.iter().map(Option::is_some).collect();
            return (Some((words, registers, stuck)), touched);
        }
        let task = match scheduler.choose(&seats, last, &touched) {
            Choice::Take(Turn::Step(task)) => task,
            Choice::Take(Turn::Kill(task)) => {
                dead[task] = true;
                continue;
            }
            Choice::Leave => return (None, touched),
            Choice::Differs(why) => panic!("a list of steps does not change: {why}"),
        };
        last = Some(task);
        let step = programs[task][at[task]];
        touched = step.operation(task);
        match step {
            Step::Load(n) => registers[task] = words[n],
            Step::Store(n) => words[n] = registers[task] + 1,
            Step::Add(n) => words[n] += 1,
            Step::Lock(n) if holders[n].is_some() => {
                waits_for[task] = Some(n);
                continue;
            }
            Step::Lock(n) => holders[n] = Some(task),
            Step::Unlock(n) => {
                holders[n] = None;
                for waits in &mut waits_for {
                    waits.take_if(|lock| *lock == n);
                }
            }
            Step::Elsewhere => {}
        }
        at[task] += 1;
    }
}

const PLAIN: &[Step] = &[Step::Load(0), Step::Store(0)];
const LOCKED: &[Step] = &[
    Step::Lock(0),
    Step::Load(0),
    Step::Store(0),
    Step::Unlock(0),
];

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
    let mut tree = Tree::bounded(1);
    let mut value = || {
        let (outcome, touched) = run(&mut tree, &[PLAIN, PLAIN]);
        tree.next_run(&touched);
        outcome.expect("an outcome").0[0]
    };
    assert_eq!((value(), value()), (2, 1));
}

#[test]
fn atomic_additions_never_lose() {
    let once: &[Step] = &[Step::Add(0)];
    let all = explore(Tree::every(false), &[once, once]);
    assert_eq!((all.complete, all.lost), (2, 0));
    let thrice: &[Step] = &[Step::Add(0); 3];
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
    let again = explore(Replay::exactly(turns.turns), &[PLAIN, PLAIN]);
    assert_eq!((again.complete, again.lost), (1, 1));
}

#[test]
fn a_turn_that_cannot_be_taken_is_passed_over() {
    let turns: checker::evidence::schedule::Schedule = "AB2CA".parse().expect("a schedule");
    let mut replay = Replay::nearly(turns.turns);
    let again = walk(&mut replay, &[LOCKED, LOCKED]);
    assert_eq!((again.complete, again.lost), (1, 0));
    assert_eq!(
        replay.passed_over().as_deref(),
        Some("at step 3, B has to wait")
    );
}

#[test]
fn a_process_dies_before_each_of_its_steps() {
    let deaths = explore(Deaths::default(), &[LOCKED]);
    assert_eq!(deaths.complete, 9);
    let values: BTreeSet<u64> = deaths.outcomes.iter().map(|(words, ..)| words[0]).collect();
    assert_eq!(values, BTreeSet::from([0, 1]));
}

#[test]
fn a_third_comes_when_the_second_has_let_go() {
    // Between the two the first one has the lock of the second.
    let left: &[Step] = &[
        Step::Lock(0),
        Step::Load(0),
        Step::Store(0),
        Step::Unlock(0),
    ];
    let past: &[Step] = &[
        Step::Lock(1),
        Step::Load(0),
        Step::Store(0),
        Step::Unlock(1),
    ];
    let visits = explore(Visits::default(), &[left, left, past]);
    assert!(visits.lost > 0);
    assert!(visits.complete < 20, "{}", visits.complete);
    let kept = explore(Visits::default(), &[LOCKED, LOCKED, LOCKED]);
    assert_eq!(kept.lost, 0);
}

/// What is left out comes to nothing else: programs drawn at random, two or three of them.
#[test]
fn a_reduced_search_meets_every_outcome() {
    let mut rng = fastrand::Rng::with_seed(5);
    let (mut all_runs, mut reduced_runs) = (0, 0);
    for _ in 0..2000 {
        let programs: Vec<Vec<Step>> = (0..rng.usize(2..=3))
            .map(|_| (0..rng.usize(1..=4)).map(|_| any(&mut rng)).collect())
            .collect();
        let programs: Vec<&[Step]> = programs.iter().map(Vec::as_slice).collect();
        let all = explore(Tree::every(false), &programs);
        let reduced = explore(Tree::every(true), &programs);
        assert_eq!(reduced.outcomes, all.outcomes, "{programs:?}");
        all_runs += all.complete;
        reduced_runs += reduced.complete + reduced.left;
    }
    assert!(reduced_runs * 4 < all_runs, "{reduced_runs} of {all_runs}");
}

fn any(rng: &mut fastrand::Rng) -> Step {
    let n = rng.usize(..2);
    match rng.usize(..6) {
        0 => Step::Load(n),
        1 => Step::Store(n),
        2 => Step::Add(n),
        3 => Step::Lock(n),
        4 => Step::Unlock(n),
        _ => Step::Elsewhere,
    }
}
