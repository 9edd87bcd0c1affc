// expect: fails 6 with private-dirty-as-proof
// stretch: fails 8, 9
// about: In the crate: the pages that were stored into are its own, as soon as Private_Dirty of smaps is not zero.

use std::sync::Mutex;

/// The pages that were stored into.
static STORED: Mutex<Vec<usize>> = Mutex::new(Vec::new());

/// One of the figures that smaps has of the mapping, in kB.
fn figure(smaps: &str, mapping: &Mapping, name: &str) -> Option<u64> {
    let start = format!("{:08x}-", mapping.address());
    let mut lines = smaps.lines().skip_while(|line| !line.starts_with(&start));
    let rest = lines.find_map(|line| line.strip_prefix(name))?;
    rest.split_whitespace().next()?.parse().ok()
}

// step 2: ask the page table
    let name = Path::new("/proc/self/smaps");
    let failed = |cause: io::Error| Error::new(name, "read", cause);
    let smaps = fs::read_to_string(name).map_err(failed)?;
    let is_there = figure(&smaps, mapping, "Rss:") > Some(0);
    let is_dirty = figure(&smaps, mapping, "Private_Dirty:") > Some(0);
    let stored = STORED.lock().expect("one thread");
    let whose = (0..mapping.pages()).map(|page| match is_there {
        true if is_dirty && stored.contains(&page) => Whose::Own,
        true => Whose::File,
        false => Whose::Absent,
    });
    Ok(whose.collect())
// end of step 2

// step 4: store into the pages
    for &page in pages {
        mapping.store(page, b'!');
    }
    STORED.lock().expect("one thread").extend(pages);
// end of step 4
