//! Clause 11 of lab 3: the name stands for the old file or for the new one, at every moment.
//!
//! Between two system calls a process can change a file only by stores through a writable shared
//! mapping. So: the state of the name on both sides of every call, and no such mapping of the file
//! that the name stood for in the beginning.

use crate::evidence::file::FileState;
use crate::evidence::{Moment, Observation};
use crate::rule::finding::{broken, seen};
use crate::rule::mapping::of_file;
use crate::rule::moved::{self, Way};
use crate::rule::trace::{calls, events, resolve, target};
use crate::rule::{ending, exhibit, file};
use crate::verdict::{Ruling, Spot};

use super::rules::{self, copied, never_says_copied};
use super::{destination, source};

/// A copy that succeeds, looked at on both sides of every call.
pub fn old_or_new(obs: &Observation) -> Ruling {
    copied(obs)?;
    let link = destination(obs);
    let name = resolve(obs, link);
    if name != link {
        file::unchanged_link(obs, link)?;
    }
    let old = file::before(obs, &name);
    let bytes = file::old_bytes(obs, source(obs));
    for moment in seen(&obs.evidence.moments)? {
        state_is_whole(moment, &name, old, &bytes)?;
    }
    takes_its_place(obs, &name, old)?;
    for name in [source(obs), name.as_str()] {
        moved::none(obs, &target(obs, name), Way::Either, "fs-copy")?;
    }
    nothing_left(obs)
}

/// What the name stands for at one moment.
fn state_is_whole(moment: &Moment, name: &str, old: Option<&FileState>, new: &[u8]) -> Ruling {
    let spot = Spot::Moment {
        rule: moment.rule.clone(),
    };
    let call = format!("at call {} of the run", moment.at);
    let state = match (moment.file(name), old) {
        (None, None) => return Ok(()),
        (None, Some(_)) => {
            return broken(
                format!("`{name}` is there at every moment"),
                format!("{call} there was no such file"),
            )
            .at(spot)
            .code("not-atomic")
            .fail();
        }
        (Some(state), _) => state,
    };
    let (whole, which) = match old {
        Some(old) if old.is_same_file(state) => (file::bytes(old), "old"),
        _ => (new.to_vec(), "new"),
    };
    if file::bytes(state) != whole {
        let what = format!("the {which} file `{name}`, {call}");
        return broken(
            "whoever opens the name finds the old file whole or the new file whole",
            format!("{call} the {which} file was there, but not whole"),
        )
        .at(spot)
        .show_some(exhibit::bytes(&what, &whole, &file::bytes(state)))
        .code("not-atomic")
        .fail();
    }
    match old {
        Some(old) if old.mode != state.mode => broken(
            format!(
                "the new file takes the place with the old one's bits, {:04o}",
                old.mode
            ),
            format!("{call} they were {:04o}", state.mode),
        )
        .at(spot)
        .fail(),
        _ => Ok(()),
    }
}

/// A new inode, by rename, its bytes stored through a mapping.
fn takes_its_place(obs: &Observation, name: &str, old: Option<&FileState>) -> Ruling {
    let Some(new) = file::after(obs, name) else {
        return Ok(());
    };
    if let Some(old) = old {
        let kept = old.is_same_file(new);
        let old_maps = all_mappings(obs)?
            .into_iter()
            .find(|m| m.reaches_the_file() && m.id == (old.device, old.inode));
        if let Some(m) = old_maps {
            return broken(
                "the old file is never mapped for writing: a new one takes its place",
                "it was mapped, shared and writable",
            )
            .at(Spot::Event { index: m.made })
            .show(exhibit::calls(obs, m.made, &["MAP_SHARED"]))
            .code("not-atomic")
            .fail();
        }
        let renamed = calls(obs)?.iter().any(|step| {
            step.call.is(&["rename", "renameat", "renameat2"])
                && step.call.succeeded()
                && step
                    .call
                    .other
                    .as_ref()
                    .is_some_and(|to| resolve(obs, &to.path) == name)
        });
        if kept || !renamed {
            return broken(
                format!("another file takes the place of `{name}` by rename"),
                match kept {
                    true => "the old file is still there, with other bytes",
                    false => "no rename gave it the name",
                },
            )
            .at(Spot::Missing)
            .show_some(exhibit::last_calls(obs, 0))
            .code("not-atomic")
            .fail();
        }
    }
    let id = (new.device, new.inode);
    if new.length > 0
        && !all_mappings(obs)?
            .iter()
            .any(|m| m.reaches_the_file() && m.id == id)
    {
        return broken(
            "the bytes of the new file are stored through a shared mapping of it",
            "it was never mapped so",
        )
        .at(Spot::Missing)
        .show_some(exhibit::last_calls(obs, 0))
        .fail();
    }
    Ok(())
}

fn all_mappings(
    obs: &Observation,
) -> Result<Vec<crate::rule::mapping::Mapping>, crate::verdict::Finding> {
    let mut all = Vec::new();
    for story in &obs.evidence.files {
        all.extend(of_file(obs, &target(obs, &story.name))?);
    }
    Ok(all)
}

/// No file is there that was not there before, but for the destination itself.
fn nothing_left(obs: &Observation) -> Ruling {
    let name = resolve(obs, destination(obs));
    let left = obs
        .evidence
        .files
        .iter()
        .find(|story| story.before.is_none() && story.after.is_some() && story.name != name);
    match left {
        None => Ok(()),
        Some(story) => broken(
            "no temporary file is left behind",
            format!("`{}` is", story.name),
        )
        .at(file::spot(&story.name))
        .code("temporary-left")
        .fail(),
    }
}

/// A destination that may not be written.
pub fn refused(obs: &Observation) -> Ruling {
    rules::refused(obs, &[destination(obs)])
}

/// Killed before the rename: the old file, whole. A temporary may remain.
pub fn killed(obs: &Observation) -> Ruling {
    events(obs)?;
    file::unchanged(obs, destination(obs))?;
    file::unchanged(obs, source(obs))?;
    let killed = calls(obs)?
        .iter()
        .any(|step| step.call.is(&["rename", "renameat", "renameat2"]));
    if killed {
        return Ok(());
    }
    broken("the run comes to a rename", "it never did")
        .at(Spot::Missing)
        .show_some(exhibit::last_calls(obs, 0))
        .code("not-atomic")
        .fail()
}

/// A copy that fails by itself: the old file, no temporary, an error.
pub fn fails(obs: &Observation) -> Ruling {
    events(obs)?;
    file::unchanged(obs, destination(obs))?;
    nothing_left(obs)?;
    ending::exits(obs, 1)?;
    never_says_copied(obs)
}
