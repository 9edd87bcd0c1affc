// expect: fails 3 with stored-too-early
// also: 4, 5, 6, 7
// stretch: fails 8, 9, 10
// about: In the crate: each page is touched by storing the byte that it has.

// step 3: touch every page
    for page in 0..mapping.pages() {
        let byte = mapping.read(page);
        mapping.store(page, byte);
    }
// end of step 3
