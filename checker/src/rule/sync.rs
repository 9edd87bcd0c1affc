//! msync: which bytes of a file it covered, and before what.

use std::collections::BTreeSet;

use crate::evidence::file::FileState;
use crate::evidence::trace::{MS_SYNC, Msync};
use crate::evidence::{Moment, Observation};
use crate::verdict::{Finding, Ruling, Spot};

use super::exhibit;
use super::finding::broken;
use super::mapping::{Mapping, Range, first_gap, walk};
use super::trace::{Step, Target, calls};
use super::{facts, file as files, moment};

/// An msync of pages of one file.
#[derive(Clone, Debug)]
pub struct Sync<'a> {
    /// The call.
    pub step: Step<'a>,
    /// `MS_` bits.
    pub flags: u64,
    /// The bytes of the file in the pages that it touched.
    pub ranges: Vec<Range>,
}

impl Sync<'_> {
    /// Whether the bytes are stored safely by it: MS_SYNC, and the kernel said yes.
    pub fn counts(&self) -> bool {
        self.flags & MS_SYNC != 0 && self.step.call.succeeded()
    }
}

/// Every msync over shared mappings of `file` that are writable or were, in order, also those that
/// failed. Of a private one, or one whose descriptor may only read, msync says yes and does nothing.
pub fn syncs<'a>(obs: &'a Observation, file: &Target) -> Result<Vec<Sync<'a>>, Finding> {
    let steps = calls(obs)?;
    let mut found = Vec::new();
    let mut writable = BTreeSet::new();
    walk(obs, |index, _, space, maps| {
        let mappings = &maps.list;
        let reach = mappings.iter().filter(|m| m.reaches_the_file());
        writable.extend(reach.map(|m| m.origin));
        let Ok(n) = steps.binary_search_by_key(&index, |step| step.index) else {
            return;
        };
        let step = steps[n];
        let Some(msync) = Msync::of(step.call) else {
            return;
        };
        // The kernel syncs whole pages (msync(2), POSIX): a range counts by those it touches.
        let page = obs.evidence.page_size.max(1);
        let whole = msync.length.div_ceil(page).saturating_mul(page);
        let (start, end) = (msync.address, msync.address.saturating_add(whole));
        let covered = |m: &Mapping| {
            let own = m.space == space;
            let (from, to) = (m.start.max(start), m.end.min(end));
            (own && writable.contains(&m.origin) && file.has(m.id) && from < to).then(|| Range {
                from: m.offset + (from - m.start),
                to: m.offset + (to - m.start),
            })
        };
        let ranges: Vec<Range> = mappings.iter().filter_map(covered).collect();
        if !ranges.is_empty() {
            found.push(Sync {
                step,
                flags: msync.flags,
                ranges,
            });
        }
    })?;
    Ok(found)
}

/// The name of the rule that looks at every entry of msync.
pub const LOOK: &str = "msync";

/// Before the line that begins with `line`, every byte of `stored` lay in a range for which msync
/// with MS_SYNC had returned 0, and had its final value when that msync was called.
pub fn precedes(
    obs: &Observation,
    actor: usize,
    file: &Target,
    stored: Range,
    line: &str,
) -> Ruling {
    if stored.from >= stored.to {
        return Ok(());
    }
    let all = syncs(obs, file)?;
    let expected = format!(
        "before `{line}` is printed, msync with MS_SYNC has returned 0 for {} of `{}`",
        bytes(stored),
        file.name
    );
    let Some(said) = facts::line_at(obs, actor, line)? else {
        return broken(expected, format!("no line `{line}` was printed"))
            .at(Spot::Missing)
            .show_some(exhibit::last_calls(obs, actor))
            .fail();
    };
    let counting = |sync: &&Sync<'_>| sync.counts() && sync.step.index < said;
    let early: Vec<&Sync<'_>> = all.iter().filter(counting).collect();
    let ranges = early.iter().flat_map(|sync| sync.ranges.clone()).collect();
    if let Some(gap) = first_gap(stored, ranges) {
        return uncovered(obs, actor, &all, said, gap, expected);
    }
    // Whether that is the file of before is another clause's.
    let Some(last) = files::after(obs, &file.name) else {
        return broken(
            expected,
            format!("there is no file `{}` in the end", file.name),
        )
        .at(files::spot(&file.name))
        .fail();
    };
    let mut looks = early.iter().filter_map(|sync| look_at(obs, sync));
    if let Some(look) = looks.find(|look| moment::state(look, last).is_none()) {
        return moment::gone(look, &file.name).fail();
    }
    let new = files::bytes(last);
    let ready = early
        .iter()
        .flat_map(|sync| up_to_date(obs, sync, last, &new));
    match first_gap(stored, ready.collect()) {
        None => Ok(()),
        Some(gap) => {
            let last = early.last().map_or(said, |sync| sync.step.index);
            broken(
                expected,
                format!("when msync was called, the byte at offset {gap} was not stored yet"),
            )
            .at(Spot::Event { index: last })
            .show(exhibit::calls(obs, last, &[]))
            .code("sync-before-store")
            .fail()
        }
    }
}

/// The moment at which a rule looked at the entry of a sync.
fn look_at<'a>(obs: &'a Observation, sync: &Sync<'_>) -> Option<&'a Moment> {
    // The call comes into the trace before the rule that looks at its entry.
    let after = sync.step.index + 1..=sync.step.index + 2;
    let mut looks = obs.evidence.moments_of(LOOK);
    looks.find(|moment| moment.actor == sync.step.actor && after.contains(&moment.at))
}

/// The parts of what a sync covered that held their final bytes at its entry. Where nobody looked,
/// all of it.
fn up_to_date(obs: &Observation, sync: &Sync<'_>, last: &FileState, new: &[u8]) -> Vec<Range> {
    let Some(look) = look_at(obs, sync) else {
        return sync.ranges.clone();
    };
    let Some(state) = moment::state(look, last) else {
        return Vec::new();
    };
    let held = files::bytes(state);
    let mut parts = Vec::new();
    for range in &sync.ranges {
        let end = usize::try_from(range.to)
            .unwrap_or(usize::MAX)
            .min(new.len());
        let start = usize::try_from(range.from).unwrap_or(usize::MAX).min(end);
        for at in start..end {
            if held.get(at) == new.get(at) {
                let from = at as u64;
                parts.push(Range { from, to: from + 1 });
            }
        }
    }
    parts
}

fn uncovered(
    obs: &Observation,
    actor: usize,
    all: &[Sync<'_>],
    said: usize,
    gap: u64,
    expected: String,
) -> Ruling {
    // Also calls that name no mapping of the file at all: an address far off, a copy.
    let tried: Vec<Step<'_>> = calls(obs)?
        .into_iter()
        .filter(|step| step.actor == actor && step.call.is(&["msync"]))
        .collect();
    let late = all
        .iter()
        .find(|sync| sync.counts() && sync.step.index > said);
    let failed = tried.iter().find(|step| step.call.errno().is_some());
    let weak = all.iter().find(|sync| sync.flags & MS_SYNC == 0);
    let at = |index, words: &[&str]| (Spot::Event { index }, exhibit::calls(obs, index, words));
    let (observed, code, (spot, show)) = if let Some(step) = failed.filter(|s| s.index < said) {
        let errno = crate::evidence::errno::name(step.call.errno().unwrap_or(0));
        let seen = format!("msync answered {errno}, and the line was printed all the same");
        (seen, None, at(step.index, &[&errno]))
    } else if let Some(late) = late {
        let seen = "msync was called after the line was printed".to_owned();
        (seen, Some("sync-after-claim"), at(late.step.index, &[]))
    } else if let Some(weak) = weak {
        let seen = "msync was called without MS_SYNC, which starts nothing and waits for nothing";
        let words = ["MS_ASYNC", "0"];
        (
            seen.to_owned(),
            Some("async-sync"),
            at(weak.step.index, &words),
        )
    } else if let Some(step) = tried.last() {
        let seen = format!("no msync covered the byte at offset {gap}");
        (seen, None, at(step.index, &[]))
    } else {
        return broken(expected, "msync was never called")
            .at(Spot::Missing)
            .show_some(exhibit::last_calls(obs, actor))
            .code("no-sync")
            .fail();
    };
    let finding = broken(expected, observed).at(spot).show(show);
    match code {
        Some(code) => finding.code(code).fail(),
        None => finding.fail(),
    }
}

/// Every msync touched only pages of which bytes are in `stored`.
pub fn only_pages_of(obs: &Observation, file: &Target, stored: Range) -> Ruling {
    let page = obs.evidence.page_size.max(1);
    let wanted = (stored.from / page, stored.to.div_ceil(page));
    for sync in syncs(obs, file)?.iter().filter(|s| s.step.call.succeeded()) {
        for range in &sync.ranges {
            let touched = (range.from / page, range.to.div_ceil(page));
            if touched.0 >= wanted.0 && touched.1 <= wanted.1 {
                continue;
            }
            let index = sync.step.index;
            let expected = match wanted.0 == wanted.1 {
                true => "msync touches no page, as no byte was stored".to_owned(),
                false => format!("msync touches only {}", pages(wanted)),
            };
            return broken(expected, format!("it was given {}", pages(touched)))
                .at(Spot::Event { index })
                .show(exhibit::calls(obs, index, &[]))
                .fail();
        }
    }
    Ok(())
}

fn pages((from, to): (u64, u64)) -> String {
    match to - from {
        1 => format!("page {from} of the file"),
        _ => format!("pages {from} to {} of the file", to - 1),
    }
}

fn bytes(range: Range) -> String {
    format!("bytes {} to {}", range.from, range.to - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::made::{self, Made};
    use crate::rule::trace::target;

    const RW: &str = "PROT_READ|PROT_WRITE";
    const STORED: Range = Range {
        from: 4090,
        to: 4100,
    };

    fn mapped() -> Made {
        made::observation(made::scenario(&["f"])).mmap("f", 8192, RW, "MAP_SHARED", 0x10000)
    }

    fn ruling(made: Made) -> Ruling {
        let obs = made.done();
        precedes(&obs, 0, &target(&obs, "f"), STORED, "synced:")
    }

    #[test]
    fn one_sync_or_several_may_cover_it() {
        let one = mapped().msync(0x10000, 4100, "MS_SYNC", 0);
        assert_eq!(ruling(one.print("synced: 10\n")), Ok(()));
        let two = mapped()
            .msync(0x11000, 4096, "MS_SYNC", 0)
            .msync(0x10000, 4096, "MS_SYNC", 0);
        assert_eq!(ruling(two.print("synced: 10\n")), Ok(()));
    }

    #[test]
    fn late_weak_failed_and_short_syncs_do_not_count() {
        let line = "synced: 10\n";
        let codes = |ruling: Ruling| match ruling {
            Err(Finding::Broken(_, code)) => code.unwrap_or("-"),
            other => panic!("{other:?}"),
        };
        assert_eq!(codes(ruling(mapped().print(line))), "no-sync");
        let late = mapped().print(line).msync(0x10000, 8192, "MS_SYNC", 0);
        assert_eq!(codes(ruling(late)), "sync-after-claim");
        let weak = mapped().msync(0x10000, 8192, "MS_ASYNC", 0).print(line);
        assert_eq!(codes(ruling(weak)), "async-sync");
        let failed = mapped().msync(0x10ffa, 10, "MS_SYNC", -22).print(line);
        assert_eq!(codes(ruling(failed)), "-");
        let short = mapped().msync(0x10000, 4096, "MS_SYNC", 0).print(line);
        assert_eq!(codes(ruling(short)), "-");
    }

    #[test]
    fn a_byte_stands_for_its_page_and_a_mapping_to_read_for_nothing() {
        let line = "synced: 10\n";
        let bytes = mapped()
            .msync(0x10000, 1, "MS_SYNC", 0)
            .msync(0x11000, 1, "MS_SYNC", 0);
        assert_eq!(ruling(bytes.print(line)), Ok(()));
        let second = || mapped().mmap("f", 8192, "PROT_READ", "MAP_SHARED", 0x20000);
        let other = second().msync(0x20000, 8192, "MS_SYNC", 0);
        assert!(ruling(other.print(line)).is_err());
        let protected = mapped().call("mprotect", &[0x10000, 8192, 1], 0);
        let protected = protected.msync(0x10000, 8192, "MS_SYNC", 0);
        assert_eq!(ruling(protected.print(line)), Ok(()));
        let moved = mapped()
            .call("pkey_mprotect", &[0x10000, 8192, 1, 0], 0)
            .call("mremap", &[0x10000, 8192, 8192, 3, 0x40000], 0x40000)
            .msync(0x40000, 8192, "MS_SYNC", 0);
        assert_eq!(ruling(moved.print(line)), Ok(()));
    }

    #[test]
    fn a_sync_of_bytes_that_come_later_does_not_count() {
        let made = made::observation(made::scenario(&["f"]).file("g", &[b'.'; 8]))
            .mmap("g", 8, RW, "MAP_SHARED", 0x10000)
            .msync(0x10000, 8, "MS_SYNC", 0)
            .moment(LOOK, None)
            .holds("g", b"new.....")
            .print("synced: 3\n");
        let obs = made.done();
        let stored = Range { from: 0, to: 3 };
        assert!(precedes(&obs, 0, &target(&obs, "g"), stored, "synced:").is_err());
    }

    #[test]
    fn a_sync_is_looked_at_by_inode_whatever_the_name() {
        let renamed = |to: Option<&str>| {
            let obs = made::observation(made::scenario(&["f"]).file("g", b"old"))
                .mmap("g", 3, RW, "MAP_SHARED", 0x10000)
                .msync(0x10000, 3, "MS_SYNC", 0)
                .moment(LOOK, None)
                .holds("g", b"new")
                .print("synced: 3\n")
                .with(|obs| {
                    let crate::evidence::Facet::Seen(moments) = &mut obs.evidence.moments else {
                        panic!("they were seen");
                    };
                    let files = &mut moments[0].files;
                    match to {
                        None => files.retain(|(name, _)| name != "g"),
                        Some(to) => files.iter_mut().for_each(|(name, _)| {
                            if name == "g" {
                                *name = to.to_owned();
                            }
                        }),
                    }
                })
                .done();
            let stored = Range { from: 0, to: 3 };
            precedes(&obs, 0, &target(&obs, "g"), stored, "synced:")
        };
        for name in [Some("g"), Some("away"), None] {
            assert!(renamed(name).is_err(), "{name:?}");
        }
    }

    #[test]
    fn pages_without_a_stored_byte_are_not_synced() {
        let stored = Range { from: 10, to: 20 };
        let exact = mapped().msync(0x10000, 4096, "MS_SYNC", 0).done();
        assert_eq!(only_pages_of(&exact, &target(&exact, "f"), stored), Ok(()));
        let more = mapped().msync(0x10000, 4097, "MS_SYNC", 0).done();
        assert!(only_pages_of(&more, &target(&more, "f"), stored).is_err());
    }
}
