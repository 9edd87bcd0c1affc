// expect: fails 3 with bit-61-inverted
// also: 4, 5, 6, 7
// stretch: fails 8, 9, 10
// about: In the crate: the constant for bit 61 has the wrong name, and a set bit is taken for the sign of a copy.

const PRESENT: u64 = 1 << 63;
const OWN: u64 = 1 << 61;

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
        if entry & PRESENT == 0 {
            Whose::Absent
        } else if entry & OWN != 0 {
            Whose::Own
        } else {
            Whose::File
        }
    });
    Ok(whose.collect())
// end of step 2
