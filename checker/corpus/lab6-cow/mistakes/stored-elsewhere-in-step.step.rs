// expect: fails 4 with stored-elsewhere
// also: 5, 6, 7
// stretch: fails 8, 9, 10
// about: In the crate: the bytes are collected into a Vec, and the stores go to that.

// step 4: store into the pages
    let mut bytes: Vec<u8> = (0..mapping.pages()).map(|page| mapping.read(page)).collect();
    for &page in pages {
        bytes[page] = b'!';
    }
// end of step 4
