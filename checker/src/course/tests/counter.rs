//! Known right and wrong runs of lab 5.

use super::{scenario, told, verdict};
use crate::evidence::bytes::Bytes;
use crate::evidence::ending::Ending;
use crate::evidence::exploration::{Deed, Exploration, Extent, Left, Outcome, SharedPlace, Step};
use crate::evidence::{Facet, Observation};
use crate::lab::Lab;
use crate::labs::lab5_counter::LAB;
use crate::rule::made::{self, Made};
use crate::scenario::Action;
use crate::verdict::Verdict;

const LAB5: &Lab = &LAB;
const RW: &str = "PROT_READ|PROT_WRITE";
const START: i64 = 0x7f00_0000_0000;

fn name(obs: &Observation) -> String {
    obs.scenario.actors[0].arguments[1].clone()
}

/// The value of the counter before.
fn before(obs: &Observation) -> i64 {
    let state = obs.evidence.files[0].before.as_ref().unwrap();
    i64::from_le_bytes(state.content.range(0, 8).try_into().unwrap())
}

fn made(scenario_name: &str) -> (Made, String, i64) {
    let obs = made::observation(scenario(LAB5, scenario_name)).done();
    let (name, value) = (name(&obs), before(&obs));
    (made::again(obs), name, value)
}

/// One run of `increment` that leaves these bytes, prints this line, and maps so.
fn increment(bytes: impl Fn(i64) -> [u8; 8], said: impl Fn(i64) -> i64, map: &str) -> String {
    let (made, name, value) = made("increment");
    let bytes = bytes(value);
    let obs = made
        .open(&name, "O_RDWR")
        .mmap(&name, 8, RW, map, START)
        .holds(&name, &bytes)
        .print(&format!("value: {}\n", said(value)))
        .moment("value:", Some((&name, &bytes, b"")));
    told(LAB5, 2, "increment", &obs.done())
}

fn next(value: i64) -> i64 {
    value + 1
}

fn right(value: i64) -> [u8; 8] {
    next(value).to_le_bytes()
}

#[test]
fn an_addition_reaches_the_file_and_is_told() {
    assert_eq!(increment(right, next, "MAP_SHARED"), "passed");
    let private = increment(i64::to_le_bytes, next, "MAP_PRIVATE");
    assert_eq!(private, "private-mapping");
    let old = increment(right, |value| value, "MAP_SHARED");
    assert_eq!(old, "old-value-printed");
    let turned = |value: i64| (value.swap_bytes() + 1).to_be_bytes();
    let order = increment(turned, |value| value.swap_bytes() + 1, "MAP_SHARED");
    assert_eq!(order, "byte-order");
    let cut = increment(right, |value| i64::from(next(value) as i32), "MAP_SHARED");
    assert_eq!(cut, "half-the-width");
    let digits = increment(|_| *b"1000\0\0\0\0", next, "MAP_SHARED");
    assert_eq!(digits, "value-as-text");
    let none = increment(i64::to_le_bytes, next, "MAP_SHARED");
    assert!(none.contains("is a counter of the value"), "{none}");
}

#[test]
fn a_lock_may_stay_and_nothing_else() {
    let beside = |ending: &str| {
        let (made, name, value) = made("increment");
        let obs = made
            .mmap(&name, 8, RW, "MAP_SHARED", START)
            .holds(&name, &right(value))
            .holds(&format!("{name}{ending}"), b"")
            .print(&format!("value: {}\n", next(value)))
            .moment("value:", None);
        told(LAB5, 2, "increment", &obs.done())
    };
    assert_eq!(beside(".lock"), "passed");
    assert!(beside(".tmp").contains("nothing is left beside"));
}

/// A run of `watch` that prints the values of these places: 0 the first, 1 the second, 2 the smaller
/// one behind it, 3 one between them, 4 the second once more, 5 the last.
fn watch(said: &[usize], ending: Ending) -> Made {
    let (mut made, name, value) = made("watch");
    let obs = made.done();
    let mut values = vec![value];
    for action in obs.scenario.rules.iter().flat_map(|rule| &rule.then) {
        if let Action::Write { bytes, .. } = action {
            values.push(i64::from_le_bytes(bytes.0[..].try_into().unwrap()));
        }
    }
    made =
        made::again(obs)
            .open(&name, "O_RDONLY")
            .mmap(&name, 8, "PROT_READ", "MAP_SHARED", START);
    for &n in said {
        made = made.print(&format!("value: {}\n", values[n]));
    }
    made.ends(ending)
}

const DONE: Ending = Ending::Exited { code: 0 };

#[test]
fn what_is_watched_is_told_once_it_is_larger() {
    let sees = |made: Made| told(LAB5, 4, "watch", &made.done());
    assert_eq!(sees(watch(&[0, 1, 5], DONE)), "passed");
    assert_eq!(sees(watch(&[0, 1, 2, 5], DONE)), "went-backwards");
    assert_eq!(sees(watch(&[0, 1, 3, 5], DONE)), "went-backwards");
    let same = sees(watch(&[0, 1, 4, 5], DONE));
    assert!(same.contains("line 3 of standard output"), "{same}");
    let busy = || Ending::TooMuchCpu { limit_s: 1 };
    assert_eq!(sees(watch(&[0], busy())), "load-hoisted");
    assert_eq!(sees(watch(&[], busy())), "nothing-said");
    let missed = sees(watch(&[0, 5], DONE));
    assert!(missed.contains("line 2 of standard output"), "{missed}");
    let name = name(&watch(&[], DONE).done());
    let read = watch(&[0], DONE).on("pread64", &name, &[3, 0x1000, 8, 0], 8);
    assert_eq!(sees(read), "moved-by-call");
    let again = watch(&[0], DONE).mmap(&name, 8, "PROT_READ", "MAP_SHARED", START);
    assert_eq!(sees(again), "asked-per-look");
    let written = watch(&[], DONE).mmap(&name, 8, RW, "MAP_SHARED", START);
    assert_eq!(sees(written), "read-with-write");
}

#[test]
fn other_lengths_are_refused_each_for_its_own_file() {
    let sizes = |n: usize, bytes: Option<&[u8]>, code: i32| {
        let obs = made::observation(scenario(LAB5, "sizes")).done().alone(n);
        let name = name(&obs);
        let made = made::again(obs)
            .complain(&format!("{name} is no counter\n"))
            .ends(Ending::Exited { code });
        let obs = match bytes {
            Some(bytes) => made.holds(&name, bytes),
            None => made,
        };
        told(LAB5, 3, "sizes", &obs.done())
    };
    for n in 0..10 {
        assert_eq!(sizes(n, None, 1), "passed", "{n}");
    }
    assert_eq!(sizes(0, Some(&[0; 8]), 0), "status-forgotten");
    assert_eq!(sizes(0, Some(&[0; 8]), 1), "wrong-size-filled");
    assert_eq!(sizes(3, Some(&[1; 8]), 2), "length-in-32-bits");
}

/// Actors that add, of which so many additions are in the file; each prints this.
fn added(name: &str, in_the_file: i64, said: impl Fn(usize) -> i64) -> Observation {
    let (made, file, value) = made(name);
    let sum = value + in_the_file;
    let made = made.holds(&file, &sum.to_le_bytes());
    made.with(|obs| {
        for (n, actor) in obs.evidence.actors.iter_mut().enumerate() {
            let line = format!("value: {}\n", value + said(n));
            actor.stdout.start = line.as_str().into();
            actor.stdout.total = line.len() as u64;
        }
        obs.evidence.trace = Facet::Seen(Vec::new());
    })
    .done()
}

#[test]
fn lost_additions_are_counted() {
    let load = |in_the_file, said: &dyn Fn(usize) -> i64| {
        told(LAB5, 7, "load", &added("load", in_the_file, said))
    };
    let actors = scenario(LAB5, "load").actors;
    let times = |n: usize| -> i64 { actors[n].arguments[3].parse().unwrap() };
    let each = |n: usize| (0..=n).map(times).sum();
    let sum = each(actors.len() - 1);
    assert_eq!(load(sum, &each), "passed");
    let lost = load(sum - 1, &each);
    assert!(lost.contains("1 of them was lost"), "{lost}");
    let all_first = load(sum, &times);
    assert!(
        all_first.contains("the program that adds last"),
        "{all_first}"
    );
    let too_much = load(sum, &|_| sum + 1);
    assert!(too_much.contains("one printed"), "{too_much}");
}

/// Two processes under one order of their steps: what is in the counter in the end, and what each
/// prints, counted from the value before.
fn met(in_the_file: i64, said: [i64; 2], steps: Vec<Step>) -> String {
    let (made, file, value) = made("two-increments");
    let mut obs = made.done();
    let mut actors = obs.evidence.actors.clone();
    for (actor, said) in actors.iter_mut().zip(said) {
        let line = format!("value: {}\n", value + said);
        actor.stdout.start = line.as_str().into();
        actor.stdout.total = line.len() as u64;
    }
    let left = Left {
        name: file,
        length: 8,
        bytes: Bytes((value + in_the_file).to_le_bytes().to_vec()),
    };
    obs.evidence.exploration = Some(Facet::Seen(Exploration {
        extent: Extent::Exhausted,
        interleavings: 1,
        redundant: 0,
        steps: steps.len() as u64,
        micros: 1,
        outcomes: vec![Outcome {
            at_kill: None,
            count: 1,
            schedule: "A2BA".parse().unwrap(),
            actors,
            files: vec![left],
            steps,
        }],
    }));
    let load = made::observation(scenario(LAB5, "load")).done();
    match verdict(LAB5, 5, "two-increments", &[&obs, &load]) {
        Verdict::Passed => "passed".to_owned(),
        Verdict::Failed(told) => match told.mistake {
            Some(mistake) => mistake.code,
            None => told.observed,
        },
        other => format!("{other:?}"),
    }
}

fn step(task: usize, deed: Deed) -> Step {
    Step {
        task,
        actor: task,
        deed,
        place: None,
    }
}

#[test]
fn an_order_that_loses_an_addition_is_told() {
    assert_eq!(met(2, [1, 2], Vec::new()), "passed");
    assert_eq!(met(2, [2, 2], Vec::new()), "passed");
    assert_eq!(met(1, [1, 1], Vec::new()), "load-add-store");
    let none_last = met(2, [1, 1], Vec::new());
    assert!(none_last.contains("they print"), "{none_last}");
    assert_eq!(met(-5, [1, 2], Vec::new()), "stored-in-halves");
    let lock = Deed::Store {
        at: SharedPlace {
            file: "met.lock".to_owned(),
            offset: 0,
        },
        before: Bytes(vec![0; 4]),
        after: Bytes(vec![1, 0, 0, 0]),
    };
    let taken = vec![step(0, lock.clone()), step(1, lock)];
    assert_eq!(met(1, [1, 1], taken), "mutex-of-one-process");
}

#[test]
fn init_may_not_cut() {
    let (made, name, _) = made("init-under");
    let obs = made
        .open(&name, "O_RDWR|O_CREAT|O_TRUNC")
        .holds(&name, &[0; 8])
        .done();
    let cut = told(LAB5, 9, "init-under", &obs);
    assert_eq!(cut, "cut-under-a-mapping");
}

#[test]
fn the_largest_value_stays() {
    let full = |n: usize, value: i64, code: i32| {
        let obs = made::observation(scenario(LAB5, "full")).done().alone(n);
        let name = name(&obs);
        let made = made::again(obs).complain(&format!("{name} is full\n"));
        let made = made.holds(&name, &value.to_le_bytes());
        told(LAB5, 10, "full", &made.ends(Ending::Exited { code }).done())
    };
    assert_eq!(full(0, i64::MAX, 1), "passed");
    assert_eq!(full(1, i64::MAX, 1), "passed");
    assert_eq!(full(0, i64::MIN, 0), "status-forgotten");
    assert_eq!(full(0, i64::MIN, 1), "overflow-wraps");
    let nearly = made::observation(scenario(LAB5, "full")).done();
    let state = nearly.evidence.files[1].before.as_ref().unwrap();
    let start = i64::from_le_bytes(state.content.range(0, 8).try_into().unwrap());
    assert_eq!(full(1, start, 1), "added-at-once");
}
