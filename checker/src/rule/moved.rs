//! System calls that move the bytes of a file.

use std::collections::BTreeSet;

use crate::evidence::ending::Ending;
use crate::evidence::trace::{Call, Stream, What};
use crate::evidence::{Facet, Observation};
use crate::scenario::Watch;
use crate::verdict::{Finding, Ruling, Spot};

use super::exhibit;
use super::finding::broken;
use super::mapping::{Mapping, walk};
use super::trace::{Step, Target, calls};

/// Calls that move bytes of the file behind a descriptor, often many.
pub const BY_DESCRIPTOR: &[&str] = &[
    "read",
    "pread64",
    "readv",
    "preadv",
    "preadv2",
    "write",
    "pwrite64",
    "writev",
    "pwritev",
    "pwritev2",
    "copy_file_range",
    "sendfile",
    "splice",
];
const READS: &[&str] = &["read", "pread64", "readv", "preadv", "preadv2"];
const WRITES: &[&str] = &["write", "pwrite64", "writev", "pwritev", "pwritev2"];
const BETWEEN: &[&str] = &["copy_file_range", "sendfile", "splice", "tee", "ioctl"];
const SENDS: &[&str] = &["sendto", "sendmsg"];
const RECEIVES: &[&str] = &["recvfrom", "recvmsg"];
/// Between memory and a pipe or another process, in either direction.
const EITHER_WAY: &[&str] = &["vmsplice", "process_vm_readv", "process_vm_writev"];

/// The options of prctl(2) that write to memory: PR_GET_PDEATHSIG and PR_GET_NAME.
const PR_GETS: [u64; 2] = [2, 16];
/// By which the kernel keeps a few bytes for a program.
const KEEPS: &[&str] = &[
    "prctl",
    "setxattr",
    "lsetxattr",
    "fsetxattr",
    "setsockopt",
    "bind",
    "connect",
    "execve",
    "execveat",
];
/// By which it gives them back.
const GIVES_BACK: &[&str] = &[
    "getxattr",
    "lgetxattr",
    "fgetxattr",
    "getsockopt",
    "getsockname",
    "getpeername",
    "readlink",
    "readlinkat",
];

/// Which way bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Out of the file or into it.
    Either,
    /// Into it.
    Into,
}

/// Whether a call is about memory and none of those above: nobody knows which way its bytes go.
fn is_other(call: &Call) -> bool {
    const NAMED: [&[&str]; 8] = [
        READS, WRITES, BETWEEN, SENDS, RECEIVES, EITHER_WAY, KEEPS, GIVES_BACK,
    ];
    !call.buffers.is_empty() && !NAMED.iter().any(|names| call.is(names))
}

/// Whether a call, if it succeeds, moves bytes of `file` by its descriptor.
fn is_on_file(call: &Call, file: &Target, way: Way) -> bool {
    let is = |other: &Option<_>| other.as_ref().is_some_and(|other| file.is(other));
    call.is(WRITES) && is(&call.file)
        || call.is(READS) && way == Way::Either && is(&call.file)
        || call.is(BETWEEN) && (is(&call.other) || way == Way::Either && is(&call.file))
}

/// Whether a call, if it succeeds, moves bytes of `file` through a mapping of it. What is printed
/// on standard output and standard error is free.
fn is_by_memory<'a>(
    call: &Call,
    space: usize,
    mut mappings: impl Iterator<Item = &'a Mapping>,
    file: &Target,
    way: Way,
) -> bool {
    let by = call.file.as_ref();
    let is_printing = by
        .and_then(|by| by.stream)
        .is_some_and(|stream| stream != Stream::Stdin);
    // The memory of a process as a file: where in it the bytes go is not always known.
    if by.is_some_and(|by| by.path.starts_with("/proc/") && by.path.ends_with("/mem")) {
        return call.is(WRITES) || way == Way::Either && call.is(READS);
    }
    let gives_name = call.is(&["prctl"]) && PR_GETS.contains(&call.raw(0));
    let fills = is_other(call)
        || call.is(READS)
        || call.is(RECEIVES)
        || call.is(EITHER_WAY)
        || call.is(GIVES_BACK)
        || gives_name;
    let takes =
        way == Way::Either && (call.is(WRITES) || call.is(SENDS) || call.is(KEEPS)) && !is_printing;
    // Other processes have their memory at addresses of their own.
    let is_remote = call.is(&["process_vm_readv", "process_vm_writev"]);
    let own = |m: &Mapping| m.space == space || is_remote;
    let lies_in = |m: &Mapping| {
        let mut memory = call.buffers.iter();
        memory.any(|&(from, to)| from < m.end && m.start < to)
    };
    (fills || takes)
        && mappings.any(|m| {
            file.has(m.id) && (way == Way::Either || m.reaches_the_file()) && own(m) && lies_in(m)
        })
}

/// The calls that would move bytes of `file`, by whichever process, whatever came of them. A call
/// may take its time: what is mapped where its memory is, from its beginning to its end, counts.
pub fn attempts<'a>(
    obs: &'a Observation,
    file: &Target,
    way: Way,
) -> Result<Vec<Step<'a>>, Finding> {
    let mut found = BTreeSet::new();
    let mut under_way: Vec<(usize, &Call, usize)> = Vec::new();
    walk(obs, |index, event, space, maps| {
        if let What::Call(call) = &event.what {
            if is_on_file(call, file, way) {
                found.insert(index);
            } else {
                under_way.push((index, call, space));
            }
        }
        under_way.retain(|&(at, call, space)| {
            let leaving = maps.leaving.iter().map(|(_, mapping)| mapping);
            let mappings = maps.list.iter().chain(leaving);
            if is_by_memory(call, space, mappings, file, way) {
                found.insert(at);
                return false;
            }
            call.returned.is_some_and(|returned| index + 1 < returned)
                || !call.buffers.is_empty() && is_without_answer(obs, at, call)
        });
    })?;
    let all = calls(obs)?.into_iter();
    Ok(all.filter(|step| found.contains(&step.index)).collect())
}

/// Whether the program came to its own end while a thread of it was still in the call, which may
/// have moved any part of what it was asked to. Where nobody was to hear answers, none is missing.
fn is_without_answer(obs: &Observation, index: usize, call: &Call) -> bool {
    let Facet::Seen(events) = &obs.evidence.trace else {
        return false;
    };
    let actor = events.get(index).map_or(0, |event| event.actor);
    let ending = obs.evidence.actors.get(actor).map(|actor| &actor.ending);
    call.result.is_none()
        && obs.scenario.watch == Watch::Traced
        && matches!(ending, Some(Ending::Exited { .. }))
}

/// The calls that moved at least one byte of `file`, by whichever process.
pub fn movers<'a>(obs: &'a Observation, file: &Target, way: Way) -> Result<Vec<Step<'a>>, Finding> {
    let moved = |step: &Step<'_>| match step.call.result {
        // Cloning answers 0, and so does what keeps bytes or gives them back.
        Some(0) => {
            let call = step.call;
            call.is(&["ioctl"]) || call.is(KEEPS) || call.is(GIVES_BACK) || is_other(call)
        }
        Some(result) => result > 0,
        None => is_without_answer(obs, step.index, step.call),
    };
    Ok(attempts(obs, file, way)?
        .into_iter()
        .filter(moved)
        .collect())
}

/// No system call moved bytes of `file`. `code` is the mistake's in the lab at hand.
pub fn none(obs: &Observation, file: &Target, way: Way, code: &'static str) -> Ruling {
    let found = movers(obs, file, way)?;
    let Some(first) = found.first() else {
        return Ok(());
    };
    let whose = match first.process {
        0 => "",
        _ => ", made by a process that the program started",
    };
    let to = match way {
        Way::Either => "of",
        Way::Into => "into",
    };
    let how = match is_on_file(first.call, file, way) {
        true => "",
        false => ", by way of a mapping",
    };
    broken(
        format!("no system call moves bytes {to} `{}`", file.name),
        match first.call.result {
            Some(0) => format!("`{}` moved some{how}{whose}", first.call.name),
            Some(moved) => format!(
                "`{}` moved {}{how}{whose}",
                first.call.name,
                exhibit::size(moved.max(0) as u64)
            ),
            None => format!(
                "`{}` was at it until the program ended{how}{whose}",
                first.call.name
            ),
        },
    )
    .at(Spot::Event { index: first.index })
    .show(exhibit::calls(obs, first.index, &[]))
    .code(code)
    .fail()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::made;
    use crate::rule::trace::target;

    #[test]
    fn bytes_count_and_questions_do_not() {
        let obs = made::observation(made::scenario(&["a", "b"]))
            .on("read", "a", &[3, 0, 10], 0)
            .on("pread64", "b", &[3, 0, 10, 0], -9)
            .print("size: 1\n")
            .done();
        for name in ["a", "b"] {
            assert_eq!(none(&obs, &target(&obs, name), Way::Either, "x"), Ok(()));
        }
    }

    #[test]
    fn reading_is_not_moving_into() {
        let obs = made::observation(made::scenario(&["a", "b"]))
            .on("pread64", "a", &[3, 0, 10, 0], 10)
            .on("pwrite64", "b", &[3, 0, 10, 0], 10)
            .done();
        let (a, b) = (target(&obs, "a"), target(&obs, "b"));
        assert_eq!(none(&obs, &a, Way::Into, "x"), Ok(()));
        assert!(none(&obs, &a, Way::Either, "x").is_err());
        assert!(none(&obs, &b, Way::Into, "x").is_err());
    }

    #[test]
    fn a_pipe_moves_bytes_if_its_buffer_is_a_mapping() {
        let run = |buffer: u64, flags: &str| {
            let prot = "PROT_READ|PROT_WRITE";
            let obs = made::observation(made::scenario(&["a", "b"]))
                .mmap("a", 4096, prot, flags, 0x10000)
                .call("write", &[7, buffer, 10], 10)
                .done();
            let a = target(&obs, "a");
            let of = none(&obs, &a, Way::Either, "x").is_err();
            (of, none(&obs, &a, Way::Into, "x").is_err())
        };
        assert_eq!(run(0x9000, "MAP_SHARED"), (false, false));
        assert_eq!(run(0x10ff0, "MAP_SHARED"), (true, false));
        let filled = |flags: &str| {
            let prot = "PROT_READ|PROT_WRITE";
            let obs = made::observation(made::scenario(&["a", "b"]))
                .mmap("a", 4096, prot, flags, 0x10000)
                .call("read", &[7, 0x10000, 10], 10)
                .done();
            none(&obs, &target(&obs, "a"), Way::Into, "x").is_err()
        };
        assert!(filled("MAP_SHARED"));
        assert!(!filled("MAP_PRIVATE"));
    }

    fn event(obs: &mut Observation, index: usize) -> &mut crate::evidence::trace::Event {
        match &mut obs.evidence.trace {
            Facet::Seen(events) => &mut events[index],
            Facet::Unseen(reason) => panic!("{reason}"),
        }
    }

    fn call(obs: &mut Observation, index: usize) -> &mut Call {
        match &mut event(obs, index).what {
            What::Call(call) => call,
            other => panic!("{other:?}"),
        }
    }

    const RW: &str = "PROT_READ|PROT_WRITE";

    #[test]
    fn a_mapping_counts_while_a_call_is_under_way() {
        let run = |returned: usize| {
            let obs = made::observation(made::scenario(&["a", "b"]))
                .call("read", &[7, 0x10000, 10], 10)
                .mmap("a", 4096, RW, "MAP_SHARED|MAP_FIXED", 0x10000)
                .print("copied: 10\n")
                .with(|obs| call(obs, 0).returned = Some(returned))
                .done();
            none(&obs, &target(&obs, "a"), Way::Into, "x").is_err()
        };
        assert!(!run(1));
        assert!(run(2));
        assert!(run(3));
        let taken_away = |returned: usize| {
            let obs = made::observation(made::scenario(&["a", "b"]))
                .mmap("a", 4096, RW, "MAP_SHARED", 0x10000)
                .call("munmap", &[0x10000, 4096], 0)
                .call("read", &[7, 0x10000, 10], 10)
                .with(|obs| call(obs, 1).returned = Some(returned))
                .done();
            none(&obs, &target(&obs, "a"), Way::Into, "x").is_err()
        };
        assert!(!taken_away(2));
        assert!(taken_away(3));
    }

    #[test]
    fn a_call_that_never_came_back_may_have_moved_bytes() {
        let run = |change: fn(&mut Observation)| {
            let obs = made::observation(made::scenario(&["a", "b"]))
                .mmap("a", 4096, RW, "MAP_SHARED", 0x10000)
                .call("read", &[7, 0x10000, 10], 0)
                .with(|obs| call(obs, 1).result = None)
                .with(change)
                .done();
            none(&obs, &target(&obs, "a"), Way::Into, "x").is_err()
        };
        assert!(run(|_| ()));
        assert!(!run(|obs| obs.scenario.watch = Watch::Untraced));
        assert!(!run(|obs| {
            let rule = "finish".to_owned();
            obs.evidence.actors[0].ending = Ending::Stopped { rule };
        }));
    }

    #[test]
    fn who_shares_the_memory_has_its_mappings() {
        let run = |shares: bool| {
            let obs = made::observation(made::scenario(&["a", "b"]))
                .print("size: 10\n")
                .mmap("a", 4096, RW, "MAP_SHARED", 0x10000)
                .call("munmap", &[0x10000, 0], 0)
                .call("write", &[7, 0x10000, 10], 10)
                .with(|obs| {
                    event(obs, 0).what = What::Started { process: 1, shares };
                    event(obs, 1).process = 1;
                    event(obs, 2).process = 1;
                    event(obs, 2).what = What::Ended;
                })
                .done();
            none(&obs, &target(&obs, "a"), Way::Either, "x").is_err()
        };
        assert!(run(true));
        assert!(!run(false));
    }

    #[test]
    fn a_name_carries_bytes_from_mapping_to_mapping_only() {
        let run = |op: u64, address: u64| {
            let obs = made::observation(made::scenario(&["a", "b"]))
                .mmap("a", 4096, RW, "MAP_SHARED", 0x10000)
                .call("prctl", &[op, address], 0)
                .with(|obs| call(obs, 1).buffers = vec![(address, address + 16)])
                .done();
            let a = target(&obs, "a");
            let of = none(&obs, &a, Way::Either, "x").is_err();
            (of, none(&obs, &a, Way::Into, "x").is_err())
        };
        assert_eq!(run(15, 0x10020), (true, false));
        for get in PR_GETS {
            assert_eq!(run(get, 0x10020), (true, true));
            assert_eq!(run(get, 0x9000), (false, false));
        }
    }

    #[test]
    fn a_new_program_takes_its_words_along() {
        let run = |address: u64, way| {
            let obs = made::observation(made::scenario(&["a", "b"]))
                .mmap("a", 4096, RW, "MAP_SHARED", 0x10000)
                .call("execve", &[0x100, 0x200, 0], 0)
                .with(|obs| call(obs, 1).buffers = vec![(address, address + 5)])
                .done();
            none(&obs, &target(&obs, "a"), way, "x").is_err()
        };
        assert!(run(0x10020, Way::Either));
        assert!(!run(0x10020, Way::Into));
        assert!(!run(0x9000, Way::Either));
    }
}
