//! What is run for lab 5.

use crate::evidence::bytes::Bytes;
use crate::inputs::Inputs;
use crate::scenario::{Action, FileKind, Happening, Limits, Point, Scenario, Side, Start};

use super::{crossing, exploring, load, locking, room, setback, stretch};

/// All scenarios, in the order of the checks. Where output and files decide, nothing is watched.
pub fn all(seed: u64, page: u64) -> Vec<Scenario> {
    let mut inputs = Inputs::new(seed, page);
    let inputs = &mut inputs;
    let mut all = bad_input(inputs);
    all.extend(inits(inputs));
    all.extend(increments(inputs));
    all.push(sizes(inputs));
    all.extend(watches(inputs));
    all.push(setback::scenario(inputs));
    all.extend(exploring::scenarios(inputs));
    all.push(load::scenario(inputs));
    all.extend(stretch::scenarios(inputs));
    all.push(crossing::scenario(inputs));
    all.extend(room::scenarios(inputs));
    all.extend(locking::scenarios(inputs));
    all
}

/// A scenario with a run for each of these command lines, unwatched.
pub fn runs<'a>(name: &str, lines: impl IntoIterator<Item = Vec<&'a str>>) -> Scenario {
    let mut scenario = Scenario::new(name, &[]);
    scenario.actors.clear();
    let add = |scenario: Scenario, line: Vec<&str>| scenario.and(&line);
    lines.into_iter().fold(scenario, add).unwatched()
}

/// A value of which all eight bytes are different, positive or negative.
pub fn value(inputs: &mut Inputs) -> i64 {
    let turn = inputs.between(0, 7);
    let byte = |n: u64| ((n * 3 + turn) % 8 * 32 + 1) as u8;
    let bytes: [u8; 8] = std::array::from_fn(|n| byte(n as u64));
    let more = inputs.between(0, 29) as i64 * 0x0101_0101_0101_0101;
    i64::from_le_bytes(bytes) + more
}

/// A value whose lower half is full: one more changes both halves.
pub fn lower_half_full(inputs: &mut Inputs) -> i64 {
    ((inputs.between(1, 1 << 30) as i64) << 32) - 1
}

/// Adds a counter.
pub fn counter(scenario: Scenario, name: &str, value: i64) -> Scenario {
    scenario.file(name, &value.to_le_bytes())
}

fn bad_input(inputs: &mut Inputs) -> Vec<Scenario> {
    let stems = ["tally", "folder", "closed", "shown"];
    let [file, folder, closed, shown] = stems.map(|stem| inputs.name(stem));
    let missing = inputs.quoted_name("no");
    // One for each command: who opens a pipe wakes others who wait for it.
    let pipes = ["a-pipe", "pipe", "the-pipe"].map(|stem| inputs.name(stem));
    let f = file.as_str();
    let usage: [&[&str]; 18] = [
        &[],
        &["--help"],
        &["-h"],
        &["init"],
        &["init", f, f],
        &["init", f, "9"],
        &["increment", f, "9"],
        &["increments", f],
        &["increment", f, "--times"],
        &["increment", f, "--times", "0"],
        &["increment", f, "--times", "+1"],
        &["increment", f, "--times", "-1"],
        &["increment", f, "--times", "1x"],
        &["increment", f, "--time", "1"],
        &["increment", f, "--times", "1", "1"],
        &["watch", f],
        &["watch", f, "1x"],
        &["watch", f, ""],
    ];
    let nowhere = format!("nowhere/{missing}");
    let mut lines = Vec::new();
    for [first, second, third] in [[&folder; 3], [&closed; 3], pipes.each_ref()] {
        lines.push(vec!["init", first]);
        lines.push(vec!["increment", second]);
        lines.push(vec!["watch", third, "1"]);
    }
    lines.push(vec!["init", &nowhere]);
    lines.push(vec!["increment", &missing]);
    lines.push(vec!["watch", &missing, "1"]);
    lines.push(vec!["init", &shown]);
    lines.push(vec!["increment", &shown]);
    let start = value(inputs);
    let bad = runs("bad-files", lines).other(&folder, FileKind::Directory);
    let bad = pipes
        .iter()
        .fold(bad, |bad, pipe| bad.other(pipe, FileKind::Fifo));
    let bad = counter(bad, &closed, start).mode(0o000);
    vec![
        counter(runs("usage", usage.map(<[&str]>::to_vec)), f, start),
        counter(bad, &shown, start).mode(0o444),
    ]
}

/// Looks when the subject prints.
fn printed(scenario: Scenario) -> Scenario {
    scenario.rule("value:", Point::line("value:"), vec![Action::Look])
}

fn inits(inputs: &mut Inputs) -> Vec<Scenario> {
    let [new, there, empty] = ["new", "there", "empty"].map(|stem| inputs.name(stem));
    let [mode, bare] = [0; 2].map(|_| inputs.pick(&[0o640, 0o600, 0o664]));
    let init = |name: &str, file: &str| printed(Scenario::new(name, &["init", file]));
    vec![
        init("init-new", &new),
        counter(init("init-there", &there), &there, value(inputs))
            .mode(mode)
            .witnessed(),
        init("init-empty", &empty).file(&empty, b"").mode(bare),
    ]
}

fn increments(inputs: &mut Inputs) -> Vec<Scenario> {
    let stems = ["sum", "carry", "below", "kept"];
    let [sum, carry, below, kept] = stems.map(|stem| inputs.name(stem));
    let odd = inputs.odd_name("odd");
    let mode = inputs.pick(&[0o640, 0o600, 0o664]);
    let once = printed(Scenario::new("increment", &["increment", &sum]));
    // Ten additions take the lower bits from a few below all ones to a few above.
    let bits = inputs.pick(&[32, 40, 48]);
    let above = inputs.between(1, 4000) as i64;
    let full = (above << bits) - 1 - inputs.between(0, 5) as i64;
    let negative = -(inputs.between(2, 8) as i64);
    let many = inputs.between(300, 900).to_string();
    let all_bits = runs(
        "all-bits",
        [
            vec!["increment", &carry, "--times", "010"],
            vec!["increment", &below, "--times", "9"],
            vec!["increment", &odd, "--times", &many],
        ],
    );
    let all_bits = counter(all_bits, &carry, full);
    let all_bits = counter(all_bits, &below, negative);
    let transcript = Scenario::new("transcript", &["increment", "tally.bin", "--times", "5"]);
    let transcript = counter(transcript, "tally.bin", 37);
    let after = |name: &str| Start::After(Happening::Ended(name.to_owned()));
    vec![
        counter(once, &sum, value(inputs)).mode(mode).witnessed(),
        counter(all_bits, &odd, value(inputs)),
        Scenario::new("persists", &["init", &kept])
            .actor("next", &["increment", &kept], after("subject"))
            .actor("last", &["increment", &kept, "--times", "3"], after("next"))
            .unwatched(),
        transcript.twin(),
        transcript,
    ]
}

fn sizes(inputs: &mut Inputs) -> Scenario {
    let commands: [(&str, &[u64]); 3] = [
        ("increment", &[0, 4, 12, (1 << 32) + 8]),
        ("watch", &[0, 4, 12]),
        ("init", &[4, 12, (1 << 32) + 8]),
    ];
    let mut files = Vec::new();
    for (command, lengths) in commands {
        for &length in lengths {
            files.push((command, inputs.name(&format!("{command}-{length}")), length));
        }
    }
    let lines = files.iter().map(|(command, name, _)| match *command {
        "watch" => vec!["watch", name, "1"],
        other => vec![other, name],
    });
    let scenario = runs("sizes", lines);
    files.iter().fold(scenario, |scenario, (_, name, length)| {
        let piece = Bytes(inputs.bytes((*length).min(12)));
        scenario.sparse(name, *length, vec![(0, piece)])
    })
}

/// How long a program has to look at a value that it must not print, milliseconds.
const LOOKS: u64 = 50;

/// For runs in which a wrong program looks for something for ever, and sleeps between two looks.
pub fn short(limits: &mut Limits) {
    limits.cpu_s = 1;
    limits.wall_s = 8;
}

fn watches(inputs: &mut Inputs) -> Vec<Scenario> {
    let [f, shown] = ["seen", "shown"].map(|stem| inputs.name(stem));
    // The second has the smaller lower half, and the third is smaller than the second, but not than
    // the first. With its bytes turned round the first is larger than all.
    let lowest = inputs.between(0x20, 0x7f) as i64;
    let above = (1 << 60) + ((inputs.between(1, 1 << 20) as i64) << 32) + (1 << 31) + lowest;
    // Further below them than the largest value is above 0.
    let first = above + i64::MIN;
    let second =
        above + (inputs.between(2, 900) as i64 * (1 << 32)) - inputs.between(99, 9999) as i64;
    let smaller = second - inputs.between(1, 1 << 31) as i64;
    // Larger than that, and not than what was printed.
    let middle = second - inputs.between(1, 900) as i64;
    let smaller = smaller - 1000;
    let last = second + inputs.between(2, 5000) as i64;
    let store = |value: i64| Action::Write {
        file: f.clone(),
        offset: 0,
        bytes: Bytes(value.to_le_bytes().to_vec()),
    };
    let line = || Point::line("value:");
    let line_of = |actor: &str| Point::Line {
        actor: actor.to_owned(),
        prefix: "value:".to_owned(),
    };
    let end_of = |actor: &str| Point::End {
        actor: actor.to_owned(),
    };
    let time = || vec![Action::HoldUntil(vec![Happening::Elapsed(LOOKS)])];
    let until = (second + 1).to_string();
    let starts = |actor: &str| Action::Start(actor.to_owned());
    let mut watch = Scenario::new("watch", &["watch", &f, &until])
        .actor("other", &["watch", &f, &smaller.to_string()], Start::ByRule)
        .actor("later", &["watch", &f, &middle.to_string()], Start::ByRule)
        .actor("again", &["watch", &f, &second.to_string()], Start::ByRule)
        .rule("first", line(), vec![store(second)])
        .rule("second", line(), vec![store(smaller), starts("other")])
        .second_time()
        .rule("time to look", line_of("other"), time())
        .rule(
            "middle",
            end_of("other"),
            vec![store(middle), starts("later")],
        )
        .rule("time to look again", line_of("later"), time())
        // What was printed already, once more.
        .rule(
            "same",
            end_of("later"),
            vec![store(second), starts("again")],
        )
        .rule("time to look once more", line_of("again"), time())
        .rule("last", end_of("again"), vec![store(last)]);
    short(&mut watch.limits);
    let below = -(inputs.between(5, 1 << 40) as i64);
    let until = (below - inputs.between(0, 3) as i64).to_string();
    let read_only = Scenario::new("watch-read-only", &["watch", &shown, &until]);
    vec![
        counter(watch, &f, first),
        counter(read_only, &shown, below).mode(0o444),
    ]
}

/// The subject has just mapped the counter.
pub fn mapped(file: &str) -> Point {
    Point::call("subject", &["mmap"], Some(file), Side::Exit)
}

/// Starts an actor, and keeps the subject where it stands until that one has come to its end, or
/// waits for the subject.
pub fn meets(actor: &str) -> Vec<Action> {
    /// For one that waits without the kernel.
    const SPINS: u64 = 300;
    let until = vec![
        Happening::Ended(actor.to_owned()),
        Happening::Blocked(actor.to_owned()),
        Happening::Elapsed(SPINS),
    ];
    vec![Action::Start(actor.to_owned()), Action::HoldUntil(until)]
}
