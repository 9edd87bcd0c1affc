// expect: fails 1, 4, 5 with two-private
// also: 6, 7, 9
// about: In the crate: the shared half calls the private one, with a descriptor that may write.

// step 3: store through a shared mapping
    // The same once more: the file is open for writing now, so the store goes through.
    store_privately(file, text)
// end of step 3
