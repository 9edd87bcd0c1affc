// expect: fails 5 with mapping-changed
// also: 6, 7
// stretch: fails 8, 9, 10
// about: In the crate: while the page table is asked nobody may store, so the right to write is taken away and given back.

/// Says what may be done with the mapping.
fn protect(mapping: &Mapping, protection: ProtFlags) -> Result<(), Error> {
    let length = mapping.pages() * page_size();
    // SAFETY: these are the pages of the mapping and no others, and nobody stores meanwhile.
    let done = unsafe { nix::sys::mman::mprotect(mapping.start(), length, protection) };
    done.map_err(|errno| Error::new(Path::new("the mapping"), "protect", errno))
}

// step 2: ask the page table
    protect(mapping, ProtFlags::PROT_READ)?;
    let name = Path::new("/proc/self/pagemap");
    let failed = |cause: io::Error| Error::new(name, "read", cause);
    let pagemap = File::open(name).map_err(failed)?;
    let mut entries = vec![0; 8 * mapping.pages()];
    let first = 8 * (mapping.address() / page_size());
    pagemap
        .read_exact_at(&mut entries, first as u64)
        .map_err(failed)?;
    protect(mapping, ProtFlags::PROT_READ | ProtFlags::PROT_WRITE)?;
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
