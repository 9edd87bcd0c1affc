//! What stays of a file while it is changed: its name, its length, and the bytes around the text.

use crate::evidence::Observation;
use crate::evidence::trace::FileRef;
use crate::rule::trace::{calls, displaced, length_set, resolve};
use crate::rule::{exhibit, file, finding::broken};
use crate::verdict::{Ruling, Spot};

use super::rules::change;
use super::{command, name};

/// Overwriting leaves the length alone the whole time, and appending never cuts the file: what was
/// cut off for a moment is gone for everyone else, whatever is put back. Nor does a call clear or
/// move bytes that no text is stored into.
pub fn keeps_length(obs: &Observation) -> Ruling {
    let Some(was) = file::before(obs, name(obs)) else {
        return Ok(());
    };
    let append = command(obs) == "append";
    let stored = change(obs).stored;
    let wrong = |length: u64| length < was.length || length > was.length && !append;
    for step in calls(obs)?.iter().filter(|step| step.call.succeeded()) {
        let its = |file: &FileRef| (file.device, file.inode) == (was.device, was.inode);
        let is_its = step.call.file.as_ref().is_some_and(its);
        let lost = displaced(step.call).filter(|&(from, to)| {
            // The old bytes before the text, and those behind it.
            let apart = [(0, stored.from), (stored.to, was.length)];
            let mut kept = apart.iter().map(|&(a, b)| (a, b.min(was.length)));
            is_its && kept.any(|(a, b)| a.max(from) < b.min(to))
        });
        // What is taken out or put in changes the length by as much.
        let shifts = is_its && length_set(step.call) == Some(None);
        if lost.is_some() || shifts {
            let index = step.index;
            return broken(
                format!(
                    "the bytes of `{}` around the text stay as they are",
                    name(obs)
                ),
                format!("`{}` cleared or moved some of them", step.call.name),
            )
            .at(Spot::Event { index })
            .show(exhibit::calls(obs, index, &[]))
            .fail();
        }
        let set = length_set(step.call)
            .flatten()
            .map(|to| match step.call.name.as_str() {
                "fallocate" => to.max(was.length),
                _ => to,
            });
        let Some(to) = set.filter(|&to| wrong(to) && is_its) else {
            continue;
        };
        let expected = match append {
            true => format!("`{}` is never shorter than it was", name(obs)),
            false => format!("the length of `{}` does not change", name(obs)),
        };
        let seen = format!(
            "`{}` made it {} long, and it was {} long before",
            step.call.name,
            exhibit::size(to),
            exhibit::size(was.length)
        );
        let index = step.index;
        let finding = broken(expected, seen)
            .at(Spot::Event { index })
            .show(exhibit::calls(obs, index, &["O_TRUNC"]));
        return match to < was.length {
            true => finding.code("whole-file-rewritten").fail(),
            false => finding.fail(),
        };
    }
    Ok(())
}

/// The file keeps its name: nothing renames or removes it, not even for a moment. What is done to
/// another name of the inode is nobody's business.
pub fn keeps_name(obs: &Observation) -> Ruling {
    let name = resolve(obs, name(obs));
    let Some(was) = file::before(obs, &name) else {
        return Ok(());
    };
    let last = |path: &str| path.rsplit('/').next() == name.rsplit('/').next();
    let its =
        |file: &&FileRef| (file.device, file.inode) == (was.device, was.inode) && last(&file.path);
    let all = calls(obs)?;
    let found = all.iter().find(|step| {
        step.call.succeeded()
            && step.call.is(TAKE_NAMES)
            && step
                .call
                .file
                .iter()
                .chain(&step.call.other)
                .any(|file| its(&file))
    });
    let Some(step) = found else { return Ok(()) };
    broken(
        format!("`{name}` keeps its name and its inode the whole time"),
        format!("`{}` took its name away", step.call.name),
    )
    .at(Spot::Event { index: step.index })
    .show(exhibit::calls(obs, step.index, &[]))
    .fail()
}

/// The calls that can take a name away from a file.
const TAKE_NAMES: &[&str] = &["rename", "renameat", "renameat2", "unlink", "unlinkat"];
