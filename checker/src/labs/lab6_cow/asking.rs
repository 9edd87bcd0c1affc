//! What a program asks `/proc` about its own pages, as the trace shows it.

use std::collections::HashMap;

use crate::evidence::Observation;
use crate::evidence::trace::Open;
use crate::rule::trace::calls_seen;

/// Bytes of pagemap that were read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Read {
    /// The event.
    pub index: usize,
    /// The first byte.
    pub from: u64,
    /// The one after the last.
    pub to: u64,
    /// How many were asked for.
    pub asked: u64,
}

/// The call by which a file of this name in `/proc` was opened.
pub fn opened(obs: &Observation, file: &str) -> Option<usize> {
    let all = calls_seen(obs);
    let its = |path: &str| path.starts_with("/proc/") && path.rsplit('/').next() == Some(file);
    let found = all.iter().find(|step| {
        let path = step.call.file.as_ref().map(|file| file.path.as_str());
        Open::of(step.call).is_some() && step.call.succeeded() && path.is_some_and(its)
    });
    found.map(|step| step.index)
}

/// What was read of any process's pagemap, in order; nothing at its place, where the kernel refused.
/// Positions follow lseek(2) and what was read.
pub fn pagemap_reads(obs: &Observation) -> Vec<Read> {
    let mut positions: HashMap<(usize, u64), u64> = HashMap::new();
    let mut found = Vec::new();
    for step in calls_seen(obs) {
        let call = step.call;
        let path = call.file.as_ref().map_or("", |file| file.path.as_str());
        if !path.ends_with("/pagemap") {
            continue;
        }
        let result = match call.succeeded() {
            true => call.result.unwrap_or(0) as u64,
            false if call.is(&["lseek"]) || Open::of(call).is_some() => continue,
            false => 0,
        };
        let key = (step.process, call.raw(0));
        match call.name.as_str() {
            "lseek" => {
                positions.insert(key, result);
            }
            "pread64" | "preadv" | "preadv2" => found.push(Read {
                index: step.index,
                from: call.raw(3),
                to: call.raw(3).saturating_add(result),
                asked: call.raw(2),
            }),
            "read" | "readv" => {
                let at = positions.entry(key).or_default();
                let from = *at;
                *at = at.saturating_add(result);
                found.push(Read {
                    index: step.index,
                    from,
                    to: *at,
                    asked: call.raw(2),
                });
            }
            _ if Open::of(call).is_some() => {
                positions.insert((step.process, result), 0);
            }
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::made;

    #[test]
    fn positions_follow_the_calls() {
        let path = "/proc/7/pagemap";
        let obs = made::observation(made::scenario(&["f"]))
            .on("lseek", path, &[4, 800, 0], 800)
            .on("read", path, &[4, 0x1000, 16], 16)
            .on("read", path, &[4, 0x1000, 16], 8)
            .on("pread64", path, &[4, 0x1000, 8, 40], 8)
            .done();
        let ranges: Vec<_> = pagemap_reads(&obs).iter().map(|r| (r.from, r.to)).collect();
        assert_eq!(ranges, [(800, 816), (816, 824), (40, 48)]);
    }
}
