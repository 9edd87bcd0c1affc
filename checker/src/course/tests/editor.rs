//! Known right and wrong runs of lab 1.

use super::{scenario, told};
use crate::evidence::Observation;
use crate::evidence::bytes::escape;
use crate::evidence::ending::Ending;
use crate::lab::Lab;
use crate::labs::lab1_editor::LAB;
use crate::rule::made::{self, Made};

const RW: &str = "PROT_READ|PROT_WRITE";
const LAB1: &Lab = &LAB;
const AT: u64 = 0x10_0000;

/// The file, its bytes before and after, where the text lies, the facts around the sync.
struct Plan {
    name: String,
    old: Vec<u8>,
    new: Vec<u8>,
    from: u64,
    to: u64,
    facts: [String; 2],
}

fn start(run: &str) -> Made {
    made::observation(scenario(LAB1, run))
}

fn plan(run: &str) -> Plan {
    let obs = start(run).done();
    let words = &obs.scenario.actors[0].arguments;
    let (name, text) = (words[1].clone(), words[2].as_bytes());
    let old = crate::rule::file::old_bytes(&obs, &name);
    let (mut new, size, n) = (old.clone(), old.len(), text.len());
    let (from, facts) = if words[0] == "append" {
        new.extend_from_slice(text);
        let grown = format!("synced: {n}\nnew size: {}\n", size + n);
        (size, [format!("size: {size}\nappended: {n}\n"), grown])
    } else {
        let kept = n.min(size);
        new[..kept].copy_from_slice(&text[..kept]);
        let cut = format!("size: {size}\nwritten: {kept}\ncut: {}\n", n - kept);
        (0, [cut, format!("synced: {kept}\n")])
    };
    let to = (from + n).min(new.len());
    Plan {
        name,
        old,
        new,
        from: from as u64,
        to: to as u64,
        facts,
    }
}

fn mapped(run: &str, plan: &Plan, map: &str) -> Made {
    let made = start(run).open(&plan.name, "O_RDWR");
    let made = match plan.new.len() > plan.old.len() {
        true => made.on("ftruncate", &plan.name, &[3, plan.to], 0),
        false => made,
    };
    made.mmap(&plan.name, plan.new.len() as u64, RW, map, AT as i64)
}

/// A run that maps, stores, syncs and says so.
fn run(name: &str, map: &str, sync: Option<(u64, i64)>) -> Observation {
    let plan = plan(name);
    let bytes = if map == "MAP_SHARED" {
        &plan.new
    } else {
        &plan.old
    };
    let made = mapped(name, &plan, map)
        .holds(&plan.name, bytes)
        .print(&plan.facts[0]);
    let seen = &plan.new[..plan.old.len()];
    let made = match sync {
        None => made,
        Some((address, result)) => made
            .msync(address, AT + plan.to - address, "MS_SYNC", result)
            .moment("msync", Some((&plan.name, seen, &[]))),
    };
    let made = made.moment("synced", Some((&plan.name, seen, &[0; 8])));
    made.print(&plan.facts[1]).done()
}

#[test]
fn right_changes_pass() {
    for name in ["overwrite", "overwrite-pages"] {
        let obs = run(name, "MAP_SHARED", Some((AT, 0)));
        assert_eq!(told(LAB1, 3, "stored", &obs), "passed");
        assert_eq!(told(LAB1, 5, "witness", &obs), "passed");
        assert_eq!(told(LAB1, 6, "synced", &obs), "passed");
        assert_eq!(told(LAB1, 9, "pages", &obs), "passed");
    }
    for name in [
        "append",
        "append-before-page",
        "append-at-page",
        "append-pages",
    ] {
        let obs = run(name, "MAP_SHARED", Some((AT, 0)));
        assert_eq!(told(LAB1, 7, "appended", &obs), "passed", "{name}");
    }
    let longer = run("overwrite-longer", "MAP_SHARED", Some((AT, 0)));
    assert_eq!(told(LAB1, 4, "cut", &longer), "passed");
}

#[test]
fn bytes_around_the_text_are_not_cleared_nor_moved() {
    let told_of = |mode: u64, from: u64| {
        let plan = plan("overwrite");
        let made = mapped("overwrite", &plan, "MAP_SHARED")
            .on("fallocate", &plan.name, &[3, mode, from, 1], 0)
            .holds(&plan.name, &plan.new)
            .print(&plan.facts[0]);
        told(LAB1, 3, "stored", &made.done())
    };
    const ZERO_RANGE: u64 = 0x10;
    const INSERT_RANGE: u64 = 0x20;
    let plan = plan("overwrite");
    assert_eq!(told_of(ZERO_RANGE, 0), "passed");
    assert!(told_of(ZERO_RANGE, plan.to).contains("stay as they are"));
    assert!(told_of(ZERO_RANGE, plan.old.len() as u64).contains("length"));
    assert!(told_of(INSERT_RANGE, 0).contains("stay as they are"));
}

#[test]
fn syncing_more_than_was_changed_is_found() {
    let all = run("append-pages", "MAP_SHARED", Some((AT, 0)));
    assert!(told(LAB1, 9, "pages", &all).contains("msync touches only"));
    let from = AT + plan("append-pages").from / 4096 * 4096;
    let some = run("append-pages", "MAP_SHARED", Some((from, 0)));
    assert_eq!(told(LAB1, 9, "pages", &some), "passed");
}

#[test]
fn known_mistakes_are_told_by_name() {
    let private = run("overwrite", "MAP_PRIVATE", Some((AT, 0)));
    assert_eq!(told(LAB1, 3, "stored", &private), "private-mapping");
    let never = run("overwrite", "MAP_SHARED", None);
    assert_eq!(told(LAB1, 3, "stored", &never), "passed");
    assert_eq!(told(LAB1, 6, "synced", &never), "no-sync");
    let unaligned = run(
        "append",
        "MAP_SHARED",
        Some((AT + plan("append").from, -22)),
    );
    assert_eq!(told(LAB1, 7, "appended", &unaligned), "sync-unaligned");
    let failed = run("overwrite", "MAP_SHARED", Some((AT, -5)));
    assert_eq!(told(LAB1, 6, "synced", &failed), "sync-result-ignored");
}

#[test]
fn the_end_of_a_run_is_judged_with_the_sync() {
    let told_of = |name: &str, claim: bool, code: i32| {
        let plan = plan(name);
        let seen = &plan.new[..plan.old.len()];
        let made = mapped(name, &plan, "MAP_SHARED")
            .holds(&plan.name, &plan.new)
            .print(&plan.facts[0])
            .msync(AT, plan.to, "MS_SYNC", 0)
            .moment("msync", Some((&plan.name, seen, &[])));
        let made = match claim {
            true => made.print(&plan.facts[1]),
            false => made,
        };
        made.ends(Ending::Exited { code }).done()
    };
    for name in ["overwrite", "overwrite-pages"] {
        for (claim, code) in [(false, 0), (false, 101), (true, 3)] {
            let obs = told_of(name, claim, code);
            assert_eq!(told(LAB1, 3, "stored", &obs), "passed");
            assert_ne!(told(LAB1, 6, "synced", &obs), "passed", "{claim} {code}");
        }
    }
    for name in ["overwrite-longer", "overwrite-longer-page", "overwrite-all"] {
        for (claim, code) in [(false, 0), (true, 3)] {
            let obs = told_of(name, claim, code);
            assert_eq!(told(LAB1, 4, "cut", &obs), "passed");
            assert_ne!(told(LAB1, 6, "synced", &obs), "passed", "{claim} {code}");
        }
        let right = told_of(name, true, 0);
        assert_eq!(told(LAB1, 6, "synced", &right), "passed");
    }
}

#[test]
fn a_sync_after_the_claim_is_told_by_name() {
    let plan = plan("overwrite");
    let made = mapped("overwrite", &plan, "MAP_SHARED").holds(&plan.name, &plan.new);
    let made = made.print(&plan.facts[0]).print(&plan.facts[1]);
    let obs = made.msync(AT, 100, "MS_SYNC", 0).done();
    assert_eq!(told(LAB1, 6, "synced", &obs), "sync-after-claim");
}

#[test]
fn a_write_is_told_by_name() {
    let plan = plan("overwrite");
    let made = start("overwrite").holds(&plan.name, &plan.new);
    let made = made.on("pwrite64", &plan.name, &[3, 0, plan.to, 0], plan.to as i64);
    let obs = made.print(&plan.facts[0]).print(&plan.facts[1]).done();
    assert_eq!(told(LAB1, 3, "stored", &obs), "write-call");
}

#[test]
fn a_nul_and_filled_bytes_are_told_by_name() {
    let with = |change: fn(&mut [u8], usize)| {
        let plan = plan("overwrite");
        let mut bytes = plan.new.clone();
        change(&mut bytes, plan.to as usize);
        let made = mapped("overwrite", &plan, "MAP_SHARED").holds(&plan.name, &bytes);
        let made = made.msync(AT, plan.to, "MS_SYNC", 0);
        let obs = made.print(&plan.facts[0]).print(&plan.facts[1]).done();
        told(LAB1, 3, "stored", &obs)
    };
    assert_eq!(with(|bytes, end| bytes[end] = 0), "nul-written");
    assert_eq!(
        with(|bytes, end| bytes[end..].fill(0)),
        "whole-file-rewritten"
    );
}

#[test]
fn a_store_in_the_rest_of_the_last_page_is_found() {
    let plan = plan("overwrite-longer");
    let made = mapped("overwrite-longer", &plan, "MAP_SHARED").holds(&plan.name, &plan.new);
    let made = made.print(&plan.facts[0]).msync(AT, plan.to, "MS_SYNC", 0);
    let made = made.moment("msync", Some((&plan.name, &plan.new, b"more\0\0")));
    let obs = made.print(&plan.facts[1]).done();
    assert_eq!(told(LAB1, 4, "cut", &obs), "store-past-end");
}

#[test]
fn a_mapping_of_the_old_length_is_told_by_name() {
    let plan = plan("append-at-page");
    let made = start("append-at-page").mmap(&plan.name, 4096, RW, "MAP_SHARED", AT as i64);
    let made = made.on("ftruncate", &plan.name, &[3, plan.to], 0);
    let signal = "SIGSEGV".to_owned();
    let obs = made
        .ends(Ending::Killed {
            signal,
            fault: None,
        })
        .done();
    assert_eq!(told(LAB1, 7, "appended", &obs), "stale-length");
}

#[test]
fn show_takes_no_string_for_a_file() {
    let obs = start("show-nul").done();
    let name = obs.scenario.actors[0].arguments[1].clone();
    let old = crate::rule::file::old_bytes(&obs, &name);
    let cut = old.iter().position(|&byte| byte == 0).unwrap();
    let run = |bytes: &[u8], size: usize| {
        let made = start("show-nul").mmap(&name, 30, "PROT_READ", "MAP_SHARED", AT as i64);
        let text = format!("size: {size}\ncontent: {}\n", escape(bytes));
        told(LAB1, 2, "exactly", &made.print(&text).done())
    };
    assert_eq!(run(&old, old.len()), "passed");
    assert_eq!(run(&old[..cut], old.len()), "strlen-on-mapping");
    assert_eq!(run(&old[..cut], cut), "strlen-on-mapping");
}

#[test]
fn two_appenders_may_come_in_either_order() {
    let obs = start("appenders-2").done();
    let text = |n: usize| obs.scenario.actors[n].arguments[2].clone();
    let (name, a, b) = (
        obs.scenario.actors[0].arguments[1].clone(),
        text(0),
        text(1),
    );
    let old = crate::rule::file::old_bytes(&obs, &name);
    let after = |texts: &[&str]| {
        let bytes = [&old[..], texts.concat().as_bytes()].concat();
        told(
            LAB1,
            11,
            "appenders",
            &start("appenders-2").holds(&name, &bytes).done(),
        )
    };
    assert_eq!(after(&[&a, &b]), "passed");
    assert_eq!(after(&[&b, &a]), "passed");
    assert_eq!(after(&[&a]), "append-raced");
}
