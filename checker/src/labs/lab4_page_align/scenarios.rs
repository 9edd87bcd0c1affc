//! What is run for lab 4. Runs that have nothing to do with one another share a scenario.

use crate::evidence::bytes::Bytes;
use crate::inputs::Inputs;
use crate::scenario::{Action, FileKind, Point, Scenario, Side};

const KIB: u64 = 1 << 10;
const GIB: u64 = 1 << 30;

/// All scenarios, in the order of the checks. Where no window is read and output decides, nothing is
/// watched: a lab is to be over at once.
pub fn all(seed: u64, page: u64) -> Vec<Scenario> {
    let mut inputs = Inputs::new(seed, page);
    let inputs = &mut inputs;
    let mut all = bad_input(inputs);
    all.push(align(inputs));
    all.extend(not_numbers(inputs));
    all.extend(larger_pages(inputs));
    all.extend(reads(inputs));
    all.push(transcript());
    all.extend([
        ends(inputs),
        limits(inputs),
        last_page(inputs),
        gigabytes(inputs),
    ]);
    all
}

/// A scenario with a run for each of these command lines.
fn runs<W: AsRef<str>>(name: &str, lines: impl IntoIterator<Item = Vec<W>>) -> Scenario {
    let mut scenario = Scenario::new(name, &[]);
    scenario.actors.clear();
    lines.into_iter().fold(scenario, |scenario, line| {
        scenario.and(&line.iter().map(AsRef::as_ref).collect::<Vec<_>>())
    })
}

/// The words of a number or two.
fn numbers(numbers: &[u64]) -> Vec<String> {
    numbers.iter().map(u64::to_string).collect()
}

/// The words of the second form.
fn read(file: &str, offset: u64, length: u64) -> Vec<String> {
    let mut words = vec!["--read".to_owned(), file.to_owned()];
    words.extend(numbers(&[offset, length]));
    words
}

fn bad_input(inputs: &mut Inputs) -> Vec<Scenario> {
    let [folder, fifo, closed] = ["folder", "pipe", "closed"].map(|stem| inputs.name(stem));
    let missing = inputs.long_name("no");
    let quoted = inputs.quoted_name("no");
    let bytes = inputs.lines(40);
    let f = closed.as_str();
    let usage: [&[&str]; 6] = [
        &[],
        &["--re", f, "0", "1"],
        &["--", "--read", f, "0", "1"],
        &["1", "2", "3"],
        &["--read", f, "0"],
        &["--read", f, "0", "1", "2"],
    ];
    // A name is told as it was given, not as the kernel knows it.
    let dotted = format!("./{closed}");
    let bad = [&missing, &quoted, &folder, &fifo, &dotted].map(|name| read(name, 0, 1));
    vec![
        runs("usage", usage.map(<[&str]>::to_vec))
            .unwatched()
            .file(f, &bytes),
        runs("bad-files", bad)
            .unwatched()
            .other(&folder, FileKind::Directory)
            .other(&fifo, FileKind::Fifo)
            .file(f, &bytes)
            .mode(0o000),
    ]
}

fn align(inputs: &mut Inputs) -> Scenario {
    let page = inputs.page;
    let far = inputs.between(1 << 33, 1 << 45) | 1;
    let (near, length) = (
        inputs.between(page * 5 + 1, page * 40 - 1) | 1,
        inputs.between(2, page * 3),
    );
    let lines = [
        numbers(&[0]),
        numbers(&[page - 1]),
        numbers(&[page]),
        numbers(&[page + 1]),
        numbers(&[far]),
        numbers(&[near, length]),
    ];
    runs("align", lines)
        .and(&["010", "020"])
        .and(&["00000000000000000000000012"])
        .unwatched()
}

fn not_numbers(inputs: &mut Inputs) -> Vec<Scenario> {
    let f = inputs.name("data");
    let digits = inputs.between(11, 9999).to_string();
    let below = format!("-{}", inputs.between(2, 9999));
    let ending = inputs.pick(&["abc", "k", ".5", " ", "_000"]);
    let behind = format!("{digits}{ending}");
    // What is left of it in 64 bits is more than what its first digits are.
    let round = format!(
        "{}{:018}",
        inputs.between(24, 27),
        inputs.between(0, 999_999)
    );
    // What a way of showing words for programmers would escape.
    let special = format!("{digits}\"\\\t");
    let f = f.as_str();
    let lines: Vec<Vec<&str>> = vec![
        vec!["-1"],
        vec!["+5"],
        vec!["12abc"],
        vec![""],
        vec![" 12"],
        vec!["1e3"],
        vec!["0x1000"],
        vec!["99999999999999999999"],
        vec![&round],
        vec!["5", "0"],
        vec![&digits, &below],
        vec!["--read", f, &behind, "1"],
    ];
    let rarer: [&[&str]; 3] = [
        &[&special],
        // Libraries take these for options by themselves.
        &["--help"],
        &["-h"],
    ];
    vec![
        runs("not-numbers", lines)
            .unwatched()
            .file(f, &inputs.lines(60)),
        runs("rarer-words", rarer.map(<[&str]>::to_vec)).unwatched(),
    ]
}

/// A file of this length with bytes around these places, each the beginning of something, and
/// holes between them.
fn with_bytes_at(
    inputs: &mut Inputs,
    scenario: Scenario,
    name: &str,
    length: u64,
    places: &[u64],
) -> Scenario {
    const AROUND: u64 = 100;
    let mut pieces: Vec<(u64, Bytes)> = Vec::new();
    let mut places = places.to_vec();
    places.sort_unstable();
    for place in places {
        let behind = pieces
            .last()
            .map_or(0, |(at, bytes)| at + bytes.0.len() as u64);
        let from = place.saturating_sub(AROUND).max(behind);
        let to = (place + AROUND).min(length);
        if from < to {
            pieces.push((from, Bytes(inputs.lines(to - from))));
        }
    }
    scenario.sparse(name, length, pieces)
}

/// The same on larger pages, and a window that is no multiple of smaller ones.
fn larger_pages(inputs: &mut Inputs) -> Vec<Scenario> {
    let other = inputs.pick(&[8, 32, 128, 256]) * KIB;
    let mut of_size = |name: &str, size: u64| {
        let f = inputs.name("data");
        let page = size.max(inputs.page);
        // A multiple of every smaller page size, and of this one not.
        let half = page * inputs.between(3, 50) + page / 2;
        let (odd, more) = (
            page * inputs.between(3, 50) + inputs.between(4097, page - 1),
            inputs.between(2, page * 3),
        );
        // The window ends in a page that its length alone does not reach.
        let delta = inputs.between(4097, page - 200);
        let (offset, length) = (
            page + delta,
            page + inputs.between(page - delta + 1, page - 1),
        );
        let lines = [
            numbers(&[odd, more]),
            numbers(&[half]),
            read(&f, offset, length),
        ];
        let scenario = runs(name, lines).with_pages_of(size);
        let places = [page, offset, offset + length];
        with_bytes_at(inputs, scenario, &f, page * 5, &places)
    };
    vec![
        of_size("pages-64k", 64 * KIB),
        of_size("pages-16k", 16 * KIB),
        of_size("pages-other", other),
    ]
}

fn reads(inputs: &mut Inputs) -> Vec<Scenario> {
    let page = inputs.page;
    let (f, g) = (inputs.name("data"), inputs.odd_name("data"));
    let length = page * 5 + inputs.between(100, page - 1);
    let (near, few) = (
        inputs.between(page + 1, page * 2 - 64),
        inputs.between(3, 60),
    );
    // The window ends in a page that its length alone does not reach.
    let (across, many) = (
        page * 2 - inputs.between(1, 60),
        page + inputs.between(70, page),
    );
    let small = inputs.between(80, 300);
    let lines = [
        read(&f, across, many),
        read(&f, near, few),
        read(&f, page * 2, page),
        read(&g, inputs.between(1, 9), small - 10),
    ];
    let scenario = looked_at_while_printing(runs("read", lines))
        .file(&f, &inputs.lines(length))
        .file(&g, &inputs.bytes(small));
    let text = inputs.lines(page * 2);
    let watched = runs("watched", [read(&f, near, few)]).file(&f, &text);
    let twin = watched.twin();
    vec![scenario, watched, twin]
}

/// Looks at the files whenever something is printed.
fn looked_at_while_printing(scenario: Scenario) -> Scenario {
    let names: Vec<String> = scenario.actors.iter().map(|one| one.name.clone()).collect();
    names.iter().fold(scenario, |scenario, name| {
        let prints = Point::call(name, &["write", "writev"], None, Side::Entry);
        let rule = format!("{name}-prints");
        scenario
            .rule(&rule, prints, vec![Action::Look])
            .every_time()
    })
}

/// Fixed, so that its output can be stored; and on pages of one size, so that it is the same on
/// all machines with smaller ones.
fn transcript() -> Scenario {
    let text = b"A mapping begins at a page of its file. A window begins anywhere.\n";
    let offset = 80_000;
    runs(
        "transcript",
        [read("window.txt", offset, text.len() as u64)],
    )
    .with_pages_of(64 * KIB)
    .unwatched()
    .sparse("window.txt", 100_000, vec![(offset, Bytes(text.to_vec()))])
}

fn ends(inputs: &mut Inputs) -> Scenario {
    let page = inputs.page;
    let (f, empty) = (inputs.name("data"), inputs.name("empty"));
    let zeros = format!("zeros-{f}");
    let length = page * 2 + inputs.between(100, page - 100);
    let (offset, early) = (
        inputs.between(page + 1, page * 2),
        inputs.between(1, page - 1),
    );
    let lines = [
        read(&f, offset, page * inputs.between(7, 20)),
        read(&f, early, length),
        read(&f, length, 1),
        read(&f, length + page * 3, 10),
        read(&format!("./{empty}"), 0, 1),
        read(&zeros, offset, page * 9),
    ];
    let bytes = inputs.lines(length);
    // It ends in the middle of a page, with zeros of its own.
    let mut ended = bytes.clone();
    ended[length as usize - 9..].fill(0);
    runs("ends", lines)
        .file(&f, &bytes)
        .file(&zeros, &ended)
        .file(&empty, b"")
}

fn limits(inputs: &mut Inputs) -> Scenario {
    const MAX: u64 = i64::MAX as u64;
    let f = inputs.name("data");
    let length = inputs.between(100, 900);
    let lines = [
        numbers(&[MAX]),
        numbers(&[MAX - 1, 2]),
        numbers(&[MAX, 2]),
        numbers(&[MAX + 1]),
        numbers(&[u64::MAX]),
        numbers(&[u64::MAX, 2]),
        numbers(&[1, MAX]),
        numbers(&[2, MAX]),
        read(&f, 1, MAX),
        read(&f, 9, MAX),
        read(&f, MAX, 1),
        // Behind the end of the file as well.
        read(&f, length + 9, MAX),
    ];
    runs("limits", lines)
        .unwatched()
        .file(&f, &inputs.lines(length))
}

fn last_page(inputs: &mut Inputs) -> Scenario {
    let page = inputs.page;
    let (f, whole) = (inputs.name("data"), inputs.name("whole"));
    let rest = inputs.between(100, page - 200);
    let length = page * 2 + rest;
    // The last bytes of the file are zeros, as those behind its end are.
    let zeros = inputs.name("zeros");
    let few = inputs.between(100, page - 100);
    let mut bytes = inputs.lines(few);
    let end = bytes.len() - 7;
    bytes[end..].fill(0);
    let lines = [
        read(&f, page * 2, page),
        read(&f, length - 1, 1),
        read(&f, page * 2 - 3, rest + 60),
        read(&whole, page * 2 - 1, 2),
        read(&zeros, few - 30, 30),
        read(&zeros, few - 90, page),
    ];
    runs("last-page", lines)
        .file(&f, &inputs.lines(length))
        .file(&whole, &inputs.lines(page * 2))
        .file(&zeros, &bytes)
}

fn gigabytes(inputs: &mut Inputs) -> Scenario {
    let f = inputs.name("sparse");
    let length = 11 * GIB + inputs.between(100_000, 900_000);
    let (offset, many) = (
        4 * GIB + inputs.between(10_001, 90_000),
        4 * GIB + inputs.between(10_001, 90_000),
    );
    let (far, few) = (
        10 * GIB + inputs.between(1_001, 90_000),
        inputs.between(70, 200),
    );
    let lines = [read(&f, offset, many), read(&f, far, few)];
    let places = [offset, offset + many, far, far + few];
    let mut scenario = with_bytes_at(inputs, runs("gigabytes", lines), &f, length, &places);
    scenario.limits.cpu_s = 1;
    scenario
}
