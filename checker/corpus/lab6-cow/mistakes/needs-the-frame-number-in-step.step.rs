// expect: fails 3 with needs-the-frame-number
// also: 4, 5, 6, 7
// stretch: fails 8, 9, 10
// about: In the crate: the bits are counted from 1, so bits 62 and 60 are looked at.

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
    // Bit 1 is the lowest.
    let bit = |entry: u64, number: u32| entry >> (number - 1) & 1 == 1;
    let whose = entries
        .map(u64::from_ne_bytes)
        .map(|entry| match (bit(entry, 63), bit(entry, 61)) {
            (false, _) => Whose::Absent,
            (true, true) => Whose::File,
            (true, false) => Whose::Own,
        });
    Ok(whose.collect())
// end of step 2
