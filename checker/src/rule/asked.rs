//! What was asked of mmap, in words, and why the kernel refused it. The reasons are those of the
//! manual page mmap(2), section ERRORS.

use crate::evidence::Observation;
use crate::evidence::errno;
use crate::evidence::trace::{
    MAP_PRIVATE, MAP_SHARED, Mmap, O_ACCMODE, O_RDWR, O_WRONLY, Open, PROT_READ, PROT_WRITE,
};
use crate::verdict::{Ruling, Spot};

use super::exhibit;
use super::finding::broken;
use super::trace::{Step, Target, calls_seen};

/// PROT_EXEC of mmap(2).
const PROT_EXEC: u64 = 4;

/// The flags of a mapping: `PROT_READ|PROT_WRITE and MAP_SHARED`.
pub fn flags(prot: u64, shared: bool) -> String {
    let rights = [
        (PROT_READ, "PROT_READ"),
        (PROT_WRITE, "PROT_WRITE"),
        (PROT_EXEC, "PROT_EXEC"),
    ];
    let held = rights.iter().filter(|(bit, _)| prot & bit != 0);
    let held: Vec<&str> = held.map(|(_, name)| *name).collect();
    let rights = match held.is_empty() {
        true => "PROT_NONE".to_owned(),
        false => held.join("|"),
    };
    let kind = match shared {
        true => "MAP_SHARED",
        false => "MAP_PRIVATE",
    };
    format!("{rights} and {kind}")
}

/// The same from the permissions that proc(5) shows: `-w-s` is PROT_WRITE and MAP_SHARED.
pub fn flags_shown(permissions: &str) -> String {
    let bits = [('r', PROT_READ), ('w', PROT_WRITE), ('x', PROT_EXEC)];
    let held = bits
        .iter()
        .filter(|(letter, _)| permissions.contains(*letter));
    flags(held.map(|(_, bit)| bit).sum(), permissions.ends_with('s'))
}

/// The calls of mmap on a file that the kernel refused, in order.
pub fn refused<'a>(obs: &'a Observation, file: &Target) -> Vec<Step<'a>> {
    let its = |step: &Step<'_>| {
        step.call.is(&["mmap"]) && step.call.errno().is_some() && file.in_call(step.call)
    };
    calls_seen(obs).into_iter().filter(its).collect()
}

/// What the kernel answered to such a call, and why.
pub fn refusal(obs: &Observation, step: &Step<'_>) -> String {
    let (Some(errno), Some(map)) = (step.call.errno(), Mmap::of(step.call)) else {
        return "the mapping was refused".to_owned();
    };
    let answer = format!("mmap answered {}", errno::name(errno));
    match reason(obs, step, errno, map) {
        Some(reason) => format!("{answer}: {reason}"),
        None => answer,
    }
}

/// Nothing of the file was mapped: with the call that the kernel refused, if there was one.
pub fn nothing_mapped(obs: &Observation, file: &Target, expected: String) -> Ruling {
    match refused(obs, file).last() {
        None => broken(expected, "no mapping of it was made")
            .at(Spot::Missing)
            .show_some(exhibit::last_calls(obs, 0)),
        Some(step) => broken(expected, refusal(obs, step))
            .at(Spot::Missing)
            .show(exhibit::calls(obs, step.index, &[exhibit::ANSWER])),
    }
    .fail()
}

fn reason(obs: &Observation, step: &Step<'_>, errno: i32, map: Mmap<'_>) -> Option<String> {
    const ENOMEM: i32 = 12;
    const EACCES: i32 = 13;
    const EINVAL: i32 = 22;
    let stores = map.is_shared() && map.is_writable();
    let access = access(obs, step);
    let words = match (errno, access) {
        (EACCES, Some(O_WRONLY)) => {
            "every mapping needs the right to read, and the file was opened O_WRONLY"
        }
        (EACCES, Some(access)) if stores && access != O_RDWR => {
            "PROT_WRITE with MAP_SHARED needs a file that was opened O_RDWR, and this one was \
             opened O_RDONLY"
        }
        (EACCES, None) if stores => {
            "PROT_WRITE with MAP_SHARED needs a file that was opened O_RDWR"
        }
        (EINVAL, _) if map.length == 0 => "a mapping of length 0 does not exist",
        (EINVAL, _) if map.flags & (MAP_SHARED | MAP_PRIVATE) == 0 => {
            "either MAP_SHARED or MAP_PRIVATE has to be among the flags"
        }
        (EINVAL, _) if !map.offset.is_multiple_of(obs.page_size().max(1)) => {
            "the offset is no multiple of the page size"
        }
        (ENOMEM, _) => "there is no room for so much",
        _ => return None,
    };
    Some(words.to_owned())
}

/// With which access the descriptor of this mmap was opened, if that was seen.
fn access(obs: &Observation, step: &Step<'_>) -> Option<u64> {
    let descriptor = step.call.raw(4);
    let all = calls_seen(obs);
    let opened = |one: &&Step<'_>| {
        let same = (one.actor, one.process) == (step.actor, step.process);
        let gave = one
            .call
            .result
            .is_some_and(|n| n >= 0 && n as u64 == descriptor);
        same && gave && one.index < step.index && Open::of(one.call).is_some()
    };
    let last = all.iter().rev().find(opened)?;
    Some(Open::of(last.call)?.flags & O_ACCMODE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::made;
    use crate::rule::trace::target;

    #[test]
    fn permissions_are_told_as_flags() {
        assert_eq!(flags_shown("-w-s"), "PROT_WRITE and MAP_SHARED");
        assert_eq!(flags_shown("rw-p"), "PROT_READ|PROT_WRITE and MAP_PRIVATE");
        assert_eq!(flags_shown("---s"), "PROT_NONE and MAP_SHARED");
    }

    #[test]
    fn the_reason_of_a_refusal_is_told() {
        let told = |access: &str, length: u64, prot: &str, flags: &str, errno: i64| {
            let obs = made::observation(made::scenario(&["a"]))
                .open("a", access)
                .mmap("a", length, prot, flags, -errno)
                .done();
            let all = refused(&obs, &target(&obs, "a"));
            refusal(&obs, all.first().expect("it was refused"))
        };
        let both = "PROT_READ|PROT_WRITE";
        let only_read = told("O_RDONLY", 9, both, "MAP_SHARED", 13);
        assert!(
            only_read.starts_with("mmap answered EACCES: PROT_WRITE"),
            "{only_read}"
        );
        let only_write = told("O_WRONLY", 9, both, "MAP_SHARED", 13);
        assert!(only_write.ends_with("O_WRONLY"), "{only_write}");
        let empty = told("O_RDWR", 0, both, "MAP_SHARED", 22);
        assert!(empty.contains("length 0"), "{empty}");
        assert_eq!(
            told("O_RDWR", 9, both, "MAP_SHARED", 1),
            "mmap answered EPERM"
        );
    }
}
