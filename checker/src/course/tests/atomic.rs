//! Known right and wrong runs of the atomic clause of lab 3.

use super::{scenario, told};
use crate::evidence::Observation;
use crate::evidence::file::{Content, FileState};
use crate::evidence::trace::{Call, FileRef, What};
use crate::evidence::{Facet, Moment};
use crate::lab::Lab;
use crate::labs::lab3_copy::LAB;
use crate::rule::made::{self, Made};

const RW: &str = "PROT_READ|PROT_WRITE";
const LAB3: &Lab = &LAB;

/// A run, the destination's name, its old state, the new state that takes its place.
fn parts() -> (Made, String, FileState, FileState) {
    let obs = made::observation(scenario(LAB3, "atomic")).done();
    let words = &obs.scenario.actors[0].arguments;
    let bytes = crate::rule::file::old_bytes(&obs, &words[1]);
    let old = obs
        .evidence
        .file(&words[2])
        .unwrap()
        .before
        .clone()
        .unwrap();
    let new = FileState {
        inode: 77,
        length: bytes.len() as u64,
        content: Content::of(&bytes),
        ..old.clone()
    };
    let name = words[2].clone();
    (made::observation(obs.scenario), name, old, new)
}

fn look(made: Made, name: &str, state: Option<&FileState>) -> Made {
    made.with(|obs| {
        let Facet::Seen(moments) = &mut obs.evidence.moments else {
            return;
        };
        moments.push(Moment {
            rule: "after-call".to_owned(),
            at: moments.len(),
            actor: 0,
            files: vec![(name.to_owned(), state.cloned())],
            spaces: Vec::new(),
            views: Vec::new(),
        });
    })
}

/// The run of a right program, with `between` seen before the rename.
fn run(between: Option<&FileState>) -> Observation {
    let (made, name, old, new) = parts();
    let made = look(made, &name, Some(&old)).with(|obs| {
        let story = obs
            .evidence
            .files
            .iter_mut()
            .find(|s| s.name == name)
            .unwrap();
        story.after = Some(new.clone());
    });
    let made = made.mmap(&name, new.length, RW, "MAP_SHARED", 0x10_0000);
    let made = look(made, &name, between);
    let made = made.on("rename", &name, &[], 0).with(|obs| {
        let Facet::Seen(events) = &mut obs.evidence.trace else {
            return;
        };
        if let What::Call(Call { other, .. }) = &mut events.last_mut().unwrap().what {
            *other = Some(FileRef {
                path: name.clone(),
                device: 1,
                inode: 77,
                stream: None,
            });
        }
    });
    let length = new.length;
    let made = look(made, &name, Some(&new));
    made.print(&format!("size: {length}\ncopied: {length}\n"))
        .done()
}

#[test]
fn a_new_file_that_takes_the_place_passes() {
    let (_, _, old, _) = parts();
    assert_eq!(told(LAB3, 11, "old-or-new", &run(Some(&old))), "passed");
}

#[test]
fn a_moment_without_a_whole_file_is_found() {
    let (_, _, old, new) = parts();
    let half = FileState {
        content: Content::of(b"half"),
        ..new
    };
    let cut = FileState {
        length: 0,
        content: Default::default(),
        ..old
    };
    for state in [None, Some(&half), Some(&cut)] {
        assert_eq!(told(LAB3, 11, "old-or-new", &run(state)), "not-atomic");
    }
}

#[test]
fn a_copy_in_place_is_not_atomic() {
    let (made, name, old, new) = parts();
    let bytes = crate::rule::file::bytes(&new);
    let made = made.mmap(&name, new.length, RW, "MAP_SHARED", 0x10_0000);
    let made = look(made.holds(&name, &bytes), &name, Some(&old));
    let length = new.length;
    let obs = made
        .print(&format!("size: {length}\ncopied: {length}\n"))
        .done();
    assert_eq!(told(LAB3, 11, "old-or-new", &obs), "not-atomic");
}
