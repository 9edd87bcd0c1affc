//! Known right and wrong runs of lab 4.

use super::{scenario, told};
use crate::evidence::ending::Ending;
use crate::evidence::trace::{Event, What};
use crate::evidence::{Facet, Observation};
use crate::lab::Lab;
use crate::labs::lab4_page_align::LAB;
use crate::rule::made::{self, Made};
use crate::scenario::Scenario;

const LAB4: &Lab = &LAB;

/// The scenario of this name with this command line alone.
fn run(name: &str, words: &[&str]) -> Made {
    let mut scenario = scenario(LAB4, name);
    scenario.actors = Scenario::new("", words).actors;
    scenario.files.clear();
    made::observation(scenario.file("f", TEXT))
}

const TEXT: &[u8] = &[b'x'; 9000];

fn facts(values: [u64; 5]) -> String {
    let names = [
        "page size",
        "offset",
        "aligned offset",
        "delta",
        "mapped length",
    ];
    let lines = names.iter().zip(values);
    lines
        .map(|(name, value)| format!("{name}: {value}\n"))
        .collect()
}

#[test]
fn the_machine_of_a_run_decides_what_is_right() {
    let told = |name: &str, check: &str, clause: u8, values: [u64; 5]| {
        let obs = run(name, &["70000", "5"]).print(&facts(values)).done();
        told(LAB4, clause, check, &obs)
    };
    let small = [4096, 70000, 69632, 368, 373];
    let large = [65536, 70000, 65536, 4464, 4469];
    assert_eq!(told("align", "arithmetic", 2, small), "passed");
    assert_eq!(told("pages-64k", "larger-pages", 4, large), "passed");
    assert_eq!(
        told("pages-64k", "larger-pages", 4, small),
        "page-size-known"
    );
    assert_eq!(told("pages-64k", "page-size", 1, small), "page-size-known");
    let mixed = [65536, 70000, 69632, 368, 373];
    assert_eq!(
        told("pages-64k", "larger-pages", 4, mixed),
        "page-size-known"
    );
    let up = [4096, 70000, 73728, 0, 5];
    assert_eq!(told("align", "arithmetic", 2, up), "rounded-up");
    let bare = [4096, 70000, 69632, 368, 5];
    assert_eq!(told("align", "arithmetic", 2, bare), "delta-not-mapped");
}

#[test]
fn who_asks_where_nobody_answers_is_not_told_to_be_wrong() {
    let obs = |path: &str| {
        let small = facts([4096, 70000, 69632, 368, 373]);
        let made = run("pages-64k", &["70000", "5"]).open(path, "O_RDONLY");
        made.print(&small).done()
    };
    let told = |path: &str| told(LAB4, 1, "page-size", &obs(path));
    assert_eq!(told("/proc/self/auxv"), "not observable");
    assert_eq!(told("/proc/77/smaps"), "not observable");
    assert_eq!(told("/proc/self/maps"), "page-size-known");
}

#[test]
fn words_that_are_taken_are_told_by_name() {
    let taken = |words: &[&str], values: [u64; 5]| {
        let obs = run("not-numbers", words).print(&facts(values)).done();
        told(LAB4, 3, "not-numbers", &obs)
    };
    let zero = [4096, 0, 0, 0, 1];
    assert_eq!(taken(&["-1"], zero), "signed-mask");
    assert_eq!(taken(&["+5"], zero), "parsed-like-atoi");
    assert_eq!(taken(&[""], zero), "parsed-like-atoi");
    assert_eq!(taken(&["5", "0"], zero), "length-zero");
    assert_eq!(taken(&["99999999999999999999"], zero), "number-clamped");
    assert_eq!(taken(&["0x1000"], [4096, 4096, 4096, 0, 1]), "base-guessed");
    let refused = |stdout: &str| {
        let made = run("not-numbers", &["7x"])
            .print(stdout)
            .complain("no: 7x\n");
        let obs = made.ends(Ending::Exited { code: 1 }).done();
        told(LAB4, 3, "not-numbers", &obs)
    };
    assert_eq!(refused(""), "passed");
    assert_eq!(refused("page size: 4096\n"), "said-before-refused");
}

/// A window of 3000 bytes from 5000 on, with the mapping of this offset and length.
fn read(offset: u64, length: u64) -> Observation {
    let content = "x".repeat(64);
    run("read", &["--read", "f", "5000", "3000"])
        .print(&facts([4096, 5000, 4096, 904, 3904]))
        .mmap_from("f", offset, length, "PROT_READ", "MAP_SHARED", 0x10_0000)
        .print(&format!(
            "length: 3000\nfirst bytes: {content}\nlast bytes: {content}\n"
        ))
        .done()
}

#[test]
fn the_smallest_mapping_has_the_window_and_no_page_more() {
    let told = |offset, length| told(LAB4, 6, "smallest", &read(offset, length));
    assert_eq!(told(4096, 3904), "passed");
    assert_eq!(told(4096, 4096), "passed");
    assert_eq!(told(4096, 3000), "delta-not-mapped");
    assert_eq!(told(4096, 8192), "page-too-many");
    assert_eq!(told(0, 9000), "whole-file-mapped");
    assert_eq!(told(0, 8000), "page-too-many");
}

#[test]
fn bytes_that_a_call_moved_are_not_read_through_the_mapping() {
    let told = |obs: &Observation| told(LAB4, 5, "window", obs);
    assert_eq!(told(&read(4096, 3904)), "passed");
    let by_call = run("read", &["--read", "f", "5000", "3000"]);
    let by_call = by_call
        .on("pread64", "f", &[3, 0x9000, 64, 5000], 64)
        .done();
    assert_eq!(told(&by_call), "moved-by-call");
}

#[test]
fn each_run_of_a_scenario_is_judged_alone() {
    let obs = made::observation(made::scenario(&["f"]).and(&["g"]))
        .open("f", "O_RDONLY")
        .open("f", "O_RDONLY")
        .open("f", "O_RDONLY")
        .with(|obs| {
            if let Facet::Seen(events) = &mut obs.evidence.trace {
                events[1].actor = 1;
                if let What::Call(call) = &mut events[1].what {
                    call.returned = Some(3);
                }
            }
        });
    let second = obs.done().alone(1);
    assert_eq!(second.scenario.actors[0].arguments, ["g"]);
    assert_eq!(second.evidence.actors.len(), 1);
    let Facet::Seen(events) = &second.evidence.trace else {
        panic!("it was seen");
    };
    let [
        Event {
            actor: 0,
            what: What::Call(call),
            ..
        },
    ] = &events[..]
    else {
        panic!("{events:?}");
    };
    assert_eq!(call.returned, Some(1));
}
