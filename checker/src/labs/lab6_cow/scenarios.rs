//! What is run for lab 6.

use crate::evidence::bytes::Bytes;
use crate::inputs::Inputs;
use crate::scenario::{Action, FileKind, Point, Scenario};

/// The lines at which is looked, and the names of the moments. The program has made a report when
/// it prints the first line of it.
pub const MAPPED: &str = "mapped file:";
/// Every page was read.
pub const READ: &str = "read file:";
/// The pages were stored into.
pub const STORED: &str = "stored file:";
/// The copies were dropped.
pub const DROPPED: &str = "dropped file:";
/// Every page was read again.
pub const AGAIN: &str = "again file:";
/// In the child.
pub const CHILD: &str = "child file:";
/// When the child has ended.
pub const PARENT: &str = "parent file:";

/// The moments at which the program waits for a line.
pub const WAITS: [&str; 3] = ["first wait", "second wait", "third wait"];

/// The name of the rule by which a debugger stores into a page.
pub const DEBUGGER: &str = "debugger";

/// Clause 0: more pages than are looked at.
const MANY: u64 = 3_000_000;

/// All scenarios, in the order of the checks.
pub fn all(seed: u64, page: u64) -> Vec<Scenario> {
    let mut inputs = Inputs::new(seed, page);
    let inputs = &mut inputs;
    let mut all = bad_input(inputs);
    all.extend(stores(inputs));
    let transcript = transcript(page);
    all.push(transcript.twin());
    all.push(transcript);
    all.extend(edges(inputs));
    all.extend(stretch(inputs));
    all
}

/// A few bytes at the start of each page of a file of this length, holes between them. No rule asks
/// what a page holds, and what is set up and looked at costs time.
fn pieces(inputs: &mut Inputs, length: u64) -> Vec<(u64, Bytes)> {
    let starts = (0..length).step_by(inputs.page as usize);
    let piece = |start: u64| (start, Bytes(inputs.lines((length - start).min(16))));
    starts.map(piece).collect()
}

fn bad_input(inputs: &mut Inputs) -> Vec<Scenario> {
    let f = inputs.name("data");
    let bytes = inputs.lines(50);
    let cow = |name: &str| Scenario::new(name, &[&f, "0"]);
    let many = inputs.page * MANY;
    vec![
        Scenario::new("usage-none", &[]),
        Scenario::new("usage-word", &[&f, "1x"]).file(&f, &bytes),
        cow("missing"),
        cow("directory").other(&f, FileKind::Directory),
        cow("fifo").other(&f, FileKind::Fifo),
        cow("unreadable").file(&f, &bytes).mode(0o000),
        cow("empty").file(&f, b""),
        cow("many").sparse(&f, many, vec![(0, Bytes(bytes))]),
    ]
}

/// Looks at these lines, and gives a line at each wait.
fn explored(scenario: Scenario, lines: &[&str], waits: usize) -> Scenario {
    let looks = |scenario: Scenario, line: &&str| {
        scenario.rule(line, Point::line(line), vec![Action::LookInside])
    };
    let scenario = lines.iter().fold(scenario.open_input(), looks);
    let line = |n: usize| Bytes::from(["go on\n", "\n", "\n"][n]);
    (0..waits).fold(scenario, |scenario, n| {
        let then = vec![Action::Feed("subject".to_owned(), line(n))];
        scenario
            .rule(WAITS[n], Point::input(), then)
            .nth_time(n as u32 + 1)
    })
}

/// A run of the first form.
fn plain(scenario: Scenario) -> Scenario {
    explored(scenario, &[MAPPED, READ, STORED], 2)
}

/// The same, looked at also while it waits. A look takes as long as a small program does, so only
/// some runs have it.
fn looked_at_waits(mut scenario: Scenario) -> Scenario {
    let waits = scenario.rules.iter_mut();
    for rule in waits.filter(|rule| WAITS.contains(&rule.name.as_str())) {
        rule.then.insert(0, Action::LookInside);
    }
    scenario
}

fn stores(inputs: &mut Inputs) -> Vec<Scenario> {
    let page = inputs.page;
    let f = inputs.name("data");
    let count = inputs.between(6, 9);
    let length = page * count;
    // Two pages, with a group of exactly two between them, and one that nobody names.
    let low = inputs.between(0, 1);
    let high = low + 3;
    let other = inputs.pick(&[2, count - 1]);
    let (low, high) = (low.to_string(), high.to_string());
    let pieces = pieces(inputs, length);
    let cow = |name: &str, pages: &[&str]| {
        let words: Vec<&str> = [f.as_str()].iter().chain(pages).copied().collect();
        let scenario = Scenario::new(name, &words);
        scenario.sparse(&f, length, pieces.clone()).synced()
    };
    let debugger = Action::StoreInside {
        file: f.clone(),
        page: other,
    };
    let asked = cow("asked", &[&low, &high, &low]).rule(DEBUGGER, Point::input(), vec![debugger]);
    vec![
        looked_at_waits(plain(cow("cow", &[&high, &low]))),
        plain(cow("cow-none", &[])),
        looked_at_waits(plain(asked)),
    ]
}

/// Fixed, so that its output can be stored; in pages, so that it is the same on every machine.
fn transcript(page: u64) -> Scenario {
    let piece = Bytes::from("Copy on write\n");
    Scenario::new("transcript", &["cow.bin", "1"])
        .sparse("cow.bin", page * 4, vec![(0, piece)])
        .input(b"\n\n")
}

fn edges(inputs: &mut Inputs) -> Vec<Scenario> {
    let page = inputs.page;
    let f = inputs.name("data");
    // More pages than anyone writes down one by one.
    let last = inputs.between(120, 140);
    let length = page * last + inputs.between(1, page - 1);
    let piece = Bytes(inputs.lines(20));
    let partial = vec![(0, piece), (length - 1, Bytes::from("."))];
    let (last, beyond) = (last.to_string(), (last + 1).to_string());
    let one_byte = inputs.lines(1);
    let cow = |name: &str, number: &str| {
        let scenario = Scenario::new(name, &[&f, number]);
        scenario.sparse(&f, length, partial.clone()).synced()
    };
    vec![
        plain(cow("partial", &last)),
        plain(Scenario::new("one-byte", &[&f, "0"]).file(&f, &one_byte)),
        cow("outside", &beyond),
        // One more than 64 bits hold.
        cow("outside-far", "18446744073709551616"),
    ]
}

fn stretch(inputs: &mut Inputs) -> Vec<Scenario> {
    let page = inputs.page;
    let f = inputs.name("data");
    let pieces = pieces(inputs, page * 5);
    let (one, other) = inputs.pick(&[("0", "3"), ("3", "0"), ("1", "4")]);
    let dropped = Scenario::new("dropped", &["--drop", &f, one, other]);
    let forked = Scenario::new("forked", &["--fork", &f, one, other]);
    let dirty = Scenario::new("dirty", &[&f, one]);
    let with = |scenario: Scenario| scenario.sparse(&f, page * 5, pieces.clone());
    vec![
        explored(
            with(dropped).synced(),
            &[MAPPED, READ, STORED, DROPPED, AGAIN],
            2,
        ),
        looked_at_waits(explored(
            with(forked).synced(),
            &[MAPPED, READ, STORED, CHILD, PARENT],
            3,
        )),
        plain(with(dirty)),
    ]
}
