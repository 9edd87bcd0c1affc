// expect: fails 2 with wrong-index
// also: 3, 4, 5, 6, 7
// stretch: fails 8, 9, 10
// about: In the crate: the address is that of the `Mapping`, which lies on the stack, and not that of the mapped memory.

// step 2: ask the page table
    let name = Path::new("/proc/self/pagemap");
    let failed = |cause: io::Error| Error::new(name, "read", cause);
    let pagemap = File::open(name).map_err(failed)?;
    let mut entries = vec![0; 8 * mapping.pages()];
    let address = std::ptr::from_ref(mapping) as usize;
    let first = 8 * (address / page_size());
    pagemap
        .read_exact_at(&mut entries, first as u64)
        .map_err(failed)?;
    let entries = entries.as_chunks().0.iter().copied();
    let whose =
        entries
            .map(u64::from_ne_bytes)
            .map(|entry| match (entry >> 63 & 1, entry >> 61 & 1) {
                (0, _) => Whose::Absent,
                (_, 1) => Whose::File,
                _ => Whose::Own,
            });
    Ok(whose.collect())
// end of step 2
