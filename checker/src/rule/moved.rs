//! System calls that move the bytes of a file.

use crate::evidence::Observation;
use crate::evidence::trace::Call;
use crate::verdict::{Finding, Ruling, Spot};

use super::exhibit;
use super::finding::broken;
use super::trace::{Step, Target, calls};

const READS: &[&str] = &["read", "pread64", "readv", "preadv", "preadv2"];
const WRITES: &[&str] = &["write", "pwrite64", "writev", "pwritev", "pwritev2"];
const BETWEEN: &[&str] = &["copy_file_range", "sendfile", "splice", "tee", "ioctl"];

/// Which way bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Out of the file or into it.
    Either,
    /// Into it.
    Into,
}

/// Whether a call moved at least one byte of `file`.
pub fn moves(call: &Call, file: &Target, way: Way) -> bool {
    let is = |other: &Option<_>| other.as_ref().is_some_and(|other| file.is(other));
    let moved = match call.result {
        // Cloning answers 0.
        Some(result) => result > 0 || (result == 0 && call.is(&["ioctl"])),
        None => false,
    };
    moved
        && (call.is(WRITES) && is(&call.file)
            || call.is(READS) && way == Way::Either && is(&call.file)
            || call.is(BETWEEN) && (is(&call.other) || way == Way::Either && is(&call.file)))
}

/// The calls that moved bytes of `file`, by whichever process.
pub fn movers<'a>(obs: &'a Observation, file: &Target, way: Way) -> Result<Vec<Step<'a>>, Finding> {
    let all = calls(obs)?.into_iter();
    Ok(all.filter(|step| moves(step.call, file, way)).collect())
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
    broken(
        format!("no system call moves bytes {to} `{}`", file.name),
        format!(
            "`{}` moved {}{whose}",
            first.call.name,
            exhibit::size(first.call.result.unwrap_or(0).max(0) as u64)
        ),
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
}
