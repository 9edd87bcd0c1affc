//! Clause 11 of lab 3: the name stands for the old file or for the new one, at every moment.
//!
//! Between two system calls a process can change a file only by stores through a writable shared
//! mapping. So: the state of the name on both sides of every call, and no such mapping of the file
//! that the name stood for in the beginning.

use crate::evidence::ending::Ending;
use crate::evidence::file::FileState;
use crate::evidence::trace::{O_CREAT, Open};
use crate::evidence::{Moment, Observation};
use crate::rule::finding::{broken, seen};
use crate::rule::mapping::of_file;
use crate::rule::moved::{self, Way};
use crate::rule::trace::{Step, calls, calls_seen, events, is_inside, resolve, target};
use crate::rule::{ending, exhibit, file, refusal};
use crate::verdict::{Exhibit, Finding, Ruling, Spot};

use super::rules::{self, copied, never_says_copied};
use super::scenarios::BEFORE_CALL;
use super::{destination, source};

/// A copy that succeeds, looked at on both sides of every call.
pub fn old_or_new(obs: &Observation) -> Ruling {
    let (link, name) = (destination(obs), resolve(obs, destination(obs)));
    let ruling = old_or_new_at(obs, &name);
    match ruling {
        Err(Finding::Broken(mut diagnosis, code)) if name != link => {
            let note = format!("; `{link}` is a symbolic link to `{name}`");
            diagnosis.expected.push_str(&note);
            Err(Finding::Broken(diagnosis, code))
        }
        other => other,
    }
}

fn old_or_new_at(obs: &Observation, name: &str) -> Ruling {
    let link = destination(obs);
    if name != link {
        link_stays(obs, link)?;
    }
    copied(obs)?;
    let old = file::before(obs, name);
    let bytes = file::old_bytes(obs, source(obs));
    for moment in seen(&obs.evidence.moments)? {
        state_is_whole(obs, moment, name, old, &bytes)?;
    }
    takes_its_place(obs, name, old)?;
    made_beside(obs, name)?;
    for name in [source(obs), name] {
        moved::none(obs, &target(obs, name), Way::Either, "fs-copy")?;
    }
    nothing_left(obs)
}

/// The temporary file lies beside the file that it replaces: a rename cannot leave a file system.
fn made_beside(obs: &Observation, name: &str) -> Ruling {
    let folder = |path: &str| {
        path.rsplit_once('/')
            .map_or("", |(folder, _)| folder)
            .to_owned()
    };
    let all = calls_seen(obs);
    let elsewhere = all.iter().find(|step| {
        let creates = Open::of(step.call).is_some_and(|open| open.flags & O_CREAT != 0);
        let file = step.call.file.as_ref().filter(|file| is_inside(file));
        let is_new = |path: &str| file::before(obs, path).is_none();
        creates
            && step.call.succeeded()
            && file.is_some_and(|file| is_new(&file.path) && folder(&file.path) != folder(name))
    });
    let Some(step) = elsewhere else {
        return Ok(());
    };
    let path = step.call.file.as_ref().map_or("", |file| &file.path);
    broken(
        format!("the new file is made in the folder of `{name}`"),
        format!("`{path}` was made"),
    )
    .at(Spot::Event { index: step.index })
    .show(exhibit::calls(obs, step.index, &["O_CREAT"]))
    .fail()
}

/// The link is replaced by nothing, not even by the new file.
fn link_stays(obs: &Observation, link: &str) -> Ruling {
    match file::unchanged_link(obs, link) {
        Err(Finding::Broken(mut diagnosis, _)) => {
            let renamed = renames(obs).into_iter().rfind(|step| step.call.succeeded());
            let show =
                renamed.map(|step| exhibit::calls(obs, step.index, &[&format!("\"{link}\"")]));
            diagnosis.exhibit = show.or(diagnosis.exhibit);
            Err(Finding::Broken(diagnosis, Some("link-replaced")))
        }
        other => other,
    }
}

/// The calls of rename and its relatives.
fn renames(obs: &Observation) -> Vec<Step<'_>> {
    let mut all = calls_seen(obs);
    all.retain(|step| step.call.is(&["rename", "renameat", "renameat2"]));
    all
}

/// The call at which a moment was looked at: in words, and to be shown.
fn place(obs: &Observation, moment: &Moment) -> (String, Option<Exhibit>) {
    let side = match moment.rule == BEFORE_CALL {
        true => "before",
        false => "after",
    };
    let all = calls_seen(obs);
    match all.iter().rfind(|step| step.index < moment.at) {
        None => ("at one moment".to_owned(), None),
        Some(step) => (
            format!("{side} this `{}`", step.call.name),
            Some(exhibit::calls(obs, step.index, &[])),
        ),
    }
}

/// What the name stands for at one moment.
fn state_is_whole(
    obs: &Observation,
    moment: &Moment,
    name: &str,
    old: Option<&FileState>,
    new: &[u8],
) -> Ruling {
    let spot = Spot::Moment {
        rule: moment.rule.clone(),
    };
    let (call, show) = place(obs, moment);
    let state = match (moment.file(name), old) {
        (None, None) => return Ok(()),
        (None, Some(_)) => {
            return broken(
                format!("`{name}` is there at every moment"),
                format!("{call} there was no such file"),
            )
            .at(spot)
            .show_some(show)
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
        let found = file::bytes(state);
        let same = |(a, b): &(&u8, &u8)| a == b;
        let at = whole.iter().zip(&found).take_while(same).count();
        let what = format!("the {which} file `{name}`, {call}");
        return broken(
            format!("whoever opens `{name}` finds the old file whole or the new file whole"),
            format!(
                "{call} the {which} file was there, but not whole: it was {} long and should be \
                 {}, and byte {at} is the first that is wrong",
                exhibit::size(state.length),
                whole.len(),
            ),
        )
        .at(spot)
        .show_some(show.or_else(|| exhibit::bytes(&what, &whole, &found)))
        .code("not-atomic")
        .fail();
    }
    match old {
        Some(old) if old.mode != state.mode => broken(
            format!(
                "the new file takes the place with the old one's permission bits, {:04o}",
                old.mode
            ),
            format!("{call} they were {:04o}", state.mode),
        )
        .at(spot)
        .show_some(show)
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
                "it was mapped with PROT_WRITE and MAP_SHARED",
            )
            .at(Spot::Event { index: m.made })
            .show(exhibit::calls(obs, m.made, &["MAP_SHARED"]))
            .code("not-atomic")
            .fail();
        }
        calls(obs)?;
        let renamed = renames(obs).iter().any(|step| {
            step.call.succeeded()
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
            "the new file is mapped with PROT_WRITE and MAP_SHARED, and the bytes are stored there",
            "no such mapping of it was made",
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
            format!("`{}` was left behind", story.name),
        )
        .at(file::spot(&story.name))
        .code("temporary-left")
        .fail(),
    }
}

/// A destination that may not be written.
pub fn refused(obs: &Observation) -> Ruling {
    let name = destination(obs);
    match rules::refused(obs, &[name]) {
        Err(Finding::Broken(mut diagnosis, code)) => {
            let note = "; it may not be written, so it is not replaced either";
            diagnosis.expected.push_str(note);
            let replaced = file::unchanged(obs, name).is_err();
            let renamed = renames(obs).into_iter().rfind(|step| step.call.succeeded());
            if let Some(step) = renamed.filter(|_| replaced) {
                diagnosis.exhibit =
                    Some(exhibit::calls(obs, step.index, &[&format!("\"{name}\"")]));
                return Err(Finding::Broken(diagnosis, Some("unwritable-replaced")));
            }
            Err(Finding::Broken(diagnosis, code))
        }
        other => other,
    }
}

/// Killed before the rename: the old file, whole. A temporary may remain.
pub fn killed(obs: &Observation) -> Ruling {
    events(obs)?;
    let files = file::unchanged(obs, destination(obs)).and(file::unchanged(obs, source(obs)));
    let at = renames(obs).into_iter().next();
    if let (Err(Finding::Broken(mut diagnosis, code)), Some(step)) = (files.clone(), at) {
        diagnosis.expected = format!(
            "the checker kills the program as it calls `{}`; then: {}",
            step.call.name, diagnosis.expected
        );
        diagnosis.exhibit = Some(exhibit::calls(obs, step.index, &[]));
        return Err(Finding::Broken(diagnosis, code));
    }
    files?;
    if at.is_some() {
        return Ok(());
    }
    broken(
        "the new file takes its place by rename",
        "rename was never called",
    )
    .at(Spot::Missing)
    .show_some(exhibit::last_calls(obs, 0))
    .code("not-atomic")
    .fail()
}

/// A copy that fails by itself: the old file, no temporary, an error.
pub fn fails(obs: &Observation) -> Ruling {
    events(obs)?;
    let ruling = file::unchanged(obs, destination(obs))
        .and_then(|()| nothing_left(obs))
        .and_then(|()| ending::exits(obs, 1))
        .and_then(|()| never_says_copied(obs));
    refusal::on_purpose(obs, ruling)
}

/// The source is cut during the copy. Whether that is seen is for clause 12; what is left of a copy
/// that was given up is for this one. Death by SIGBUS is allowed, and leaves what it leaves.
pub fn shrinks(obs: &Observation) -> Ruling {
    ending::is_written(obs)?;
    events(obs)?;
    let ruling = match obs.evidence.actors[0].ending {
        Ending::Exited { code: 0 } => Ok(()),
        Ending::Exited { .. } => file::unchanged(obs, destination(obs))
            .and_then(|()| nothing_left(obs))
            .and_then(|()| never_says_copied(obs)),
        _ => file::unchanged(obs, destination(obs)),
    };
    match ruling {
        Err(Finding::Broken(mut diagnosis, code)) => {
            let note = "; another process cuts the source during the copy, which fails";
            diagnosis.expected.push_str(note);
            Err(Finding::Broken(diagnosis, code))
        }
        other => other,
    }
}

/// The folder takes no new file: a copy that finds no way fails, and one that finds a way is as
/// atomic as any other.
pub fn in_closed_folder(obs: &Observation) -> Ruling {
    let ruling = match obs.evidence.actors[0].ending {
        Ending::Exited { code: 0 } => old_or_new(obs),
        _ => fails(obs),
    };
    match ruling {
        Err(Finding::Broken(mut diagnosis, code)) => {
            let note = "; its folder may not be changed, so the copy fails";
            diagnosis.expected.push_str(note);
            Err(Finding::Broken(diagnosis, code))
        }
        other => other,
    }
}
