//! Known right and wrong runs of lab 2.

use super::{scenario, told};
use crate::evidence::address_space::{Detail, Page, Region};
use crate::evidence::bytes::Bytes;
use crate::evidence::ending::Ending;
use crate::evidence::{Facet, Observation};
use crate::lab::Lab;
use crate::labs::lab2_compare::LAB;
use crate::rule::made::{self, Made};
use crate::scenario::Action;
use crate::verdict::{Exhibit, Verdict};

const RW: &str = "PROT_READ|PROT_WRITE";
const LAB2: &Lab = &LAB;

fn start() -> (Made, String, Vec<u8>, Vec<u8>) {
    let obs = made::observation(scenario(LAB2, "compare")).done();
    let words = &obs.scenario.actors[0].arguments;
    let (name, text) = (words[0].clone(), words[1].as_bytes());
    let old = crate::rule::file::old_bytes(&obs, &name);
    let mut new = old.clone();
    new[..text.len()].copy_from_slice(text);
    (made::observation(obs.scenario), name, old, new)
}

/// A whole run: which flags the two mappings have, and whose the first private page is.
fn run(flags: [&str; 2], page: Page, held_back: bool) -> Observation {
    let (mut made, name, old, new) = start();
    let length = old.len() as u64;
    let line = |what: &str, bytes: &[u8]| format!("{what}: {}\n", Bytes::from(bytes).preview());
    let file = |n: usize| if flags[n] == "MAP_SHARED" { &new } else { &old };
    let size = format!("size: {length}\n");
    if !held_back {
        made = made.print(&size);
    }
    made = made.mmap(&name, length, RW, flags[0], 0x10_0000);
    if held_back {
        made = made.print(&size);
    }
    for (n, what) in [(0, "private"), (1, "shared")] {
        if n == 1 {
            made = made.call("munmap", &[0x10_0000, length], 0);
            made = made.mmap(&name, length, RW, flags[1], 0x20_0000);
        }
        if file(n) == &new {
            made = made.holds(&name, &new);
        }
        for (part, bytes) in [("mapping", &new), ("file", file(n))] {
            let prefix = format!("{what} {part}");
            made = made.moment(&format!("{prefix}:"), Some((&name, file(n), &[])));
            made = made.print(&line(&prefix, bytes));
        }
    }
    made.with(|obs| pages(obs, page)).done()
}

fn pages(obs: &mut Observation, page: Page) {
    let inode = obs.evidence.files[0].before.as_ref().unwrap().inode;
    let Facet::Seen(moments) = &mut obs.evidence.moments else {
        return;
    };
    moments[0].spaces[0].regions.push(Region {
        start: 0x10_0000,
        end: 0x10_1000,
        permissions: "rw-p".to_owned(),
        inode,
        detail: Some(Detail {
            pages: vec![page],
            ..Detail::default()
        }),
        ..Region::default()
    });
}

#[test]
fn a_right_comparison_passes() {
    let obs = run(["MAP_PRIVATE", "MAP_SHARED"], Page::Own, false);
    for (clause, check) in [
        (1, "mappings"),
        (2, "untouched"),
        (3, "own-pages"),
        (4, "seen-at-once"),
        (5, "only-the-text"),
        (10, "line-by-line"),
    ] {
        assert_eq!(told(LAB2, clause, check, &obs), "passed", "clause {clause}");
    }
}

/// The file is open for reading only when the first mapping is asked for.
#[test]
fn a_shared_mapping_that_is_refused_is_told_with_the_reason() {
    let (made, name, old, _) = start();
    let length = old.len() as u64;
    let obs = made
        .open(&name, "O_RDONLY")
        .mmap(&name, length, RW, "MAP_SHARED", -13)
        .ends(Ending::Exited { code: 1 })
        .done();
    assert_eq!(told(LAB2, 1, "mappings", &obs), "two-shared");
    let check = &LAB2.clauses[1].checks[0];
    let Verdict::Failed(why) = super::verdict(LAB2, 1, check.name, &[&obs]) else {
        panic!("it fails");
    };
    for (text, word) in [
        (&why.expected, "step 1"),
        (&why.observed, "EACCES"),
        (&why.observed, "O_RDWR"),
    ] {
        assert!(text.contains(word), "{text}");
    }
    let Some(Exhibit::Calls { lines }) = why.exhibit else {
        panic!("calls are shown");
    };
    let marked = lines.iter().find_map(|line| Some((line, line.mark?)));
    let (line, (from, to)) = marked.expect("a mark");
    assert_eq!(&line.text[from..to], "MAP_SHARED");
}

#[test]
fn a_copy_stays_until_the_file_was_shown() {
    for (later, passes) in [(Page::Own, true), (Page::Absent, false)] {
        let mut obs = run(["MAP_PRIVATE", "MAP_SHARED"], Page::Own, false);
        if let Facet::Seen(moments) = &mut obs.evidence.moments {
            let mut regions = moments[0].spaces[0].regions.clone();
            for detail in regions.iter_mut().filter_map(|r| r.detail.as_mut()) {
                detail.pages.fill(later);
            }
            moments[1].spaces[0].regions = regions;
        }
        let told = told(LAB2, 3, "own-pages", &obs);
        assert_eq!(told == "passed", passes, "{told}");
    }
}

#[test]
fn known_mistakes_are_told_by_name() {
    let shared = run(["MAP_SHARED", "MAP_SHARED"], Page::Absent, false);
    assert_eq!(told(LAB2, 1, "mappings", &shared), "two-shared");
    assert_eq!(told(LAB2, 2, "untouched", &shared), "two-shared");
    let private = run(["MAP_PRIVATE", "MAP_PRIVATE"], Page::Own, false);
    assert_eq!(told(LAB2, 1, "mappings", &private), "two-private");
    assert_eq!(told(LAB2, 4, "seen-at-once", &private), "two-private");
    let vec = run(["MAP_PRIVATE", "MAP_SHARED"], Page::OfTheFile, false);
    assert_eq!(told(LAB2, 3, "own-pages", &vec), "vec-as-mapping");
    let held = run(["MAP_PRIVATE", "MAP_SHARED"], Page::Own, true);
    assert_eq!(told(LAB2, 10, "line-by-line", &held), "lines-held-back");
}

#[test]
fn padding_is_told_by_name() {
    let (made, name, _, mut padded) = start();
    let obs = made.done();
    padded[obs.scenario.actors[0].arguments[1].len()..].fill(0);
    let made = start().0.mmap(&name, 99, RW, "MAP_PRIVATE", 0x1000);
    let made = made.mmap(&name, 99, RW, "MAP_SHARED", 0x9000);
    let obs = made.holds(&name, &padded).done();
    assert_eq!(told(LAB2, 5, "only-the-text", &obs), "nul-padding");
}

#[test]
fn what_another_process_wrote_has_to_show() {
    let obs = made::observation(scenario(LAB2, "looked")).done();
    let words = obs.scenario.actors[0].arguments.clone();
    let old = crate::rule::file::old_bytes(&obs, &words[0]);
    let put = |bytes: &[u8], at: usize, what: &[u8]| {
        let mut bytes = bytes.to_vec();
        bytes[at..at + what.len()].copy_from_slice(what);
        bytes
    };
    let written = |bytes: &[u8], n: usize| match &obs.scenario.rules[n].then[0] {
        Action::Write {
            offset,
            bytes: what,
            ..
        } => put(bytes, *offset as usize, &what.0),
        other => panic!("{other:?}"),
    };
    let first = written(&old, 0);
    let stored = put(&first, 0, words[1].as_bytes());
    let second = written(&stored, 1);
    let run = |file: &[u8], shared: &[u8]| {
        let show = |bytes: &[u8]| Bytes::from(bytes).preview();
        let text = format!(
            "size: 50\nprivate mapping: {}\nprivate file: {}\nshared mapping: {}\nshared file: {}\n",
            show(&put(&old, 0, words[1].as_bytes())),
            show(file),
            show(&stored),
            show(shared)
        );
        let made = made::observation(scenario(LAB2, "looked")).holds(&words[0], &second);
        told(LAB2, 7, "looked", &made.print(&text).done())
    };
    assert_eq!(run(&first, &second), "passed");
    assert_eq!(run(&old, &second), "printed-before-looking");
    assert_eq!(run(&first, &stored), "printed-before-looking");
}
