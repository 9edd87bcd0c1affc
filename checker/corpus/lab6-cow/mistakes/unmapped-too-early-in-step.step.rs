// expect: fails 4 with unmapped-too-early
// also: 5, 6, 7
// stretch: fails 8, 9, 10
// about: In the crate: the mapping is taken away when its pages are stored into, as if that made the stores final.

// step 4: store into the pages
    for &page in pages {
        mapping.store(page, b'!');
    }
    // SAFETY: the stores are done, and nobody has a reference into the mapping.
    let _ = unsafe { nix::sys::mman::munmap(mapping.start(), mapping.pages() * page_size()) };
// end of step 4
