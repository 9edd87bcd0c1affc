//! The shared mappings of one address space.

/// One mapping of something that processes share. It is kept without permissions, so that every
/// access is seen; the program believes in `protection`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Region {
    /// Its first address.
    pub start: u64,
    /// The address behind it.
    pub end: u64,
    /// `PROT_` bits as the program asked for them.
    pub protection: i32,
    /// The number of the file.
    pub file: usize,
    /// Offset in the file of its first byte.
    pub offset: u64,
    /// Whether stores reach the file.
    pub is_shared: bool,
}

/// The shared mappings of one or several threads.
#[derive(Clone, Debug, Default)]
pub struct Space {
    /// In no order; they never overlap.
    pub regions: Vec<Region>,
    /// The address of a `syscall` instruction in it.
    pub gate: Option<u64>,
}

impl Space {
    /// The region that holds an address.
    pub fn region(&self, address: u64) -> Option<&Region> {
        self.regions
            .iter()
            .find(|region| region.start <= address && address < region.end)
    }

    /// Whether any byte from `start` on is in a region.
    pub fn meets(&self, start: u64, length: u64) -> bool {
        let end = start.saturating_add(length);
        self.regions
            .iter()
            .any(|region| region.start < end && start < region.end)
    }

    /// Forgets what is not mapped so any more.
    pub fn forget(&mut self, start: u64, length: u64) {
        let end = start.saturating_add(length);
        let mut kept = Vec::new();
        for region in self.regions.drain(..) {
            if region.end <= start || end <= region.start {
                kept.push(region);
                continue;
            }
            if region.start < start {
                kept.push(Region {
                    end: start,
                    ..region.clone()
                });
            }
            if end < region.end {
                kept.push(Region {
                    offset: region.offset + (end - region.start),
                    start: end,
                    ..region
                });
            }
        }
        self.regions = kept;
    }

    /// Takes note of other permissions for a range.
    pub fn set_protection(&mut self, start: u64, length: u64, protection: i32) {
        let end = start.saturating_add(length);
        let inside: Vec<Region> = self
            .regions
            .iter()
            .filter(|region| region.start < end && start < region.end)
            .map(|region| {
                let from = region.start.max(start);
                Region {
                    start: from,
                    end: region.end.min(end),
                    offset: region.offset + (from - region.start),
                    protection,
                    ..region.clone()
                }
            })
            .collect();
        self.forget(start, length);
        self.regions.extend(inside);
    }

    /// Takes note of a mapping that was moved or has another length (mremap(2)).
    pub fn moved(&mut self, from: u64, old: u64, to: u64, new: u64) {
        let Some(region) = self.region(from).cloned() else {
            return;
        };
        if old > 0 {
            self.forget(from, old);
        }
        self.forget(to, new);
        self.regions.push(Region {
            offset: region.offset + (from - region.start),
            start: to,
            end: to + new,
            ..region
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn space() -> Space {
        let region = Region {
            start: 0x1000,
            end: 0x4000,
            protection: 3,
            file: 0,
            offset: 0x8000,
            is_shared: true,
        };
        Space {
            regions: vec![region],
            gate: None,
        }
    }

    fn ranges(space: &Space) -> Vec<(u64, u64, u64, i32)> {
        let range = |r: &Region| (r.start, r.end, r.offset, r.protection);
        let mut all: Vec<_> = space.regions.iter().map(range).collect();
        all.sort();
        all
    }

    #[test]
    fn a_hole_leaves_two_pieces() {
        let mut space = space();
        space.forget(0x2000, 0x1000);
        let pieces = [(0x1000, 0x2000, 0x8000, 3), (0x3000, 0x4000, 0xa000, 3)];
        assert_eq!(ranges(&space), pieces);
        assert!(!space.meets(0x2000, 0x1000));
        assert!(space.meets(0x2fff, 2));
    }

    #[test]
    fn permissions_are_those_of_each_piece() {
        let mut space = space();
        space.set_protection(0x2000, 0x9000, 1);
        let pieces = [(0x1000, 0x2000, 0x8000, 3), (0x2000, 0x4000, 0x9000, 1)];
        assert_eq!(ranges(&space), pieces);
    }

    #[test]
    fn a_mapping_that_moves_keeps_its_place_in_the_file() {
        let mut space = space();
        space.moved(0x1000, 0x3000, 0x9000, 0x5000);
        assert_eq!(ranges(&space), [(0x9000, 0xe000, 0x8000, 3)]);
    }
}
