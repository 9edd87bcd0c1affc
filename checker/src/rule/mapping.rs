//! Which mappings of which files a process has, at every event: mmap, munmap, mremap, mprotect,
//! fork and exec replayed.

use std::collections::HashMap;

use crate::evidence::Observation;
use crate::evidence::trace::{Call, Event, MAP_ANONYMOUS, Mmap, PROT_READ, PROT_WRITE, What};
use crate::verdict::Finding;

use super::trace::{Id, Target, events};

/// Pages of a file, mapped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    /// The actor.
    pub actor: usize,
    /// The process of that actor.
    pub process: usize,
    /// The address space that it is in. Processes that share their memory have the same.
    pub space: usize,
    /// Index of the event that made it.
    pub made: usize,
    /// Index of the mmap that it comes from; mremap keeps it.
    pub origin: usize,
    /// First address.
    pub start: u64,
    /// The address after the last; a whole number of pages behind `start`.
    pub end: u64,
    /// Offset in the file, bytes.
    pub offset: u64,
    /// `PROT_` bits, as they are now.
    pub prot: u64,
    /// MAP_SHARED.
    pub shared: bool,
    /// The file.
    pub id: Id,
}

impl Mapping {
    /// PROT_WRITE.
    pub fn is_writable(&self) -> bool {
        self.prot & PROT_WRITE != 0
    }

    /// PROT_READ and PROT_WRITE.
    pub fn is_read_write(&self) -> bool {
        self.prot & PROT_READ != 0 && self.is_writable()
    }

    /// Whether stores into it reach the file.
    pub fn reaches_the_file(&self) -> bool {
        self.shared && self.is_writable()
    }

    /// The bytes of the file that it shows.
    pub fn range(&self) -> Range {
        Range {
            from: self.offset,
            to: self.offset + (self.end - self.start),
        }
    }
}

/// Bytes of a file, from one to before another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Range {
    /// The first.
    pub from: u64,
    /// The one after the last.
    pub to: u64,
}

/// Merges ranges; the result is in order and without overlap.
pub fn union(mut ranges: Vec<Range>) -> Vec<Range> {
    ranges.retain(|range| range.from < range.to);
    ranges.sort_unstable();
    let mut out: Vec<Range> = Vec::new();
    for range in ranges {
        match out.last_mut() {
            Some(last) if range.from <= last.to => last.to = last.to.max(range.to),
            _ => out.push(range),
        }
    }
    out
}

/// The first byte of `wanted` that no range covers.
pub fn first_gap(wanted: Range, ranges: Vec<Range>) -> Option<u64> {
    let mut at = wanted.from;
    for range in union(ranges) {
        if range.from <= at && at < range.to {
            at = range.to;
        }
    }
    (at < wanted.to).then_some(at)
}

/// The mappings of all processes, kept up to date event by event.
#[derive(Default)]
pub struct Maps {
    /// Those that stand.
    pub list: Vec<Mapping>,
    /// Those that a call under way takes away or changes, as they were, each with the index of the
    /// event before which the call was answered.
    pub leaving: Vec<(usize, Mapping)>,
    page: u64,
    /// The address space of each process of each actor.
    spaces: HashMap<(usize, usize), usize>,
    /// How many address spaces there were.
    made: usize,
}

impl Maps {
    fn round_up(&self, length: u64) -> u64 {
        length.div_ceil(self.page).saturating_mul(self.page)
    }

    /// The address space of a process.
    fn space_of(&mut self, who: (usize, usize)) -> usize {
        match self.spaces.get(&who) {
            Some(&space) => space,
            None => self.new_space(who),
        }
    }

    fn new_space(&mut self, who: (usize, usize)) -> usize {
        self.made += 1;
        self.spaces.insert(who, self.made);
        self.made
    }

    /// The process leaves its address space; what is mapped there goes with the last one.
    fn leave(&mut self, who: (usize, usize)) {
        let left = self.spaces.remove(&who);
        if !self.spaces.values().any(|&space| Some(space) == left) {
            self.list.retain(|m| Some(m.space) != left);
        }
    }

    /// Takes the addresses out of what is mapped in the space, and hands back what was there.
    fn take(&mut self, space: usize, start: u64, end: u64) -> Vec<Mapping> {
        let mut taken = Vec::new();
        let mut kept = Vec::new();
        for mapping in self.list.drain(..) {
            let overlaps = mapping.start < end && start < mapping.end;
            if mapping.space != space || !overlaps {
                kept.push(mapping);
                continue;
            }
            let piece = |from: u64, to: u64| Mapping {
                start: from,
                end: to,
                offset: mapping.offset + (from - mapping.start),
                ..mapping.clone()
            };
            let (from, to) = (mapping.start.max(start), mapping.end.min(end));
            if mapping.start < from {
                kept.push(piece(mapping.start, from));
            }
            if to < mapping.end {
                kept.push(piece(to, mapping.end));
            }
            taken.push(piece(from, to));
        }
        self.list = kept;
        taken
    }

    fn apply(&mut self, index: usize, event: &Event) {
        let who = (event.actor, event.process);
        let space = self.space_of(who);
        self.leaving.retain(|(until, _)| index < *until);
        let call = match &event.what {
            What::Call(call) if call.succeeded() => call,
            &What::Started { process, shares } => {
                let child = (event.actor, process);
                if shares {
                    self.spaces.insert(child, space);
                    return;
                }
                let new = self.new_space(child);
                let copy = |m: &Mapping| Mapping {
                    process,
                    space: new,
                    ..m.clone()
                };
                let of_parent = self.list.iter().filter(|m| m.space == space);
                let copies: Vec<_> = of_parent.map(copy).collect();
                self.list.extend(copies);
                return;
            }
            What::Became { .. } | What::Ended => return self.leave(who),
            _ => return,
        };
        let until = call.returned.unwrap_or(0);
        if index + 1 < until {
            let own = self.list.iter().filter(|m| m.space == space);
            let changed = own.filter(|m| changes(call, m)).cloned();
            self.leaving.extend(changed.map(|m| (until, m)));
        }
        let result = call.result.unwrap_or(0) as u64;
        match call.name.as_str() {
            "mmap" => {
                let Some(map) = Mmap::of(call) else { return };
                let end = result.saturating_add(self.round_up(map.length));
                self.take(space, result, end);
                let Some(file) = &call.file else { return };
                if map.flags & MAP_ANONYMOUS == 0 {
                    self.list.push(Mapping {
                        actor: who.0,
                        process: who.1,
                        space,
                        made: index,
                        origin: index,
                        start: result,
                        end,
                        offset: map.offset,
                        prot: map.prot,
                        shared: map.is_shared(),
                        id: (file.device, file.inode),
                    });
                }
            }
            "munmap" => {
                let end = call.raw(0).saturating_add(self.round_up(call.raw(1)));
                self.take(space, call.raw(0), end);
            }
            "mprotect" | "pkey_mprotect" => {
                let end = call.raw(0).saturating_add(self.round_up(call.raw(1)));
                let taken = self.take(space, call.raw(0), end);
                self.list.extend(taken.into_iter().map(|m| Mapping {
                    prot: call.raw(2),
                    ..m
                }));
            }
            "remap_file_pages" => {
                let end = call.raw(0).saturating_add(self.round_up(call.raw(1)));
                let taken = self.take(space, call.raw(0), end);
                self.list.extend(taken.into_iter().map(|m| Mapping {
                    made: index,
                    offset: call.raw(3) * self.page + (m.start - call.raw(0)),
                    ..m
                }));
            }
            "mremap" => self.remap(
                space,
                index,
                call.raw(0),
                (call.raw(1), call.raw(2)),
                call.raw(3),
                result,
            ),
            _ => {}
        }
    }

    /// mremap(2): moves, grows, shrinks; an old length of 0 makes a second mapping. Only one that
    /// does not grow may be about several mappings.
    fn remap(
        &mut self,
        space: usize,
        index: usize,
        old: u64,
        (old_length, new_length): (u64, u64),
        flags: u64,
        new: u64,
    ) {
        const MREMAP_DONTUNMAP: u64 = 4;
        let shape = self
            .list
            .iter()
            .find(|m| m.space == space && m.start <= old && old < m.end)
            .cloned();
        let (old_length, new_length) = (self.round_up(old_length), self.round_up(new_length));
        let mut taken = Vec::new();
        if old_length != 0 {
            taken = self.take(space, old, old.saturating_add(old_length));
            if flags & MREMAP_DONTUNMAP != 0 {
                self.list.extend(taken.iter().cloned());
            }
        }
        let end = new.saturating_add(new_length);
        self.take(space, new, end);
        if new_length <= old_length {
            // Each piece goes with its own file and offset; what is cut off is gone.
            let kept = old.saturating_add(new_length);
            let pieces = taken.into_iter().filter(|m| m.start < kept);
            self.list.extend(pieces.map(|m| Mapping {
                made: index,
                start: new.saturating_add(m.start - old),
                end: new.saturating_add(m.end.min(kept) - old),
                ..m
            }));
        } else if let Some(shape) = shape {
            self.list.push(Mapping {
                made: index,
                start: new,
                end,
                offset: shape.offset + (old - shape.start),
                ..shape
            });
        }
    }
}

/// Whether a call takes away pages of a mapping, or their rights.
fn changes(call: &Call, mapping: &Mapping) -> bool {
    let result = call.result.unwrap_or(0) as u64;
    let overlap = |from: u64, length: u64| {
        from < mapping.end && mapping.start < from.saturating_add(length.max(1))
    };
    match call.name.as_str() {
        "mmap" => overlap(result, call.raw(1)),
        "munmap" | "mprotect" | "pkey_mprotect" | "remap_file_pages" => {
            overlap(call.raw(0), call.raw(1))
        }
        "mremap" => overlap(call.raw(0), call.raw(1)) || overlap(result, call.raw(2)),
        _ => false,
    }
}

/// Calls `visit` after every event with the mappings that stand then.
pub fn replay(
    obs: &Observation,
    mut visit: impl FnMut(usize, &Event, &[Mapping]),
) -> Result<(), Finding> {
    walk(obs, |index, event, _, maps| visit(index, event, &maps.list))
}

/// The same, with the address space in which the event was.
pub fn walk<'a>(
    obs: &'a Observation,
    mut visit: impl FnMut(usize, &'a Event, usize, &Maps),
) -> Result<(), Finding> {
    let mut maps = Maps {
        page: obs.evidence.page_size.max(1),
        ..Maps::default()
    };
    for (index, event) in events(obs)?.iter().enumerate() {
        let space = maps.space_of((event.actor, event.process));
        maps.apply(index, event);
        visit(index, event, space, &maps);
    }
    Ok(())
}

/// The mappings that stand before the event at `index`.
pub fn live_before(obs: &Observation, index: usize) -> Result<Vec<Mapping>, Finding> {
    let mut live = Vec::new();
    replay(obs, |at, _, mappings| {
        if at < index {
            live = mappings.to_vec();
        }
    })?;
    Ok(live)
}

/// Every mapping of a file that ever stood, in each of its states, in order.
pub fn of_file(obs: &Observation, file: &Target) -> Result<Vec<Mapping>, Finding> {
    let mut seen: Vec<Mapping> = Vec::new();
    replay(obs, |_, _, mappings| {
        for mapping in mappings.iter().filter(|m| file.has(m.id)) {
            if !seen.contains(mapping) {
                seen.push(mapping.clone());
            }
        }
    })?;
    Ok(seen)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::made::{self, Made};
    use crate::rule::trace::target;

    const RW: &str = "PROT_READ|PROT_WRITE";

    #[test]
    fn a_hole_is_cut_and_a_part_is_protected() {
        let obs = made::observation(made::scenario(&["a", "b"]))
            .mmap("b", 5 * 4096 - 1, RW, "MAP_SHARED", 0x10000)
            .call("munmap", &[0x11000, 1], 0)
            .call("mprotect", &[0x13000, 4096, 1], 0)
            .done();
        let live = live_before(&obs, 3).unwrap();
        let mut ranges: Vec<_> = live
            .iter()
            .map(|m| (m.range().from / 4096, m.range().to / 4096, m.prot))
            .collect();
        ranges.sort_unstable();
        assert_eq!(ranges, [(0, 1, 3), (2, 3, 3), (3, 4, 1), (4, 5, 3)]);
    }

    #[test]
    fn a_mapping_that_moves_and_grows_keeps_its_place_in_the_file() {
        let obs = made::observation(made::scenario(&["a", "b"]))
            .mmap("b", 4096, RW, "MAP_SHARED", 0x10000)
            .call("mremap", &[0x10000, 4096, 8192, 1], 0x50000)
            .done();
        let live = live_before(&obs, 2).unwrap();
        assert_eq!(live.len(), 1);
        assert_eq!((live[0].start, live[0].end), (0x50000, 0x52000));
        assert_eq!(live[0].range(), Range { from: 0, to: 8192 });
    }

    #[test]
    fn several_mappings_move_at_once_each_with_its_own_place_in_its_own_file() {
        let anonymous = "MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED";
        let placed = || {
            made::observation(made::scenario(&["a", "b"]))
                .mmap("a", 4096, RW, anonymous, 0x10000)
                .mmap_from("b", 8192, 8192, RW, "MAP_SHARED|MAP_FIXED", 0x11000)
                .mmap("a", 4096, "PROT_READ", "MAP_PRIVATE|MAP_FIXED", 0x14000)
        };
        let live = |made: Made| {
            let obs = made.done();
            let mut live: Vec<_> = live_before(&obs, 4)
                .unwrap()
                .into_iter()
                .map(|m| (m.start, m.end, m.offset, m.shared))
                .collect();
            live.sort_unstable();
            live
        };
        let moved = placed().call("mremap", &[0x10000, 0x5000, 0x5000, 3, 0x50000], 0x50000);
        let there = [(0x51000, 0x53000, 8192, true), (0x54000, 0x55000, 0, false)];
        assert_eq!(live(moved), there);
        let cut = placed().call("mremap", &[0x10000, 0x5000, 0x2000, 0], 0x10000);
        assert_eq!(live(cut), [(0x11000, 0x12000, 8192, true)]);
    }

    #[test]
    fn a_fixed_mapping_takes_the_place_of_another() {
        let obs = made::observation(made::scenario(&["a", "b"]))
            .mmap("a", 8192, "PROT_READ", "MAP_SHARED", 0x10000)
            .mmap("b", 4096, RW, "MAP_SHARED|MAP_FIXED", 0x10000)
            .done();
        let of_a = |m: &Mapping| target(&obs, "a").has(m.id);
        let live = live_before(&obs, 2).unwrap();
        let a: Vec<_> = live.iter().filter(|m| of_a(m)).collect();
        assert_eq!(
            a[0].range(),
            Range {
                from: 4096,
                to: 8192
            }
        );
    }

    #[test]
    fn gaps_are_found() {
        let ranges = vec![Range { from: 4, to: 8 }, Range { from: 0, to: 4 }];
        assert_eq!(first_gap(Range { from: 1, to: 8 }, ranges.clone()), None);
        assert_eq!(first_gap(Range { from: 1, to: 9 }, ranges), Some(8));
    }
}
