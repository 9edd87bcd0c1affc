//! The address space of a stopped process: `smaps` for the regions, `pagemap` for their pages.

use std::collections::HashMap;
use std::path::Path;

use libc::pid_t;
use procfs::process::{MMPermissions, MMapPath, MemoryMap, MemoryPageFlags, PageInfo, Process};

use crate::evidence::address_space::{AddressSpace, Detail, Page, Region};

use super::process::relative;

/// Looks at the process; what lies in the scenario's folder is looked at page by page.
pub fn look(pid: pid_t, actor: usize, folder: &Path) -> procfs::ProcResult<AddressSpace> {
    let process = Process::new(pid)?;
    let page_size = procfs::page_size();
    let maps = process.smaps()?;
    let mut regions = Vec::new();
    for map in &maps {
        let is_ours = matches!(&map.pathname, MMapPath::Path(path) if path.starts_with(folder));
        let detail = if is_ours {
            Some(detail(&process, map, page_size)?)
        } else {
            None
        };
        regions.push(Region {
            start: map.address.0,
            end: map.address.1,
            permissions: letters(map.perms),
            offset: map.offset,
            inode: map.inode,
            path: name(&map.pathname, folder),
            detail,
        });
    }
    Ok(AddressSpace {
        actor,
        page_size,
        regions,
    })
}

fn detail(process: &Process, map: &MemoryMap, page_size: u64) -> procfs::ProcResult<Detail> {
    let first = (map.address.0 / page_size) as usize;
    let count = ((map.address.1 - map.address.0) / page_size) as usize;
    let pages = process
        .pagemap()?
        .get_range_info(first..first + count.min(Detail::PAGES))?;
    let sizes: &HashMap<String, u64> = &map.extension.map;
    let kib = |key: &str| sizes.get(key).map_or(0, |bytes| bytes / 1024);
    Ok(Detail {
        rss_kib: kib("Rss"),
        anonymous_kib: kib("Anonymous"),
        private_dirty_kib: kib("Private_Dirty"),
        pages: pages.into_iter().map(page).collect(),
    })
}

/// Bit 63 is presence, bit 61 says that the page is the file's or shared anonymous memory; a page
/// that was swapped out belongs to the process alone (pagemap.rst).
fn page(info: PageInfo) -> Page {
    match info {
        PageInfo::SwapPage(_) => Page::Own,
        PageInfo::MemoryPage(flags) if !flags.contains(MemoryPageFlags::PRESENT) => Page::Absent,
        PageInfo::MemoryPage(flags) if flags.contains(MemoryPageFlags::FILE) => Page::OfTheFile,
        PageInfo::MemoryPage(_) => Page::Own,
    }
}

fn letters(permissions: MMPermissions) -> String {
    [
        (MMPermissions::READ, 'r'),
        (MMPermissions::WRITE, 'w'),
        (MMPermissions::EXECUTE, 'x'),
    ]
    .iter()
    .map(|&(bit, letter)| {
        if permissions.contains(bit) {
            letter
        } else {
            '-'
        }
    })
    .chain([if permissions.contains(MMPermissions::SHARED) {
        's'
    } else {
        'p'
    }])
    .collect()
}

fn name(path: &MMapPath, folder: &Path) -> String {
    match path {
        MMapPath::Path(path) => relative(path, folder),
        MMapPath::Heap => "[heap]".to_owned(),
        MMapPath::Stack => "[stack]".to_owned(),
        MMapPath::TStack(thread) => format!("[stack:{thread}]"),
        MMapPath::Vdso => "[vdso]".to_owned(),
        MMapPath::Vvar => "[vvar]".to_owned(),
        MMapPath::Vsyscall => "[vsyscall]".to_owned(),
        MMapPath::Rollup => "[rollup]".to_owned(),
        MMapPath::Anonymous => String::new(),
        MMapPath::Vsys(key) => format!("/SYSV{key:08x}"),
        MMapPath::Other(other) => other.clone(),
    }
}
