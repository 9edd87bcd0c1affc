// expect: fails 2 with half-entries
// also: 3, 4, 5, 6, 7
// stretch: fails 8, 9, 10
// about: In the crate: of each entry only its last byte is read, which has both bits.

// step 2: ask the page table
    let name = Path::new("/proc/self/pagemap");
    let failed = |cause: io::Error| Error::new(name, "read", cause);
    let pagemap = File::open(name).map_err(failed)?;
    let first = mapping.address() / page_size();
    let mut whose = Vec::new();
    for page in first..first + mapping.pages() {
        // Bits 56 to 63.
        let mut high = [0];
        let at = 8 * page + 7;
        pagemap.read_exact_at(&mut high, at as u64).map_err(failed)?;
        whose.push(match (high[0] >> 7 & 1, high[0] >> 5 & 1) {
            (0, _) => Whose::Absent,
            (_, 1) => Whose::File,
            _ => Whose::Own,
        });
    }
    Ok(whose)
// end of step 2
