//! What is run for lab 6.

use crate::evidence::bytes::Bytes;
use crate::inputs::Inputs;
use crate::scenario::{Action, FileKind, Kin, Point, Scenario};

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

/// The moment at which the program waits for the second piece of the first line.
pub const REST: &str = "rest of the line";

/// The most pages that have to be refused.
const TOO_MANY: u64 = 65_537;

/// All scenarios, in the order of the checks. Where nothing is mapped and output decides, nothing is
/// watched.
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

/// A few bytes at the start of every third page of a file of so many, holes between them. No rule
/// asks what a page holds, and a page of a hole comes into memory only if it is touched.
fn pieces(inputs: &mut Inputs, count: u64) -> Vec<(u64, Bytes)> {
    let starts = (0..count).step_by(3).map(|page| page * inputs.page);
    let starts: Vec<u64> = starts.collect();
    let piece = |start| (start, Bytes(inputs.lines(16)));
    starts.into_iter().map(piece).collect()
}

/// A scenario with a run for each of these command lines.
fn runs<'a>(name: &str, lines: impl IntoIterator<Item = Vec<&'a str>>) -> Scenario {
    let mut scenario = Scenario::new(name, &[]);
    scenario.actors.clear();
    let add = |scenario: Scenario, line: Vec<&str>| scenario.and(&line);
    lines.into_iter().fold(scenario, add)
}

fn bad_input(inputs: &mut Inputs) -> Vec<Scenario> {
    let stems = ["no", "folder", "pipe", "closed", "empty", "long", "longer"];
    let [missing, folder, fifo, closed, empty, long, longer] = stems.map(|stem| inputs.name(stem));
    let f = closed.as_str();
    let bytes = inputs.lines(50);
    let piece = || vec![(0, Bytes(bytes.clone()))];
    // A length that 32 bits do not hold, and whose lower half is one page.
    let wrapped = (1 << 32) + inputs.page;
    // The last one is a digit of another script.
    let usage = ["1x", "", "-1", "+1", "٣"].map(|word| vec![f, word]);
    // A name is told as it was given, not as the kernel knows it.
    let dotted = format!("./{closed}");
    let bad = [&missing, &folder, &fifo, &dotted, &empty];
    let bad = bad.map(|name| vec![name.as_str(), "0"]);
    // There are no options but those of the stretch clauses: this is a file that is missing.
    let dashes = ["--help", "-h"].map(|name| vec![name]);
    vec![
        runs("usage", usage).and(&[]).unwatched().file(f, &bytes),
        runs("bad-files", bad.into_iter().chain(dashes))
            .unwatched()
            .other(&folder, FileKind::Directory)
            .other(&fifo, FileKind::Fifo)
            .file(f, &bytes)
            .mode(0o000)
            .file(&empty, b""),
        runs(
            "long-files",
            [&long, &longer].map(|name| vec![name.as_str(), "0"]),
        )
        .sparse(&long, inputs.page * TOO_MANY, piece())
        .sparse(&longer, wrapped.max(inputs.page * TOO_MANY), piece()),
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

/// A debugger stores into a page of the file at this point; behind the looks that were asked for so
/// far, since a report may come in one write.
fn debugged(scenario: Scenario, at: Point, page: u64) -> Scenario {
    let file = scenario.files[0].name.clone();
    let name = format!("debugger at page {page}");
    let of = Kin::Itself;
    scenario.rule(&name, at, vec![Action::StoreInside { file, page, of }])
}

/// A debugger stores into one page of the child before it does anything, and into another one of
/// the parent while the child waits for a line.
fn debugged_apart(scenario: Scenario, childs: u64, parents: u64) -> Scenario {
    let file = scenario.files[0].name.clone();
    let store = |page, of| {
        let file = file.clone();
        vec![Action::StoreInside { file, page, of }]
    };
    scenario
        .rule(
            "debugger in the child",
            Point::begin(STORED),
            store(childs, Kin::Itself),
        )
        .every_time()
        .rule(
            "debugger in the parent",
            Point::input(),
            store(parents, Kin::Parent),
        )
        .second_time()
}

fn stores(inputs: &mut Inputs) -> Vec<Scenario> {
    let page = inputs.page;
    let f = inputs.name("data");
    let count = inputs.between(18, 24);
    let pieces = pieces(inputs, count);
    let cow = |name: &str, pages: &[&str]| {
        let words: Vec<&str> = [f.as_str()].iter().chain(pages).copied().collect();
        let scenario = Scenario::new(name, &words);
        scenario.sparse(&f, page * count, pieces.clone()).synced()
    };
    // Ten is ten, whatever it begins with.
    let last = (count - 1).to_string();
    let asked = plain(cow("asked", &["4", "1", "4"]));
    let mapped = || Point::line("mapped absent:");
    let asked = debugged(asked, mapped(), inputs.between(6, 8));
    // The kernel brings in pages beside one that is missing, up to 16 of them. Who counts on that
    // reads one of 16, and that one is there already.
    let asked = debugged(asked, mapped(), 0);
    let asked = debugged(asked, mapped(), 15);
    let asked = debugged(asked, Point::input(), inputs.between(11, 14));
    // More words than pages.
    let one_page = Scenario::new("cow-twice", &[&f, "0", "0", "0"]);
    let one_page = one_page.sparse(&f, page, pieces[..1].to_vec()).synced();
    vec![
        half_a_line(cow("cow-pieces", &["5", &last])),
        explored(one_page, &[STORED], 1)
            .rule(WAITS[1], Point::input(), vec![Action::Finish])
            .second_time(),
        looked_at_waits(plain(cow("cow", &["010", "0", &last, "9"]))),
        in_pieces(cow("cow-none", &[])),
        asked,
    ]
}

/// A run that gets half of the first line, and is looked at when it waits for the rest.
fn half_a_line(scenario: Scenario) -> Scenario {
    let half = vec![Action::Feed("subject".to_owned(), Bytes::from("go "))];
    let look = vec![Action::LookInside, Action::Finish];
    scenario
        .open_input()
        .rule("half a line", Point::input(), half)
        .rule(REST, Point::input(), look)
        .second_time()
}

/// A run of the first form in which the first line comes in two pieces.
fn in_pieces(scenario: Scenario) -> Scenario {
    let looked = explored(scenario, &[MAPPED, READ, STORED], 0);
    let feeds = [("half a line", "go "), (WAITS[0], "on\n"), (WAITS[1], "\n")];
    let mut times = 1..;
    feeds.into_iter().fold(looked, |scenario, (name, bytes)| {
        let then = vec![Action::Feed("subject".to_owned(), Bytes::from(bytes))];
        let time = times.next().unwrap_or(1);
        scenario.rule(name, Point::input(), then).nth_time(time)
    })
}

/// Fixed, so that its output can be stored; in pages, so that it is the same on every machine. At
/// the second wait the input is at its end.
fn transcript(page: u64) -> Scenario {
    let piece = Bytes::from("Copy on write\n");
    Scenario::new("transcript", &["cow.bin", "1"])
        .sparse("cow.bin", page * 4, vec![(0, piece)])
        .input(b"\n")
}

fn edges(inputs: &mut Inputs) -> Vec<Scenario> {
    let page = inputs.page;
    let f = inputs.quoted_name("data");
    // More pages than anyone writes down one by one.
    let last = 2 * inputs.between(80, 90);
    let length = page * last + inputs.between(1, page - 1);
    let piece = Bytes(inputs.lines(20));
    let partial = vec![(0, piece), (length - 1, Bytes::from("."))];
    // Every second page: as many ranges as there can be.
    let seconds: Vec<String> = (0..last).step_by(2).map(|page| page.to_string()).collect();
    let (last, beyond) = (last.to_string(), (last + 1).to_string());
    let words = [&f].into_iter().chain(&seconds).chain([&last]);
    let many: Vec<&str> = words.map(String::as_str).collect();
    let one_byte = inputs.lines(1);
    let on_file = |scenario: Scenario| scenario.sparse(&f, length, partial.clone());
    // One more than 32 bits hold, and one more than 64 bits do.
    let outside = [&beyond, "4294967296", "18446744073709551616"].map(|page| vec![&*f, page]);
    let dropped: [&[&str]; 2] = [&["--drop", &f], &["--drop", &f, &beyond]];
    let forked: [&[&str]; 2] = [&["--fork", &f, "0"], &["--fork", &f, "0", &beyond]];
    vec![
        // A private mapping needs no right to write.
        plain(on_file(Scenario::new("partial", &many)).mode(0o444)),
        // A part of the name of many a library.
        plain(Scenario::new("one-byte", &["lib", "0"]).file("lib", &one_byte)),
        on_file(runs("outside", outside)).unwatched(),
        on_file(runs("drop-refused", dropped.map(<[&str]>::to_vec))).unwatched(),
        on_file(runs("fork-refused", forked.map(<[&str]>::to_vec))).unwatched(),
    ]
}

fn stretch(inputs: &mut Inputs) -> Vec<Scenario> {
    const COUNT: u64 = 8;
    let page = inputs.page;
    let f = inputs.name("data");
    let pieces = pieces(inputs, COUNT);
    let with = |scenario: Scenario| scenario.sparse(&f, page * COUNT, pieces.clone());
    let first = inputs.between(0, 1);
    let [one, third, fourth] = [1, 3, 4].map(|page| (first + page).to_string());
    let (one, third, fourth) = (one.as_str(), third.as_str(), fourth.as_str());
    let dropped = with(Scenario::new(
        "dropped",
        &["--drop", &f, third, fourth, one],
    ));
    let forked = with(Scenario::new("forked", &["--fork", &f, one, third]));
    let dirty = with(Scenario::new("dirty", &[&f, third]));
    let lines = [MAPPED, READ, STORED, DROPPED, AGAIN];
    let dropped = explored(dropped.synced(), &lines, 2);
    let lines = [MAPPED, READ, STORED, CHILD, PARENT];
    let forked = explored(forked.synced(), &lines, 3);
    let told = || Point::line("stored absent:");
    // One of these copies is there before the others are made, and one lies between them.
    let dropped = debugged(dropped, Point::line("read absent:"), 0);
    let dropped = debugged(dropped, told(), first + 2);
    let dropped = debugged(dropped, told(), first + 6);
    let forked = debugged(forked, told(), first + 5);
    vec![
        dropped,
        debugged_apart(forked, first + 6, first),
        plain(dirty),
    ]
}
