// expect: fails 2 with bit-63-forgotten
// also: 5, 6, 7
// stretch: fails 8, 9, 10
// about: In the crate: a page that is not the file's is taken for a copy, and no page is ever absent.

/// Bit 61 of an entry: the page is the file's.
const OF_THE_FILE: u64 = 1 << 61;

// step 2: ask the page table
    let name = Path::new("/proc/self/pagemap");
    let failed = |cause: io::Error| Error::new(name, "read", cause);
    let pagemap = File::open(name).map_err(failed)?;
    let mut entries = vec![0; 8 * mapping.pages()];
    let first = 8 * (mapping.address() / page_size());
    pagemap
        .read_exact_at(&mut entries, first as u64)
        .map_err(failed)?;
    let entries = entries.as_chunks().0.iter().copied();
    let whose = entries.map(u64::from_ne_bytes).map(|entry| {
        if entry & OF_THE_FILE != 0 {
            Whose::File
        } else {
            Whose::Own
        }
    });
    Ok(whose.collect())
// end of step 2
