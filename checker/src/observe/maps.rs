//! The text of `/proc/PID/maps` and `/proc/PID/smaps` (proc_pid_maps(5), proc_pid_smaps(5)) and
//! the entries of `pagemap`. Pure. What a learner compiles has no room for a crate that knows all
//! of /proc; a test in `space.rs` holds this to what the crate procfs reads.

use std::ops::Range;

use crate::evidence::address_space::Page;

/// One line of `maps`; `smaps` has the same line above the figures of each region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MapLine<'a> {
    /// From the first address to the one after the last.
    pub range: Range<u64>,
    /// `rwxp` or `rwxs`, a dash for what is not allowed.
    pub permissions: &'a str,
    /// Offset in the file, bytes.
    pub offset: u64,
    /// Inode of the file, 0 if none.
    pub inode: u64,
    /// Path, name in brackets, or nothing.
    pub path: &'a str,
}

/// Reads one line; `None` if it is not one of `maps`.
pub fn line(text: &str) -> Option<MapLine<'_>> {
    let hex = |text: &str| u64::from_str_radix(text, 16).ok();
    let mut words = text.splitn(6, ' ');
    let (start, end) = words.next()?.split_once('-')?;
    let range = hex(start)?..hex(end)?;
    let permissions = words.next()?;
    let offset = hex(words.next()?)?;
    let inode = words.nth(1)?.parse().ok()?;
    let path = words.next().unwrap_or("").trim_start();
    Some(MapLine {
        range,
        permissions,
        offset,
        inode,
        path,
    })
}

/// The line of `maps` whose range holds the address.
pub fn line_of(maps: &str, address: u64) -> Option<MapLine<'_>> {
    let mut lines = maps.lines().filter_map(line);
    lines.find(|line| line.range.contains(&address))
}

/// The figure `key` of a region in KiB, from the lines that follow its own in `smaps`.
pub fn kib(figures: &[&str], key: &str) -> Option<u64> {
    figures.iter().find_map(|figure| {
        let (name, value) = figure.split_once(':')?;
        let value = value.trim().strip_suffix("kB")?;
        (name == key).then(|| value.trim_end().parse().ok())?
    })
}

/// The regions of `smaps`, each with the lines of its figures.
pub fn regions(smaps: &str) -> Vec<(MapLine<'_>, Vec<&str>)> {
    let mut found: Vec<(MapLine<'_>, Vec<&str>)> = Vec::new();
    for text in smaps.lines() {
        // A figure begins with a capital letter, an address does not.
        if text.starts_with(|first: char| first.is_ascii_uppercase()) {
            if let Some((_, figures)) = found.last_mut() {
                figures.push(text);
            }
        } else {
            found.extend(line(text).map(|line| (line, Vec::new())));
        }
    }
    found
}

/// What an entry of `pagemap` says. Bit 63 is presence, bit 61 says that the page is the file's or
/// shared anonymous memory (Documentation/admin-guide/mm/pagemap.rst). Bit 62 is set for a page
/// that was swapped out, which only a page without a file can be, and for one that is just being
/// moved to another place in memory, which may be the file's (fs/proc/task_mmu.c).
pub fn page(entry: u64) -> Page {
    let has = |bit: u32| entry >> bit & 1 == 1;
    match (has(62) || has(63), has(61)) {
        (false, _) => Page::Absent,
        (true, true) => Page::OfTheFile,
        (true, false) => Page::Own,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_of_an_address_is_found() {
        let maps = "1000-3000 rw-s 00002000 fe:00 42                         /tmp/a b\n\
                    3000-4000 r--p 00000000 00:00 0 \n";
        let line = line_of(maps, 0x2010).expect("inside the first line");
        assert_eq!(
            (line.offset, line.inode, line.path),
            (0x2000, 42, "/tmp/a b")
        );
        assert_eq!(line_of(maps, 0x3000).map(|line| line.inode), Some(0));
        assert!(line_of(maps, 0x4000).is_none());
    }

    #[test]
    fn figures_belong_to_the_region_above() {
        let smaps = "1000-3000 rw-s 00002000 fe:00 42  /tmp/a\n\
                     Size:                  8 kB\n\
                     Rss:                   4 kB\n\
                     THPeligible:           0\n\
                     VmFlags: rd wr sh mr mw me ms sd\n\
                     3000-4000 r--p 00000000 00:00 0 \n\
                     Rss:                   0 kB\n\
                     Anonymous:          1024 kB\n";
        let regions = regions(smaps);
        let rss: Vec<_> = regions.iter().map(|(_, all)| kib(all, "Rss")).collect();
        assert_eq!(rss, [Some(4), Some(0)]);
        assert_eq!(kib(&regions[0].1, "Anonymous"), None);
        assert_eq!(kib(&regions[1].1, "Anonymous"), Some(1024));
        assert_eq!(kib(&regions[0].1, "THPeligible"), None);
    }

    #[test]
    fn an_entry_tells_whose_page_it_is() {
        let cases = [
            (0, Page::Absent),
            (1 << 61, Page::Absent),
            (1 << 63 | 1 << 61, Page::OfTheFile),
            (1 << 63 | 1 << 55, Page::Own),
            (1 << 62, Page::Own),
            (1 << 62 | 1 << 61, Page::OfTheFile),
        ];
        for (entry, whose) in cases {
            assert_eq!(page(entry), whose, "{entry:#x}");
        }
    }
}
