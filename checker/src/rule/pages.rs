//! Whose the pages of a file are, in the processes that have it mapped, as a moment shows.

use crate::evidence::address_space::{Detail, Page, Region};
use crate::evidence::{Moment, Observation};
use crate::verdict::Finding;

use super::file;

/// The private mappings of a file in one process, at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Private<'a> {
    /// Which process of the subject.
    pub process: usize,
    /// Their lines in `maps`, in order of address.
    pub regions: Vec<&'a Region>,
    /// How many lines of `maps` the file has in this process, shared mappings too.
    pub lines: usize,
    /// The pages of the file that they show, by number, and whose each is; region by region.
    pub pages: Vec<(u64, Page)>,
    /// The digests of those that are its own, in the same order, as far as they are known.
    pub copies: Vec<u64>,
}

impl Private<'_> {
    /// The pages of which this is true, in the order of the regions.
    pub fn numbers(&self, whose: Page) -> Vec<u64> {
        let such = self.pages.iter().filter(|(_, page)| *page == whose);
        such.map(|&(number, _)| number).collect()
    }

    /// The process's own copies of a page, or an empty list if it has none or nobody knows.
    pub fn copies_of(&self, number: u64) -> Vec<u64> {
        let own = self.numbers(Page::Own);
        let copies = own.iter().zip(&self.copies);
        copies
            .filter(|(own, _)| **own == number)
            .map(|(_, digest)| *digest)
            .collect()
    }
}

/// The private mappings of a file, process by process; of the subject's processes that have one.
///
/// # Errors
///
/// The kernel does not show the states of the pages, or contradicts itself.
pub fn private<'a>(
    obs: &Observation,
    at: &'a Moment,
    name: &str,
) -> Result<Vec<Private<'a>>, Finding> {
    let inode = file::before(obs, name).map_or(0, |state| state.inode);
    let size = obs.evidence.page_size.max(1);
    let mut found = Vec::new();
    for space in at.spaces.iter().filter(|space| space.actor == 0) {
        let its = |region: &&Region| inode != 0 && region.inode == inode;
        let mut regions: Vec<&Region> = space.regions.iter().filter(its).collect();
        let lines = regions.len();
        regions.retain(|region| !region.is_shared());
        let (mut pages, mut copies) = (Vec::new(), Vec::new());
        for region in &regions {
            let detail = region.detail.as_ref();
            let Some(detail) = detail.filter(|detail| !detail.pages.is_empty()) else {
                let reason = "the kernel does not show the states of the pages";
                return Err(Finding::Unobservable(reason.to_owned()));
            };
            agree(region, detail, size)?;
            pages.extend((region.offset / size..).zip(detail.pages.iter().copied()));
            copies.extend(detail.copies.iter().copied());
        }
        if !regions.is_empty() {
            found.push(Private {
                process: space.process,
                lines,
                regions,
                pages,
                copies,
            });
        }
    }
    Ok(found)
}

/// `Anonymous` of smaps counts the copies that are in memory, so there are no more of these than
/// pagemap shows (proc_pid_smaps(5)).
fn agree(region: &Region, detail: &Detail, size: u64) -> Result<(), Finding> {
    let is_whole = detail.pages.len() as u64 * size == region.end - region.start;
    let own = detail.pages.iter().filter(|page| **page == Page::Own);
    let own_kib = own.count() as u64 * size / 1024;
    if !is_whole || detail.anonymous_kib <= own_kib {
        return Ok(());
    }
    Err(Finding::Unobservable(format!(
        "the kernel contradicts itself: smaps shows {} KiB of copies, and pagemap {own_kib} KiB",
        detail.anonymous_kib
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_figures_of_the_kernel_have_to_agree() {
        let region = Region {
            start: 0x1000,
            end: 0x3000,
            ..Region::default()
        };
        let told = |anonymous_kib| {
            let detail = Detail {
                anonymous_kib,
                pages: vec![Page::Own, Page::OfTheFile],
                ..Detail::default()
            };
            agree(&region, &detail, 4096).is_ok()
        };
        assert!(told(4));
        // Swapped out: still its own, and not in memory.
        assert!(told(0));
        assert!(!told(8));
    }
}
