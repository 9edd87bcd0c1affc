//! What is run for lab 1.

use crate::inputs::Inputs;
use crate::rule::moved::BY_DESCRIPTOR;
use crate::rule::sync;
use crate::scenario::{
    Action, Effect, FileKind, Happening, Limits, Point, Rule, Scenario, Side, Start,
};

/// Clause 10: a hole that no 32 bits hold.
pub const HUGE: u64 = 5 << 30;

const OPENS: &[&str] = &["open", "openat", "openat2", "creat"];
const LENGTHS: &[&str] = &["ftruncate", "truncate", "fallocate"];
const SETTLES: &[&str] = &["fsync", "fdatasync", "sync_file_range", "syncfs", "sync"];
/// All scenarios, in the order of the checks.
pub fn all(seed: u64, page: u64) -> Vec<Scenario> {
    let mut inputs = Inputs::new(seed, page);
    let inputs = &mut inputs;
    let mut all = bad_input(inputs);
    all.extend(shows(inputs));
    all.push(show_huge(inputs));
    all.push(transcript());
    all.extend(overwrites(inputs));
    all.extend(appends(inputs));
    all.extend(failing_syncs(inputs));
    all.extend(huge(inputs));
    all.extend(appenders(inputs));
    all.extend(full_disk(inputs));
    all.extend(refused(inputs));
    all.push(overwrite_far(inputs));
    all.push(append_far(inputs));
    all.push(overwrite_nothing(inputs));
    all.push(overwrite_same(inputs));
    all.extend(to_the_border(inputs));
    all.extend(failing_later(inputs));
    all.extend(odd_names(inputs));
    all
}

fn bad_input(inputs: &mut Inputs) -> Vec<Scenario> {
    let f = inputs.name("notes");
    let bytes = inputs.lines(40);
    let usage = |name: &str, arguments: &[&str]| Scenario::new(name, arguments).file(&f, &bytes);
    let show = |name: &str| Scenario::new(name, &["show", &f]);
    vec![
        usage("usage-none", &[]),
        usage("usage-unknown", &["rewrite", &f, "text"]),
        usage("usage-few", &["overwrite", &f]),
        usage("usage-many", &["show", &f, "text"]),
        usage("usage-many-overwrite", &["overwrite", &f, "text", "more"]),
        usage("usage-many-append", &["append", &f, "text", "more"]),
        usage("usage-letter", &["shovel", &f]),
        usage("usage-dashes", &["--", "show", &f]),
        // No options but those of the usage.
        usage("usage-help", &["--help"]),
        usage("usage-short-help", &["-h"]),
        Scenario::new("missing", &["show", &inputs.quoted_name("no")]),
        show("directory").other(&f, FileKind::Directory),
        show("fifo").other(&f, FileKind::Fifo),
        // A name is told as it was given, not as the kernel knows it.
        Scenario::new("unreadable", &["show", &format!("./{f}")])
            .file(&f, &bytes)
            .mode(0o000),
        // A device seems to have length 0.
        Scenario::new("device", &["show", "/dev/null"]),
        Scenario::new("missing-append", &["append", &f, "text"]),
        Scenario::new("missing-overwrite", &["overwrite", &f, "text"]),
        Scenario::new("fifo-append", &["append", &f, "text"]).other(&f, FileKind::Fifo),
        Scenario::new("unwritable", &["overwrite", &f, "text"])
            .file(&f, &bytes)
            .mode(0o444),
    ]
}

fn shows(inputs: &mut Inputs) -> Vec<Scenario> {
    let page = inputs.page;
    let f = inputs.name("notes");
    let show = |name: &str, bytes: &[u8]| Scenario::new(name, &["show", &f]).file(&f, bytes);
    let short = inputs.between(12, 60);
    let long = page + inputs.between(65, page - 1);
    let nul = inputs.between(24, 60);
    // Both sides of every border between bytes that are shown as they are and others.
    let mut odd = inputs.bytes(nul);
    odd[1..9].copy_from_slice(b"\t\x1f ~\x7f\x80\xff\\");
    vec![
        show("show", &inputs.lines(short)),
        show("show-long", &inputs.lines(long)),
        show("show-read-only", &inputs.lines(33)).mode(0o444),
        show("show-of-somebody-else", &inputs.lines(34)).of_somebody_else(),
        show("show-empty", b""),
        show("show-nul", &odd),
        show("show-page", &inputs.lines(page * 2)),
    ]
}

/// A length that 32 bits do not hold. The first line is enough: nobody waits for the rest.
fn show_huge(inputs: &mut Inputs) -> Scenario {
    let f = inputs.name("sparse");
    let length = (4 << 30) + inputs.between(5, 4000);
    let mut show = Scenario::new("show-huge", &["show", &f])
        .sparse(&f, length, Vec::new())
        .rule("said", Point::line("size:"), vec![Action::Finish]);
    show.limits.cpu_s = 1;
    // Room for the file, and not for a copy of it.
    show.limits.address_space = length + (1 << 30);
    show
}

/// Fixed, so that its output can be stored.
fn transcript() -> Scenario {
    let bytes = b"Hello Embedded Linux World!\n";
    Scenario::new("transcript", &["show", "mmap_test.txt"]).file("mmap_test.txt", bytes)
}

/// A run of which every step is looked at: what the file and the witness show before each sync,
/// before the file grows, at the claims, and at the end.
fn looked_at(scenario: Scenario) -> Scenario {
    let look = || vec![Action::Look];
    scenario
        // Writing back a last page clears what lies in it behind the end of the file.
        .rule("settles", Point::entry(SETTLES, None), look())
        .every_time()
        .rule("grows", Point::entry(LENGTHS, None), look())
        .every_time()
        .rule(sync::LOOK, Point::entry(&["msync"], None), look())
        .every_time()
        .rule("stored", Point::line("written:"), look())
        .rule("synced", Point::line("synced:"), look())
        .rule("end", Point::end(), look())
}

fn overwrites(inputs: &mut Inputs) -> Vec<Scenario> {
    let page = inputs.page;
    let f = inputs.name("notes");
    let overwrite = |name: &str, bytes: &[u8], text: &str| {
        let scenario = Scenario::new(name, &["overwrite", &f, text]);
        looked_at(scenario.file(&f, bytes).witnessed())
    };
    let length = inputs.between(100, page - 200);
    let words = inputs.between(10, 50);
    let plain = overwrite("overwrite", &inputs.bytes(length), &inputs.text(words));
    let twin = plain.twin();
    let pages = overwrite(
        "overwrite-pages",
        &inputs.bytes(page * 4 + 5),
        &inputs.text(page + 90),
    );
    let short = inputs.between(20, 40);
    // The end of the file falls inside a character.
    let longer = overwrite(
        "overwrite-longer",
        &inputs.lines(short),
        &format!("{}é{}", inputs.text(short - 1), inputs.text(words)),
    );
    let past = overwrite(
        "overwrite-longer-page",
        &inputs.lines(page),
        &inputs.text(page + 50),
    );
    let same = overwrite("overwrite-all", &inputs.lines(short), &inputs.text(short));
    let empty = Scenario::new("overwrite-empty", &["overwrite", &f, &inputs.text(9)]).file(&f, b"");
    vec![plain, pages, longer, past, same, empty, twin]
}

/// A file that 16 bits do not measure, and a text that few buffers hold.
fn overwrite_far(inputs: &mut Inputs) -> Scenario {
    let f = inputs.name("far");
    let words = inputs.between(8500, 9500);
    let (length, pieces) = inputs.far(9600);
    let text = inputs.text(words);
    looked_at(Scenario::new("overwrite-far", &["overwrite", &f, &text]).sparse(&f, length, pieces))
}

/// The same for `append`.
fn append_far(inputs: &mut Inputs) -> Scenario {
    let f = inputs.name("far");
    let words = inputs.between(20, 60);
    let (length, pieces) = inputs.far(100);
    let text = inputs.text(words);
    looked_at(Scenario::new("append-far", &["append", &f, &text]).sparse(&f, length, pieces))
}

fn overwrite_nothing(inputs: &mut Inputs) -> Scenario {
    let f = inputs.name("notes");
    let bytes = inputs.lines(70);
    looked_at(Scenario::new("overwrite-nothing", &["overwrite", &f, ""]).file(&f, &bytes))
}

/// The file has the first page of the text already, and not the second.
fn overwrite_same(inputs: &mut Inputs) -> Scenario {
    let page = inputs.page;
    let f = inputs.name("notes");
    let text = inputs.text(page + 70);
    let begins = (page as usize).min(text.len());
    let bytes = [&text.as_bytes()[..begins], &inputs.lines(300)].concat();
    looked_at(Scenario::new("overwrite-same", &["overwrite", &f, &text]).file(&f, &bytes))
}

/// The last byte that is stored is the last one of a page.
fn to_the_border(inputs: &mut Inputs) -> Vec<Scenario> {
    let page = inputs.page;
    let f = inputs.name("notes");
    let more = inputs.between(90, 300);
    let run = |name: &str, command: &str, bytes: &[u8], text: &str| {
        let scenario = Scenario::new(name, &[command, &f, text]);
        looked_at(scenario.file(&f, bytes).witnessed())
    };
    let bytes = inputs.lines(page + more);
    let overwrite = run("overwrite-border", "overwrite", &bytes, &inputs.text(page));
    let bytes = inputs.lines(page - more);
    let append = run("append-border", "append", &bytes, &inputs.text(more));
    vec![overwrite, append]
}

/// Whoever syncs in pieces hears of the second one that it failed, and of the first one.
fn failing_later(inputs: &mut Inputs) -> Vec<Scenario> {
    let f = inputs.name("notes");
    let fails = |name: &str, command: &str, bytes: Vec<u8>, text: &str| {
        let fail = vec![Action::Fail("EIO".to_owned())];
        Scenario::new(name, &[command, &f, text])
            .file(&f, &bytes)
            .rule("disk-error", Point::entry(&["msync"], None), fail)
    };
    let (bytes, text) = (inputs.page * 3, inputs.page + 60);
    let (bytes, text) = (inputs.lines(bytes), inputs.text(text));
    let later = fails("overwrite-sync-fails-later", "overwrite", bytes, &text).second_time();
    // The text begins inside a page and ends in another.
    let (bytes, text) = (inputs.page + 90, inputs.page);
    let (bytes, text) = (inputs.lines(bytes), inputs.text(text));
    let append = "append-sync-fails";
    let append_first = fails(&format!("{append}-first"), "append", bytes.clone(), &text);
    let append_later = fails(&format!("{append}-later"), "append", bytes, &text).second_time();
    // As long as a word of a command line may be, or nearly.
    let length = (7 << 14) + inputs.between(300, 9000);
    let (bytes, text) = (inputs.lines(length + 70), inputs.text(length));
    let first = fails("overwrite-sync-fails-first", "overwrite", bytes, &text);
    vec![later, first, append_first, append_later]
}

/// Arguments stand for themselves, whatever they look like.
fn odd_names(inputs: &mut Inputs) -> Vec<Scenario> {
    let f = inputs.odd_name("notes");
    let bytes = inputs.lines(90);
    let text = format!("-{}", inputs.text(25));
    let run = |name: &str, command: &str| {
        looked_at(Scenario::new(name, &[command, &f, &text]).file(&f, &bytes))
    };
    vec![
        Scenario::new("show-dash", &["show", &f]).file(&f, &bytes),
        run("overwrite-dash", "overwrite"),
        run("append-dash", "append"),
        Scenario::new("missing-long", &["show", &inputs.long_name("no")]),
    ]
}

fn appends(inputs: &mut Inputs) -> Vec<Scenario> {
    let page = inputs.page;
    let f = inputs.name("log");
    let append = |name: &str, bytes: &[u8], text: &str| {
        let scenario = Scenario::new(name, &["append", &f, text]).file(&f, bytes);
        match bytes.is_empty() {
            true => looked_at(scenario),
            false => looked_at(scenario.witnessed()),
        }
    };
    let small = inputs.between(5, 500);
    let words = inputs.between(2, 60);
    let plain = append("append", &inputs.lines(small), &inputs.text(words));
    let twin = plain.twin();
    vec![
        plain,
        append("append-to-empty", b"", &inputs.text(words)),
        append(
            "append-before-page",
            &inputs.lines(page - 1),
            &inputs.text(2),
        ),
        append("append-at-page", &inputs.bytes(page), &inputs.text(1)),
        append(
            "append-after-page",
            &inputs.lines(page + 1),
            &inputs.text(words),
        ),
        append(
            "append-pages",
            &inputs.lines(page * 3 + 50),
            &inputs.text(page + 7),
        ),
        append("append-nul", &inputs.bytes(small + 20), &inputs.text(words)),
        append(
            "append-nul-end",
            &[&inputs.lines(small)[..], &[0; 9]].concat(),
            &inputs.text(words),
        ),
        append("append-nothing", &inputs.lines(small), ""),
        append("append-nothing-to-empty", b"", ""),
        twin,
    ]
}

fn failing_syncs(inputs: &mut Inputs) -> Vec<Scenario> {
    let f = inputs.name("notes");
    let bytes = inputs.lines(120);
    let text = inputs.text(15);
    // Any failure is one: two runs, two errors.
    let other = inputs.pick(&["ENOMEM", "ENOSPC"]);
    let errors = inputs.pick(&[["EIO", other], [other, "EIO"]]);
    let fails = |name: &str, command: &str, error: &str| {
        let fail = vec![Action::Fail(error.to_owned())];
        Scenario::new(name, &[command, &f, &text])
            .file(&f, &bytes)
            .rule("disk-error", Point::entry(&["msync"], None), fail)
            .every_time()
    };
    vec![
        fails("overwrite-sync-fails", "overwrite", errors[0]),
        fails("append-sync-fails", "append", errors[1]),
    ]
}

fn huge(inputs: &mut Inputs) -> Vec<Scenario> {
    let f = inputs.name("sparse");
    let text = inputs.text(40);
    let run = |name: &str, command: &str| {
        let mut scenario = Scenario::new(name, &[command, &f, &text])
            .sparse(&f, HUGE, Vec::new())
            // The first of its bytes that goes through a call decides: nobody waits for the rest.
            .rule(
                "moved",
                Point::exit(BY_DESCRIPTOR, Some(&f)),
                vec![Action::Finish],
            );
        scenario.limits.cpu_s = 1;
        scenario
    };
    vec![
        run("overwrite-huge", "overwrite"),
        run("append-huge", "append"),
    ]
}

/// How often the first appender is held, once a scenario: before each of its first calls that
/// could write.
fn appenders(inputs: &mut Inputs) -> Vec<Scenario> {
    let [f, link] = ["log", "link"].map(|stem| inputs.name(stem));
    let elsewhere = inputs.name("folder");
    let old = inputs.between(3, 300);
    let bytes = inputs.lines(old);
    let (a, b) = (inputs.text(21), inputs.text(34));
    let held = |n: u32| {
        let second = || "second".to_owned();
        // It is one file, by whichever name, in whichever folder.
        let other = match n {
            2 => format!("{elsewhere}/{link}"),
            4 => link.clone(),
            _ => f.clone(),
        };
        let mut scenario = Scenario::new(&format!("appenders-{n}"), &["append", &f, &a])
            .file(&f, &bytes)
            .actor("second", &["append", &other, &b], Start::ByRule);
        if other.contains('/') {
            scenario = scenario.other(&elsewhere, FileKind::Directory);
        }
        if other != f {
            scenario = scenario.other(&other, FileKind::HardLink(f.clone()));
        }
        let until = vec![
            Happening::Ended(second()),
            Happening::Blocked(second()),
            Happening::Elapsed(1500),
        ];
        scenario.rules.push(Rule {
            name: "meet".to_owned(),
            at: Point::Call {
                actor: "subject".to_owned(),
                names: Vec::new(),
                file: Some(f.clone()),
                effect: Effect::Writing,
                side: Side::Entry,
            },
            time: Some(n),
            then: vec![Action::Start(second()), Action::HoldUntil(until)],
        });
        scenario
    };
    (1..=4).map(held).collect()
}

fn full_disk(inputs: &mut Inputs) -> Vec<Scenario> {
    let page = inputs.page;
    let f = inputs.name("log");
    // Eight pages of disk, one of them free, two of them wanted.
    let two = Scenario::new("full-disk", &["append", &f, &inputs.text(page + 100)])
        .on_small_disk(page * 8)
        .file(&f, &inputs.lines(page))
        .file("filler", &inputs.lines(page * 6));
    // The page in which the file ends is a hole, and there is no room to fill it.
    let end = inputs.between(page / 4, page / 2);
    let hole = Scenario::new("full-disk-hole", &["append", &f, &inputs.text(60)])
        .on_small_disk(page * 8)
        .sparse(&f, end, Vec::new())
        .file("filler", &inputs.lines(page * 8));
    vec![two, hole]
}

fn refused(inputs: &mut Inputs) -> Vec<Scenario> {
    let f = inputs.name("notes");
    let bytes = inputs.lines(300);
    let text = inputs.text(30);
    let run =
        |name: &str, command: &str| Scenario::new(name, &[command, &f, &text]).file(&f, &bytes);
    let mut limited = run("append-limited", "append");
    limited.limits = Limits {
        file_size: Some(310),
        ..Limits::default()
    };
    // A text that many would not store at once, and a limit in the middle of it.
    let long = inputs.text(100_000);
    let mut far = Scenario::new("append-limited-far", &["append", &f, &long]).file(&f, &bytes);
    far.limits.file_size = Some(inputs.between(70_000, 90_000));
    let refuse = |scenario: Scenario, names: &[&str], effect: Effect, errno: &str| {
        let mut scenario = scenario;
        scenario.rules.push(Rule {
            name: format!("refuse {}", names[0]),
            at: Point::Call {
                actor: "subject".to_owned(),
                names: names.iter().map(|&name| name.to_owned()).collect(),
                file: Some(f.clone()),
                effect,
                side: Side::Entry,
            },
            time: None,
            then: vec![Action::Fail(errno.to_owned())],
        });
        scenario
    };
    let running = |scenario| refuse(scenario, OPENS, Effect::Writing, "ETXTBSY");
    // Who opens it with O_APPEND is refused later, and fallocate(2) is not refused at all.
    let append_only = |scenario| {
        let scenario = refuse(scenario, OPENS, Effect::Rewriting, "EPERM");
        let scenario = refuse(scenario, &LENGTHS[..2], Effect::Any, "EPERM");
        refuse(scenario, &["mmap"], Effect::Writing, "EACCES")
    };
    vec![
        limited,
        far,
        running(run("overwrite-running", "overwrite")),
        running(run("append-running", "append")),
        append_only(run("overwrite-append-only", "overwrite")),
        append_only(run("append-append-only", "append")),
    ]
}
