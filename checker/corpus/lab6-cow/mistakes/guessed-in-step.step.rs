// expect: fails 6 with guessed
// stretch: fails 8, 9
// about: In the crate: the steps keep a list of what they do to each page, and the report is that list.

use std::sync::Mutex;

/// Whose each page is, as far as the steps have come.
static PAGES: Mutex<Vec<Whose>> = Mutex::new(Vec::new());

/// Notes that these pages are somebody's now.
fn note(pages: &[usize], whose: Whose) {
    let mut all = PAGES.lock().expect("one thread");
    for &page in pages {
        all[page] = whose;
    }
}

// step 1: map the file privately
    let both = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
    let mapping = file.map(both, MapFlags::MAP_PRIVATE)?;
    *PAGES.lock().expect("one thread") = vec![Whose::Absent; mapping.pages()];
    Ok(mapping)
// end of step 1

// step 2: ask the page table
    let pages = PAGES.lock().expect("one thread");
    assert_eq!(pages.len(), mapping.pages());
    Ok(pages.clone())
// end of step 2

// step 3: touch every page
    for page in 0..mapping.pages() {
        mapping.read(page);
        note(&[page], Whose::File);
    }
// end of step 3

// step 4: store into the pages
    for &page in pages {
        mapping.store(page, b'!');
    }
    note(pages, Whose::Own);
// end of step 4

// step 6: drop the copies
    let size = page_size();
    for &page in pages {
        assert!(page < mapping.pages());
        // SAFETY: the page lies inside the mapping, so the address does too, and no other memory is
        // dropped. What was stored there is lost, which is what is wanted; nobody has a reference
        // into it.
        let dropped = unsafe {
            let start = mapping.start().byte_add(page * size);
            madvise(start, size, MmapAdvise::MADV_DONTNEED)
        };
        let cause = |errno| Error::new(Path::new("the mapping"), "drop pages of", errno);
        dropped.map_err(cause)?;
    }
    note(pages, Whose::Absent);
    Ok(())
// end of step 6
