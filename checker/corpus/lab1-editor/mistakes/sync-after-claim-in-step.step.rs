// expect: fails 6, 7 with sync-after-claim
// about: In the crate: sync is left to the end of the scope, where what was stored is dropped: the line synced is printed before that.

impl Drop for Stored {
    /// Nobody can forget to sync this way.
    fn drop(&mut self) {
        let begin = self.at - self.at % page_size();
        let length = self.at + self.length - begin;
        // SAFETY: the range lies inside a mapping that is unmapped only after this.
        let done = unsafe { msync(self.mapping.address(begin), length, MsFlags::MS_SYNC) };
        if let Err(errno) = done {
            eprintln!("cannot sync: {errno}");
        }
    }
}

// step 3: sync what was stored
    let _ = (file, stored);
    Ok(())
// end of step 3
