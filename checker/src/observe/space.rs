//! The address space of a stopped process: `smaps` for the regions, `pagemap` for their pages.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use libc::pid_t;

use crate::evidence::address_space::{AddressSpace, Detail, Page, Region, digest};

use super::maps::{self, MapLine};
use super::page_size;
use super::process::relative;
use super::sys;

/// The files that are looked at page by page.
#[derive(Debug)]
pub struct Ours<'a> {
    /// The scenario's folder, with all that lies in it.
    pub folder: &'a Path,
    /// Files of the scenario, wherever they lie by now. The device of maps is not that of stat(2)
    /// on every file system, and a file too many does no harm.
    pub inodes: Vec<u64>,
}

impl Ours<'_> {
    fn has(&self, line: &MapLine<'_>) -> bool {
        Path::new(line.path).starts_with(self.folder)
            || (line.inode != 0 && self.inodes.contains(&line.inode))
    }
}

/// Looks at the process, if one of our files is mapped in it; those are looked at page by page.
pub fn look(
    pid: pid_t,
    (actor, process): (usize, usize),
    ours: &Ours<'_>,
) -> io::Result<Option<AddressSpace>> {
    let page_size = page_size();
    // Much cheaper than the figures.
    let maps = fs::read(format!("/proc/{pid}/maps"))?;
    let maps = String::from_utf8_lossy(&maps);
    if !maps
        .lines()
        .filter_map(maps::line)
        .any(|line| ours.has(&line))
    {
        return Ok(None);
    }
    let smaps = fs::read(format!("/proc/{pid}/smaps"))?;
    let smaps = String::from_utf8_lossy(&smaps);
    let mut regions = Vec::new();
    for (line, figures) in maps::regions(&smaps) {
        let detail = if ours.has(&line) {
            let kib = |key: &str| maps::kib(&figures, key).unwrap_or(0);
            let pages = pages(pid, &line, page_size)?;
            Some(Detail {
                rss_kib: kib("Rss"),
                anonymous_kib: kib("Anonymous"),
                private_dirty_kib: kib("Private_Dirty"),
                copies: match line.permissions.ends_with('p') {
                    true => copies(pid, line.range.start, &pages),
                    false => Vec::new(),
                },
                pages,
            })
        } else {
            None
        };
        regions.push(Region {
            start: line.range.start,
            end: line.range.end,
            permissions: line.permissions.to_owned(),
            offset: line.offset,
            inode: line.inode,
            path: name(line.path, ours.folder),
            detail,
        });
    }
    Ok(Some(AddressSpace {
        actor,
        process,
        page_size,
        regions,
    }))
}

/// Stores into the process's private, writable mapping of a file, at the page that shows the byte
/// `offset`, the byte that is there already: the kernel makes the copy that any store makes
/// (proc_pid_mem(5)).
pub fn store(pid: pid_t, inode: u64, offset: u64) -> io::Result<()> {
    let maps = fs::read(format!("/proc/{pid}/maps"))?;
    let maps = String::from_utf8_lossy(&maps);
    let shows = |line: &MapLine<'_>| {
        let bytes = line.offset..line.offset + (line.range.end - line.range.start);
        line.inode == inode && line.permissions.contains('w') && bytes.contains(&offset)
    };
    let mut lines = maps.lines().filter_map(maps::line);
    let line = lines.find(|line| shows(line) && line.permissions.ends_with('p'));
    let line = line.ok_or_else(|| io::Error::other("it is not mapped so"))?;
    let address = line.range.start + (offset - line.offset);
    let memory = format!("/proc/{pid}/mem");
    let memory = File::options().read(true).write(true).open(memory)?;
    let mut byte = [0];
    memory.read_exact_at(&mut byte, address)?;
    memory.write_all_at(&byte, address)
}

/// One entry of eight bytes for each page (Documentation/admin-guide/mm/pagemap.rst).
fn pages(pid: pid_t, line: &MapLine<'_>, page_size: u64) -> io::Result<Vec<Page>> {
    let first = line.range.start / page_size;
    let count = (line.range.end - line.range.start) / page_size;
    let mut entries = vec![0; 8 * (count as usize).min(Detail::PAGES)];
    File::open(format!("/proc/{pid}/pagemap"))?.read_exact_at(&mut entries, 8 * first)?;
    let entries = entries.chunks_exact(8);
    let entries = entries.map(|entry| entry.try_into().expect("a chunk of eight bytes"));
    Ok(entries.map(u64::from_ne_bytes).map(maps::page).collect())
}

/// What stands in those of the pages that are the process's own.
fn copies(pid: pid_t, start: u64, pages: &[Page]) -> Vec<u64> {
    let size = page_size();
    let own = (0..).zip(pages).filter(|(_, page)| **page == Page::Own);
    own.map(|(n, _)| digest(&sys::read_memory(pid, start + n * size, size as usize)))
        .collect()
}

fn name(path: &str, folder: &Path) -> String {
    if path.is_empty() || path.starts_with('[') {
        path.to_owned()
    } else {
        relative(Path::new(path), folder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use procfs::process::{MMPermissions, MMapPath, MemoryPageFlags, PageInfo, Process};
    use std::io::{BufRead, BufReader};
    use std::process::{Child, Command, Stdio};

    struct Ended(Child);

    impl Drop for Ended {
        fn drop(&mut self) {
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }

    /// A process that sleeps in the kernel, so that two looks at it see the same.
    fn sleeper() -> Ended {
        let command = Command::new("cat")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        let mut sleeper = Ended(command.expect("`cat`"));
        let input = sleeper.0.stdin.as_mut().expect("a pipe");
        io::Write::write_all(input, b"ready\n").expect("room in the pipe");
        let output = sleeper.0.stdout.as_mut().expect("a pipe");
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line).expect("a line");
        let pid = sleeper.0.id() as pid_t;
        while super::super::process::activity(pid).is_some_and(|is| is.state != 'S') {
            std::thread::yield_now();
        }
        sleeper
    }

    #[test]
    fn procfs_reads_the_same() {
        let sleeper = sleeper();
        let pid = sleeper.0.id() as pid_t;
        let process = Process::new(pid).expect("the process");
        let theirs = process.smaps().expect("its smaps");
        // Every mapped file lies below this folder, so all are looked at page by page.
        let all = Ours {
            folder: Path::new("/"),
            inodes: Vec::new(),
        };
        let ours = look(pid, (0, 0), &all).expect("its address space");
        let ours = ours.expect("a mapped file");
        assert_eq!(ours.regions.len(), theirs.len());
        let mut detailed = 0;
        for (our, their) in ours.regions.iter().zip(&theirs) {
            assert_eq!((our.start, our.end), their.address);
            assert_eq!((our.offset, our.inode), (their.offset, their.inode));
            for (letter, bit) in [
                ('r', MMPermissions::READ),
                ('w', MMPermissions::WRITE),
                ('x', MMPermissions::EXECUTE),
                ('s', MMPermissions::SHARED),
            ] {
                assert_eq!(our.permissions.contains(letter), their.perms.contains(bit));
            }
            let Some(detail) = &our.detail else { continue };
            detailed += 1;
            assert!(matches!(&their.pathname, MMapPath::Path(path)
                    if path.strip_prefix("/").is_ok_and(|path| path == Path::new(&our.path))));
            let figures = &their.extension.map;
            assert_eq!(detail.rss_kib * 1024, figures["Rss"]);
            assert_eq!(detail.anonymous_kib * 1024, figures["Anonymous"]);
            assert_eq!(detail.private_dirty_kib * 1024, figures["Private_Dirty"]);
            let first = (our.start / ours.page_size) as usize;
            let mut pagemap = process.pagemap().expect("its pagemap");
            let entries = pagemap.get_range_info(first..first + detail.pages.len());
            let entries = entries.expect("its entries");
            let whose = entries.iter().map(|entry| match entry {
                PageInfo::SwapPage(_) => Page::Own,
                PageInfo::MemoryPage(is) if !is.contains(MemoryPageFlags::PRESENT) => Page::Absent,
                PageInfo::MemoryPage(is) if is.contains(MemoryPageFlags::FILE) => Page::OfTheFile,
                PageInfo::MemoryPage(_) => Page::Own,
            });
            assert!(whose.eq(detail.pages.iter().copied()), "{}", our.path);
        }
        assert!(detailed > 0, "`cat` is mapped from a file");
        assert_eq!(procfs::page_size(), ours.page_size);
    }
}
