//! The same run with and without being watched.

use std::collections::BTreeMap;

use crate::evidence::Observation;
use crate::evidence::trace::{Call, FileRef, Mmap, Open};
use crate::transcript::masked;
use crate::verdict::{Exhibit, Ruling, Spot};

use super::finding::broken;
use super::trace::{calls, is_inside};
use super::{exhibit, file};

/// The first is traced, the second not: exit, output and files are the same, and where the second
/// run's calls could be seen, the deciding ones on the scenario's files are the same too.
pub fn same(observations: &[&Observation]) -> Ruling {
    let [watched, alone] = observations else {
        return Ok(());
    };
    let (first, second) = (&watched.evidence, &alone.evidence);
    for (a, b) in first.actors.iter().zip(&second.actors) {
        if a.ending != b.ending {
            let (a, b) = (
                super::ending::words(watched, a),
                super::ending::words(alone, b),
            );
            return differs(
                alone,
                format!("watched: {a}"),
                format!("not watched: {b}"),
                None,
            );
        }
        if a.stdout.total != b.stdout.total || masked(&a.stdout.text()) != masked(&b.stdout.text())
        {
            let show = exhibit::lines("standard output", Some(a.stdout.text()), b.stdout.text());
            return differs(
                alone,
                "the same output, watched or not".to_owned(),
                "standard output differs".to_owned(),
                Some(show),
            );
        }
    }
    let names = first
        .files
        .iter()
        .chain(&second.files)
        .map(|story| &story.name);
    for name in names {
        let states = (file::after(watched, name), file::after(alone, name));
        let same = match states {
            (Some(a), Some(b)) => {
                a.kind == b.kind && a.mode == b.mode && a.same_bytes(b) == Some(true)
            }
            (a, b) => a.is_none() == b.is_none(),
        };
        if !same {
            let show = match states {
                (Some(a), Some(b)) => {
                    let what = format!("the file `{name}`, watched and not");
                    exhibit::bytes(&what, &file::bytes(a), &file::bytes(b))
                }
                _ => None,
            };
            let expected = format!("`{name}` ends the same, watched or not");
            return differs(alone, expected, "it differs".to_owned(), show);
        }
    }
    let (Ok(watched_calls), Ok(alone_calls)) = (calls(watched), calls(alone)) else {
        return Ok(());
    };
    let count = |obs: &Observation, all: Vec<super::trace::Step<'_>>| {
        let mut counts: BTreeMap<String, i64> = BTreeMap::new();
        for key in all.iter().filter_map(|step| key(obs, step.call)) {
            *counts.entry(key).or_default() += 1;
        }
        counts
    };
    let mut balance = count(watched, watched_calls);
    if balance.is_empty() && alone_calls.is_empty() {
        return Ok(());
    }
    for (key, times) in count(alone, alone_calls) {
        *balance.entry(key).or_default() -= times;
    }
    match balance.into_iter().find(|(_, times)| *times != 0) {
        None => Ok(()),
        Some((key, times)) => {
            let run = if times > 0 {
                "only when watched"
            } else {
                "only when not watched"
            };
            let expected = "the same calls, watched or not".to_owned();
            differs(alone, expected, format!("`{key}` was made {run}"), None)
        }
    }
}

fn differs(
    alone: &Observation,
    expected: String,
    observed: String,
    show: Option<Exhibit>,
) -> Ruling {
    broken(expected, observed)
        .within(alone)
        .at(Spot::Ending)
        .show_some(show)
        .code("watching-the-watcher")
        .fail()
}

/// What decides about a call: its name, its files, its flags and lengths; nothing that a kernel
/// chooses. Calls that decide nothing have none.
fn key(obs: &Observation, call: &Call) -> Option<String> {
    let name_of = |file: &FileRef| {
        let known = obs
            .evidence
            .file(&file.path)
            .filter(|story| story.before.is_some());
        known.map_or_else(|| "a new file".to_owned(), |story| story.name.clone())
    };
    let files: Vec<&FileRef> = call.file.iter().chain(&call.other).collect();
    if !files.iter().any(|file| is_inside(file)) {
        return None;
    }
    let files: Vec<String> = files.into_iter().map(name_of).collect();
    let files = files.join(", ");
    let name = &call.name;
    if let Some(map) = Mmap::of(call) {
        let (length, prot, flags) = (map.length, map.prot, map.flags);
        return Some(format!(
            "mmap {files}: {length} bytes, protection {prot}, flags {flags:#x}"
        ));
    }
    if let Some(open) = Open::of(call) {
        return Some(format!("{name} {files}: flags {:#o}", open.flags));
    }
    match name.as_str() {
        "ftruncate" => Some(format!("ftruncate {files}: {} bytes", call.raw(1))),
        "fallocate" | "truncate" | "rename" | "renameat" | "renameat2" | "write" | "pwrite64"
        | "writev" | "pwritev" | "pwritev2" | "copy_file_range" | "sendfile" | "unlink"
        | "unlinkat" | "read" | "pread64" | "readv" | "preadv" | "preadv2" | "splice"
        | "vmsplice" | "msync" | "fsync" | "fdatasync" => Some(format!("{name} {files}")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::made::{self, Made};

    const RW: &str = "PROT_READ|PROT_WRITE";

    fn run(flags: &str) -> Made {
        made::observation(made::scenario(&["f"])).mmap("f", 1, RW, flags, 0x1000)
    }

    #[test]
    fn calls_output_and_files_have_to_agree() {
        let watched = run("MAP_SHARED").done();
        assert_eq!(same(&[&watched, &run("MAP_SHARED").done()]), Ok(()));
        assert!(same(&[&watched, &run("MAP_PRIVATE").done()]).is_err());
        assert!(same(&[&watched, &run("MAP_SHARED").print("x\n").done()]).is_err());
        assert!(same(&[&watched, &run("MAP_SHARED").holds("f", b"g").done()]).is_err());
    }

    #[test]
    fn bytes_that_were_not_kept_are_not_the_same() {
        let cut = || {
            let made = run("MAP_SHARED").with(|obs| {
                let state = obs.evidence.files[0].after.as_mut().unwrap();
                state.content.cut = true;
            });
            made.done()
        };
        assert!(same(&[&cut(), &cut()]).is_err());
    }

    #[test]
    fn calls_that_could_not_be_seen_are_not_compared() {
        let unseen = run("MAP_PRIVATE").with(|obs| {
            obs.evidence.trace = crate::evidence::Facet::Unseen("no listener".to_owned());
        });
        assert_eq!(same(&[&run("MAP_SHARED").done(), &unseen.done()]), Ok(()));
    }
}
