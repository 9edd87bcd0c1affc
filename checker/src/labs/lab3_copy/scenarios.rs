//! What is run for lab 3.

use crate::evidence::bytes::Bytes;
use crate::inputs::Inputs;
use crate::rule::moved::BY_DESCRIPTOR;
use crate::scenario::{Action, FileKind, Point, Scenario, Side};

/// Clause 9: just beyond what 32 bits hold.
pub const HUGE: u64 = (4 << 30) + 5;
/// What is left of it in 32 bits.
pub const CUT: u64 = HUGE & 0xffff_ffff;

/// All scenarios, in the order of the checks.
pub fn all(seed: u64, page: u64) -> Vec<Scenario> {
    let mut inputs = Inputs::new(seed, page);
    let inputs = &mut inputs;
    let mut all = bad_input(inputs);
    all.extend(copies(inputs));
    all.push(transcript());
    all.extend(same_file(inputs));
    all.extend(edges(inputs));
    all.extend(refusals(inputs));
    all.extend(large(inputs));
    all.extend(full_disk(inputs));
    all.extend(atomic(inputs));
    all.extend(shrinking(inputs));
    all.extend(modes(inputs));
    all.extend(holes(inputs));
    all
}

fn bad_input(inputs: &mut Inputs) -> Vec<Scenario> {
    let (a, b) = (inputs.name("source"), inputs.name("copy"));
    let bytes = inputs.lines(40);
    let usage = |name: &str, arguments: &[&str]| Scenario::new(name, arguments).file(&a, &bytes);
    let copy = |name: &str| Scenario::new(name, &[&a, &b]);
    vec![
        usage("usage-none", &[]),
        usage("usage-one", &[&a]),
        usage("usage-three", &[&a, &b, "more"]),
        usage("usage-help", &["--help"]),
        usage("usage-h", &["-h"]),
        Scenario::new("missing", &[&inputs.quoted_name("no"), &b]),
        copy("directory").other(&a, FileKind::Directory),
        copy("fifo").other(&a, FileKind::Fifo),
        Scenario::new("device", &["/dev/zero", &b]),
        // A name is told as it was given, not as the kernel knows it.
        Scenario::new("unreadable", &[&format!("./{a}"), &b])
            .file(&a, &bytes)
            .mode(0o000),
    ]
}

fn copies(inputs: &mut Inputs) -> Vec<Scenario> {
    let page = inputs.page;
    let (a, b) = (inputs.name("source"), inputs.name("copy"));
    let length = page * 2 + inputs.between(1, page - 1);
    let mode = inputs.pick(&[0o640, 0o600, 0o664]);
    let copied = Point::line("copied:");
    let copy = Scenario::new("copy", &[&a, &b])
        .file(&a, &inputs.bytes(length))
        .rule("copied", copied, vec![Action::Look]);
    let twin = copy.twin();
    let length = page + inputs.between(1, page - 1);
    let bytes = inputs.bytes(length);
    let over = Scenario::new("copy-over", &[&a, &b])
        .file(&a, &bytes)
        .file(&b, &inputs.bytes(page / 2))
        .mode(mode)
        .other("other-name", FileKind::HardLink(b.clone()));
    let over_empty = Scenario::new("copy-over-empty", &[&a, &b])
        .file(&a, &bytes)
        .file(&b, b"")
        .mode(mode)
        .other("other-name", FileKind::HardLink(b.clone()));
    // Of the same length and the same time, and of other bytes.
    let same_size = Scenario::new("copy-same-size", &[&a, &b])
        .file(&a, &inputs.lines(700))
        .file(&b, &inputs.lines(700));
    let pages = Scenario::new("copy-pages", &[&a, &b]).file(&a, &inputs.bytes(page * 2));
    let byte = Scenario::new("copy-byte", &[&a, &b]).file(&a, &inputs.bytes(1));
    let read_only = Scenario::new("copy-read-only", &[&a, &b])
        .file(&a, &inputs.lines(page + 50))
        .mode(0o444)
        .file(&b, &inputs.lines(70));
    // More than 16 bits hold.
    let length = (1 << 16) + inputs.between(400, 9000);
    let more = Scenario::new("copy-more", &[&a, &b]).sparse(&a, length, ends(inputs, length));
    // Any word but `--atomic` is a name.
    let (a, b) = (format!("-{a}"), format!("-- {b}"));
    let names = Scenario::new("copy-names", &[&a, &b]).file(&a, &inputs.lines(90));
    vec![
        copy, over, over_empty, same_size, pages, byte, read_only, more, names, twin,
    ]
}

/// Lines at the start and at the end of a file of this length.
fn ends(inputs: &mut Inputs, length: u64) -> Vec<(u64, Bytes)> {
    let mut piece = |offset| (offset, Bytes::from(inputs.lines(300)));
    vec![piece(0), piece(length - 300)]
}

/// Fixed, so that its output can be stored.
fn transcript() -> Scenario {
    let bytes: Vec<u8> = (0..8211_u32).map(|n| (n % 251) as u8).collect();
    Scenario::new("transcript", &["notes.txt", "copy-of-notes.txt"]).file("notes.txt", &bytes)
}

fn same_file(inputs: &mut Inputs) -> Vec<Scenario> {
    let (a, b) = (inputs.name("source"), inputs.name("link"));
    let length = inputs.between(30, 3000);
    let bytes = inputs.lines(length);
    let same = |name: &str, to: &str| Scenario::new(name, &[&a, to]).file(&a, &bytes);
    vec![
        same("same-path", &a),
        same("same-dot", &format!("./{a}")),
        same("same-hard-link", &b).other(&b, FileKind::HardLink(a.clone())),
        same("same-symlink", &b).other(&b, FileKind::SymbolicLink(a.clone())),
        Scenario::new("same-empty", &[&a, &b])
            .file(&a, b"")
            .other(&b, FileKind::HardLink(a.clone())),
    ]
}

fn edges(inputs: &mut Inputs) -> Vec<Scenario> {
    let page = inputs.page;
    let (a, b) = (inputs.name("source"), inputs.name("copy"));
    let length = inputs.between(200, page - 10);
    let source = inputs.bytes(length);
    let old = inputs.lines(100);
    let (by_page, by_bytes) = (inputs.bytes(page * 3 + 7), inputs.bytes(length + 9));
    let copy = |name: &str, bytes: &[u8]| Scenario::new(name, &[&a, &b]).file(&a, bytes);
    let longer = (1 << 16) + inputs.between(10_000, 200_000);
    let old_ends = ends(inputs, longer);
    let length = (1 << 16) + inputs.between(400, 9000);
    let more = ends(inputs, length);
    vec![
        copy("longer-more", &inputs.lines(300)).sparse(&b, longer, old_ends.clone()),
        Scenario::new("longer-both", &[&a, &b])
            .sparse(&a, length, more)
            .sparse(&b, longer, old_ends),
        copy("empty-new", b""),
        copy("empty-over", b"").file(&b, &old),
        copy("longer-page", &source).file(&b, &by_page),
        copy("longer-bytes", &source).file(&b, &by_bytes),
    ]
}

fn refusals(inputs: &mut Inputs) -> Vec<Scenario> {
    let (a, b) = (inputs.name("source"), inputs.name("copy"));
    let (bytes, old) = (inputs.lines(500), inputs.lines(77));
    let folders = inputs.between(90, 120);
    let long = format!("no where/{}{b}", "deep/".repeat(folders as usize));
    let copy = |name: &str, to: &str| Scenario::new(name, &[&a, to]);
    vec![
        copy("unwritable", &format!("./{b}"))
            .file(&a, &bytes)
            .file(&b, &old)
            .mode(0o444),
        copy("no-folder", &format!("nowhere/{b}")).file(&a, &bytes),
        copy("into-directory", &b)
            .file(&a, &bytes)
            .other(&b, FileKind::Directory),
        copy("into-fifo", &b)
            .file(&a, &bytes)
            .other(&b, FileKind::Fifo),
        copy("empty-unwritable", &b)
            .file(&a, b"")
            .file(&b, &old)
            .mode(0o444),
        copy("empty-no-folder", &format!("nowhere/{b}")).file(&a, b""),
        copy("empty-into-directory", &b)
            .file(&a, b"")
            .other(&b, FileKind::Directory),
        copy("no-folder-long", &long).file(&a, &bytes),
        copy("missing-over", &b).file(&b, &old),
        copy("unreadable-over", &b)
            .file(&a, &bytes)
            .mode(0o000)
            .file(&b, &old),
        Scenario::new("proc-file", &["/proc/version", &b]),
        // The same file, by another name.
        Scenario::new("proc-link", &[&a, &b])
            .other(&a, FileKind::SymbolicLink("/proc/version".to_owned())),
        // It has content, and refuses to read less than eight bytes of it.
        Scenario::new("proc-pagemap", &["/proc/self/pagemap", &b]),
    ]
}

fn large(inputs: &mut Inputs) -> Vec<Scenario> {
    let (a, b) = (inputs.name("source"), inputs.name("copy"));
    let length = (33 << 20) + inputs.between(1, 5000);
    let mut piece = |offset: u64| (offset, Bytes::from(inputs.lines(300)));
    let pieces = vec![piece(0), piece((16 << 20) - 100), piece(length - 300)];
    let mut window = Scenario::new("window", &[&a, &b])
        .sparse(&a, length, pieces)
        .rule("copied", Point::line("copied:"), vec![Action::Look]);
    // Windows of one page, each mapped twice, synced and unmapped twice.
    window.limits.calls = 60_000;
    let allocates = Point::entry(&["fallocate"], Some(&b));
    // Whoever reads or writes so much is ended before the first byte.
    let huge = |name: &str| {
        let end = (HUGE - 6, Bytes::from("at end"));
        let scenario = Scenario::new(name, &[&a, &b]).sparse(&a, HUGE, vec![end]);
        let moves = |file| Point::entry(BY_DESCRIPTOR, Some(file));
        let mut scenario = scenario
            .rule("moves-source", moves(&a), vec![Action::Finish])
            .rule("moves-destination", moves(&b), vec![Action::Finish])
            // The blocks are promised, not taken: not every machine has 4 GiB to spare.
            .rule("no-blocks", allocates.clone(), vec![Action::PretendRoom])
            .every_time();
        scenario.limits.cpu_s = 1;
        scenario
    };
    let mapped = Point::exit(&["mmap"], Some(&b));
    vec![
        window,
        huge("four-gib").rule("mapped", mapped, vec![Action::Finish]),
        huge("four-gib-sized").rule("sized", Point::sized(&b), vec![Action::Finish]),
    ]
}

fn full_disk(inputs: &mut Inputs) -> Vec<Scenario> {
    // The source takes nine pages of the disk; what is left is less than half of that.
    let page = inputs.page;
    let (a, b) = (inputs.name("source"), inputs.name("copy"));
    let bytes = inputs.lines(page * 8 + 100);
    let old = inputs.lines(90);
    let copy = |name: &str| {
        Scenario::new(name, &[&a, &b])
            .on_small_disk(page * 13)
            .file(&a, &bytes)
    };
    // Each disk counts its inodes from the same number on: the first file on either has the same.
    let there = format!("disk/{b}");
    let other = Scenario::new("other-disk", &[&a, &there])
        .on_small_disk(page * 64)
        .file(&a, &inputs.lines(page + 200))
        .other("disk", FileKind::Disk)
        .file(&there, &old);
    // Longer than the source, and a hole.
    let cut = copy("full-over-longer").sparse(&b, page * 30, Vec::new());
    let over = copy("full-over").file(&b, &old);
    let empty = copy("full-over-empty").file(&b, b"");
    vec![copy("full-new"), over, cut, empty, other]
}

fn atomic(inputs: &mut Inputs) -> Vec<Scenario> {
    let page = inputs.page;
    let (a, below) = (inputs.name("source"), inputs.name("copy"));
    let b = format!("shelf/{below}");
    let length = page + inputs.between(1, page - 1);
    let (bytes, old) = (inputs.bytes(length), inputs.lines(page / 2));
    let nine = inputs.lines(page * 8 + 100);
    let mode = inputs.pick(&[0o640, 0o600, 0o664]);
    let copy = |name: &str, to: &str| {
        Scenario::new(name, &["--atomic", &a, to]).other("shelf", FileKind::Directory)
    };
    let full = |name: &str| copy(name, &b).file(&a, &bytes).file(&b, &old).mode(mode);
    // A file of the length of the source may not be made.
    let mut limited = copy("atomic-limited", &b)
        .file(&a, &nine)
        .file(&b, &old)
        .mode(mode);
    limited.limits.file_size = Some(page * 4);
    // The folder takes no new file; the old one may be written.
    let closed = Scenario::new("atomic-closed", &["--atomic", &a, &b])
        .other("shelf", FileKind::Directory)
        .mode(0o555)
        .file(&a, &bytes)
        .file(&b, &old);
    let cut = |name: &str, length| {
        let file = a.clone();
        let truncate = Action::Truncate { file, length };
        let mapped = Point::exit(&["mmap"], Some(&a));
        full(name).rule("cut", mapped, vec![truncate])
    };
    let renames: &[&str] = &["rename", "renameat", "renameat2"];
    vec![
        watched(full("atomic")),
        watched(copy("atomic-new", &b).file(&a, &bytes)),
        watched(
            copy("atomic-symlink", "link")
                .file(&a, &bytes)
                .file(&b, &old)
                .mode(mode)
                // Each is relative to the folder in which it lies.
                .other("shelf/other-link", FileKind::SymbolicLink(below.clone()))
                .other(
                    "link",
                    FileKind::SymbolicLink("shelf/other-link".to_owned()),
                ),
        ),
        copy("atomic-unwritable", &b)
            .file(&a, &bytes)
            .file(&b, &old)
            .mode(0o444),
        full("atomic-killed").rule("kill", Point::entry(renames, None), vec![Action::Kill]),
        full("atomic-fails")
            .rule(
                "refuse",
                Point::entry(renames, None),
                vec![Action::Fail("EIO".to_owned())],
            )
            .every_time(),
        copy("atomic-missing", &b).file(&b, &old).mode(mode),
        limited,
        cut("atomic-shrinks-pages", 1),
        cut("atomic-shrinks-bytes", length - 1),
        watched(closed),
    ]
}

/// The rule that looks before a call; the other one looks after it.
pub const BEFORE_CALL: &str = "before-call";

/// Looks at the files on both sides of every call.
fn watched(scenario: Scenario) -> Scenario {
    let any = |side| Point::call("subject", &[], None, side);
    scenario
        .rule(BEFORE_CALL, any(Side::Entry), vec![Action::Look])
        .every_time()
        .rule("after-call", any(Side::Exit), vec![Action::Look])
        .every_time()
}

fn shrinking(inputs: &mut Inputs) -> Vec<Scenario> {
    let page = inputs.page;
    let (a, b) = (inputs.name("source"), inputs.name("copy"));
    let half = inputs.bytes(page * 3 + page / 2);
    let whole = inputs.bytes(page * 3);
    let cut = |name: &str, bytes: &[u8], length| {
        let truncate = Action::Truncate {
            file: a.clone(),
            length,
        };
        Scenario::new(name, &[&a, &b]).file(&a, bytes).rule(
            "cut",
            Point::exit(&["mmap"], Some(&a)),
            vec![truncate],
        )
    };
    let by = inputs.between(1, 100);
    vec![
        cut("shrinks-pages", &half, page),
        cut("shrinks-bytes", &half, page * 3 + page / 2 - by),
        // No page is lost.
        cut("shrinks-whole", &whole, page * 3 - by),
    ]
}

/// A source with holes before, between and behind its bytes, over a file that has bytes there.
fn holes(inputs: &mut Inputs) -> Vec<Scenario> {
    let page = inputs.page;
    let (a, b) = (inputs.name("source"), inputs.name("copy"));
    let length = page * 17 + inputs.between(1, page - 1);
    let mut piece = |offset| (offset, Bytes::from(inputs.lines(300)));
    let pieces = vec![piece(page * 5), piece(page * 11)];
    let scenario = Scenario::new("copy-holes", &[&a, &b]).sparse(&a, length, pieces);
    vec![scenario.file(&b, &inputs.lines(length))]
}

fn modes(inputs: &mut Inputs) -> Vec<Scenario> {
    let (a, b) = (inputs.name("source"), inputs.name("copy"));
    let bytes = inputs.lines(321);
    // Bits that the umask takes away are among them.
    let mode = inputs.pick(&[0o766, 0o626, 0o777, 0o662]);
    let copy = |name: &str| Scenario::new(name, &[&a, &b]).file(&a, &bytes);
    vec![copy("mode").mode(mode), copy("mode-read-only").mode(0o444)]
}
