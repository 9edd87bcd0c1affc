//! What is run for lab 2.

use crate::evidence::bytes::Bytes;
use crate::inputs::Inputs;
use crate::scenario::{Action, FileKind, Point, Scenario};

/// Clause 9: a hole that no `int` holds.
const HUGE: u64 = 3 << 30;

/// The lines at which is looked, and the names of the moments.
pub const LINES: [&str; 4] = [
    "private mapping:",
    "private file:",
    "shared mapping:",
    "shared file:",
];

/// All scenarios, in the order of the checks.
pub fn all(seed: u64, page: u64) -> Vec<Scenario> {
    let mut inputs = Inputs::new(seed, page);
    let inputs = &mut inputs;
    let mut all = bad_input(inputs);
    all.extend(compares(inputs));
    all.push(transcript());
    all.extend(edges(inputs));
    all.push(looked(inputs));
    all.push(far(inputs));
    all.push(nothing(inputs));
    all.extend(odd_names(inputs));
    all
}

fn bad_input(inputs: &mut Inputs) -> Vec<Scenario> {
    let f = inputs.name("data");
    let bytes = inputs.lines(40);
    let usage = |name: &str, arguments: &[&str]| Scenario::new(name, arguments).file(&f, &bytes);
    let compare = |name: &str| Scenario::new(name, &[&f, "text"]);
    vec![
        usage("usage-none", &[]),
        usage("usage-one", &[&f]),
        usage("usage-three", &[&f, "text", "more"]),
        usage("usage-dashes", &["--", &f, "text"]),
        // No options but those of the usage.
        usage("usage-help", &["--help"]),
        usage("usage-short-help", &["-h"]),
        Scenario::new("missing", &[&inputs.quoted_name("no"), "text"]),
        compare("directory").other(&f, FileKind::Directory),
        compare("fifo").other(&f, FileKind::Fifo),
        // A name is told as it was given, not as the kernel knows it.
        Scenario::new("unreadable", &[&format!("./{f}"), "text"])
            .file(&f, &bytes)
            .mode(0o000),
    ]
}

fn looked_at(scenario: Scenario) -> Scenario {
    LINES.iter().fold(scenario, |scenario, line| {
        scenario.rule(line, Point::line(line), vec![Action::LookInside])
    })
}

fn compares(inputs: &mut Inputs) -> Vec<Scenario> {
    let page = inputs.page;
    let f = inputs.name("data");
    let compare = |name: &str, bytes: &[u8], text: &str| {
        looked_at(Scenario::new(name, &[&f, text]).file(&f, bytes).witnessed())
    };
    let (length, words) = (inputs.between(70, page - 1), inputs.between(8, 40));
    let plain = compare("compare", &inputs.lines(length), &inputs.text(words));
    let twin = plain.twin();
    let length = page * 3 + inputs.between(10, page - 1);
    let pages = compare(
        "compare-pages",
        &inputs.bytes(length),
        &inputs.text(page + 60),
    );
    // The text ends with a page, and the file goes on.
    let border = compare("compare-border", &inputs.bytes(length), &inputs.text(page));
    vec![plain, pages, border, twin]
}

/// Fixed, so that its output can be stored.
fn transcript() -> Scenario {
    let bytes = b"Original Data for Comparison\n";
    Scenario::new("transcript", &["compare.txt", "PRIVATE WRITE"]).file("compare.txt", bytes)
}

fn edges(inputs: &mut Inputs) -> Vec<Scenario> {
    let page = inputs.page;
    let f = inputs.name("data");
    let short = inputs.between(3, 30);
    let more = inputs.between(1, 40);
    let longer = format!("{}é{}", inputs.text(short - 1), inputs.text(more));
    let compare = |name: &str, text: &str| Scenario::new(name, &[&f, text]);
    let words = inputs.between(5, 30);
    let text = inputs.text(words);
    let mut huge = compare("huge", &text).sparse(&f, HUGE, Vec::new());
    huge.limits.cpu_s = 1;
    vec![
        // The end of the file falls inside a character.
        looked_at(
            compare("longer", &longer)
                .file(&f, &inputs.lines(short))
                .witnessed(),
        ),
        compare("longer-page", &inputs.text(page + 30)).file(&f, &inputs.lines(page)),
        compare("empty", &text).file(&f, b""),
        compare("read-only", &text)
            .file(&f, &inputs.lines(200))
            .mode(0o444),
        // Others may write it; its owner, who runs the program, may not.
        compare("read-only-owner", &text)
            .file(&f, &inputs.lines(200))
            .mode(0o466),
        longer_far(inputs),
        huge,
    ]
}

/// A file and a longer text, and 16 bits hold the length of neither.
fn longer_far(inputs: &mut Inputs) -> Scenario {
    let f = inputs.name("far");
    let length = (1 << 16) + inputs.between(500, 9000);
    let (bytes, text) = (inputs.lines(length), inputs.text(length + 900));
    Scenario::new("longer-far", &[&f, &text]).file(&f, &bytes)
}

/// A file that 16 bits do not measure.
fn far(inputs: &mut Inputs) -> Scenario {
    let f = inputs.name("far");
    let (length, pieces) = inputs.far(100);
    let text = inputs.text(30);
    Scenario::new("compare-far", &[&f, &text]).sparse(&f, length, pieces)
}

/// No text at all.
fn nothing(inputs: &mut Inputs) -> Scenario {
    let f = inputs.name("data");
    Scenario::new("compare-nothing", &[&f, ""]).file(&f, &inputs.lines(45))
}

/// Arguments stand for themselves, whatever they look like.
fn odd_names(inputs: &mut Inputs) -> Vec<Scenario> {
    let f = inputs.odd_name("data");
    let text = format!("-{}", inputs.text(12));
    vec![
        Scenario::new("compare-dash", &[&f, &text]).file(&f, &inputs.lines(50)),
        Scenario::new("missing-long", &[&inputs.long_name("no"), "text"]),
    ]
}

/// Another process changes a later byte while a line is on its way.
fn looked(inputs: &mut Inputs) -> Scenario {
    let f = inputs.name("data");
    let bytes = inputs.lines(50);
    let text = inputs.text(9);
    let write = |offset: u64, with: &str| Action::Write {
        file: f.clone(),
        offset,
        bytes: Bytes::from(with),
    };
    // The first change is right behind the text.
    let (first, second) = (text.len() as u64, inputs.between(30, 35));
    Scenario::new("looked", &[&f, &text])
        .file(&f, &bytes)
        .rule("write-1", Point::line(LINES[0]), vec![write(first, "~!")])
        .rule("write-2", Point::line(LINES[2]), vec![write(second, "!~")])
}
