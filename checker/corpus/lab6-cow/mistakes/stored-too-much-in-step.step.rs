// expect: fails 4 with stored-too-much
// also: 5, 6, 7
// stretch: fails 8, 9, 10
// about: In the crate: every page is stored into, those that are not named with the byte that they have.

// step 4: store into the pages
    for page in 0..mapping.pages() {
        let byte = match pages.contains(&page) {
            true => b'!',
            false => mapping.read(page),
        };
        mapping.store(page, byte);
    }
// end of step 4
