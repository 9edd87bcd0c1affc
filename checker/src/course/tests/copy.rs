//! Known right and wrong runs of lab 3.

use super::{scenario, told};
use crate::evidence::ending::{Ending, Fault, FaultPlace};
use crate::evidence::{Facet, Observation};
use crate::lab::Lab;
use crate::labs::lab3_copy::LAB;
use crate::rule::made::{self, Made};

const RW: &str = "PROT_READ|PROT_WRITE";
const LAB3: &Lab = &LAB;
const TODO: &str =
    "thread 'main' panicked at labs/lab3-copy/src/lib.rs:9:5:\nnot yet implemented: step 2\n";

/// A run in the making, the names of source and destination, the source's bytes.
fn parts(name: &str) -> (Made, String, String, Vec<u8>) {
    let obs = made::observation(scenario(LAB3, name)).done();
    let words = &obs.scenario.actors[0].arguments;
    let (a, b) = (words[0].clone(), words[1].clone());
    let bytes = crate::rule::file::old_bytes(&obs, &a);
    (made::observation(obs.scenario), a, b, bytes)
}

/// How a right program copies, but for the flags.
fn run(name: &str, source: &str, open: &str, map: &str, moved: bool) -> Observation {
    let (made, a, b, bytes) = parts(name);
    let length = bytes.len() as u64;
    let zeros = vec![0; bytes.len()];
    let made = made.holds(&b, if moved { &bytes } else { &zeros });
    let made = made
        .open(&a, "O_RDONLY")
        .mmap(&a, length, source, "MAP_SHARED", 0x10_0000);
    let made = made.open(&b, open).on("ftruncate", &b, &[4, length], 0);
    let mapped = if open.contains("O_WRONLY") {
        -13
    } else {
        0x20_0000
    };
    let made = made
        .mmap(&b, length, RW, map, mapped)
        .print(&format!("size: {length}\n"));
    made.moment("copied", None)
        .print(&format!("copied: {length}\n"))
        .done()
}

fn right(name: &str) -> Observation {
    run(name, "PROT_READ", "O_RDWR|O_CREAT", "MAP_SHARED", true)
}

#[test]
fn a_right_copy_passes() {
    for name in ["copy", "copy-over", "copy-pages", "copy-byte"] {
        assert_eq!(told(LAB3, 1, "source-mapping", &right(name)), "passed");
        assert_eq!(told(LAB3, 2, "destination-mapping", &right(name)), "passed");
        assert_eq!(told(LAB3, 3, "bytes", &right(name)), "passed");
    }
    assert_eq!(told(LAB3, 3, "said-when-done", &right("copy")), "passed");
    for name in ["longer-page", "longer-bytes"] {
        assert_eq!(told(LAB3, 6, "longer", &right(name)), "passed");
    }
}

#[test]
fn wrong_mappings_are_told_by_name() {
    let writable = run("copy", RW, "O_RDWR", "MAP_SHARED", true);
    assert_eq!(
        told(LAB3, 1, "source-mapping", &writable),
        "source-writable"
    );
    let private = run("copy", "PROT_READ", "O_RDWR", "MAP_PRIVATE", false);
    assert_eq!(
        told(LAB3, 2, "destination-mapping", &private),
        "private-destination"
    );
    assert_eq!(told(LAB3, 3, "bytes", &private), "private-destination");
    let write_only = run("copy", "PROT_READ", "O_WRONLY|O_CREAT", "MAP_SHARED", false);
    assert_eq!(
        told(LAB3, 2, "destination-mapping", &write_only),
        "write-only-destination"
    );
}

#[test]
fn a_destination_without_a_length_is_told_by_name() {
    let (made, a, b, bytes) = parts("copy");
    let length = bytes.len() as u64;
    let within = FaultPlace {
        path: b.clone(),
        inode: 0,
        offset: 0,
        permissions: "rw-s".to_owned(),
    };
    let fault = Fault {
        address: 0x20_0000,
        code: "BUS_ADRERR".to_owned(),
        within: Some(within),
    };
    let made = made
        .holds(&b, b"")
        .mmap(&a, length, "PROT_READ", "MAP_SHARED", 0x10_0000);
    let made = made
        .open(&b, "O_RDWR|O_CREAT")
        .mmap(&b, length, RW, "MAP_SHARED", 0x20_0000);
    let killed = Ending::Killed {
        signal: "SIGBUS".to_owned(),
        fault: Some(fault),
    };
    let obs = made.ends(killed).done();
    assert_eq!(told(LAB3, 1, "source-mapping", &obs), "passed");
    assert_eq!(told(LAB3, 2, "destination-mapping", &obs), "no-ftruncate");
}

#[test]
fn bytes_moved_by_a_call_are_told_by_name() {
    let (made, a, b, bytes) = parts("copy");
    let made = made
        .holds(&b, &bytes)
        .open(&a, "O_RDONLY")
        .open(&b, "O_WRONLY|O_CREAT");
    let obs = made
        .on("copy_file_range", &a, &[], bytes.len() as i64)
        .done();
    assert_eq!(told(LAB3, 3, "bytes", &obs), "fs-copy");
}

#[test]
fn a_copy_onto_itself_loses_bytes() {
    let (made, a, b, bytes) = parts("same-hard-link");
    let right = made
        .complain(&format!("{b} is the same file\n"))
        .ends(Ending::Exited { code: 1 });
    assert_eq!(told(LAB3, 4, "same-file", &right.done()), "passed");
    let zeros = vec![0; bytes.len()];
    let naive = parts("same-hard-link").0.open(&b, "O_RDWR|O_CREAT|O_TRUNC");
    let naive = naive.on("ftruncate", &b, &[4, bytes.len() as u64], 0);
    let naive = naive.holds(&a, &zeros).holds(&b, &zeros).done();
    assert_eq!(
        told(LAB3, 4, "same-file", &naive),
        "truncated-before-checking"
    );
}

#[test]
fn an_unwritten_step_is_told_unless_something_wrong_was_done_before() {
    let (made, a, _, bytes) = parts("copy");
    let length = bytes.len() as u64;
    let stop = |made: Made| {
        made.complain(TODO)
            .ends(Ending::Exited { code: 101 })
            .done()
    };
    assert_eq!(told(LAB3, 1, "source-mapping", &stop(made)), "step 2");
    let half = |prot| {
        stop(
            parts("copy")
                .0
                .mmap(&a, length, prot, "MAP_PRIVATE", 0x1000),
        )
    };
    assert_eq!(
        told(LAB3, 1, "source-mapping", &half("PROT_READ")),
        "passed"
    );
    assert_eq!(
        told(LAB3, 2, "destination-mapping", &half("PROT_READ")),
        "step 2"
    );
    assert_eq!(
        told(LAB3, 1, "source-mapping", &half(RW)),
        "source-writable"
    );
    assert_eq!(
        told(LAB3, 12, "shrinks", &stop(parts("shrinks-pages").0)),
        "step 2"
    );
}

#[test]
fn a_panic_is_told() {
    let text = "thread 'main' panicked at src/lib.rs:9:5:\nno\n";
    let obs = parts("copy")
        .0
        .complain(text)
        .ends(Ending::Exited { code: 101 })
        .done();
    assert_eq!(told(LAB3, 3, "bytes", &obs), "panicked");
}

#[test]
fn large_files_are_judged_from_lengths() {
    let run = |sized: u64, length: u64| {
        let (made, a, b, _) = parts("four-gib");
        let made = made
            .holds(&b, b"")
            .mmap(&a, 16 << 20, "PROT_READ", "MAP_SHARED", 0x10_0000);
        let made = made.on("ftruncate", &b, &[4, sized], 0);
        let rule = "mapped".to_owned();
        let made = made.mmap(&b, length, RW, "MAP_SHARED", 0x7000_0000);
        told(
            LAB3,
            9,
            "four-gib",
            &made.ends(Ending::Stopped { rule }).done(),
        )
    };
    let whole = (4 << 30) + 5;
    assert_eq!(run(whole, whole), "passed");
    assert_eq!(run(whole, 4 << 20), "passed");
    assert_eq!(run(5, 5), "length-32-bits");
    assert_eq!(run(whole, 5), "length-32-bits");
}

#[test]
fn a_copy_onto_itself_that_harms_nothing_is_told_as_it_was() {
    let (_, a, _, bytes) = parts("same-path");
    let length = bytes.len() as u64;
    let run = |to: u64| {
        let made = parts("same-path").0.open(&a, "O_RDWR|O_CREAT");
        let made = made.on("ftruncate", &a, &[4, to], 0);
        let facts = format!("size: {length}\ncopied: {length}\n");
        told(LAB3, 4, "same-file", &made.print(&facts).done())
    };
    assert!(run(length).ends_with("; the copy was made, exit status 0"));
    assert_eq!(run(0), "truncated-before-checking");
}

#[test]
fn windows_are_counted_by_what_stands_at_once() {
    let run = |unmaps: bool| {
        let (made, a, b, _) = parts("window");
        let made = made.holds(&b, b"").with(|obs| {
            let files = &mut obs.evidence.files;
            let source = files[0].before.clone().unwrap();
            let copy = files.last_mut().unwrap().after.as_mut().unwrap();
            (copy.length, copy.content) = (source.length, source.content);
        });
        let made = made.mmap(&a, 16 << 20, "PROT_READ", "MAP_SHARED", 0x1000_0000);
        let made = match unmaps {
            true => made.call("munmap", &[0x1000_0000, 16 << 20], 0),
            false => made,
        };
        let made = made.mmap_from(
            &a,
            16 << 20,
            16 << 20,
            "PROT_READ",
            "MAP_SHARED",
            0x3000_0000,
        );
        let mut length = 0;
        let made = made.with(|obs| length = obs.evidence.files[0].before.as_ref().unwrap().length);
        let obs = made
            .print(&format!("size: {length}\ncopied: {length}\n"))
            .done();
        told(LAB3, 8, "windows", &obs)
    };
    assert_eq!(run(true), "passed");
    assert_eq!(run(false), "window-kept");
}

#[test]
fn without_ptrace_the_files_are_judged_all_the_same() {
    let unseen = |mut obs: Observation| {
        obs.evidence.trace = Facet::Unseen("ptrace is refused".to_owned());
        obs.evidence.moments = Facet::Unseen("ptrace is refused".to_owned());
        obs
    };
    assert_eq!(
        told(LAB3, 3, "bytes", &unseen(right("copy"))),
        "not observable"
    );
    let lost = unseen(run("copy", "PROT_READ", "O_RDWR", "MAP_SHARED", false));
    assert!(told(LAB3, 3, "bytes", &lost).contains("bytes of"));
}

#[test]
fn who_asks_for_the_tracer_is_told() {
    let made = parts("copy").0;
    let obs = made.on("openat", "/proc/self/status", &[0, 0, 0], 3).done();
    assert_eq!(told(LAB3, 3, "bytes", &obs), "watching-the-watcher");
}
