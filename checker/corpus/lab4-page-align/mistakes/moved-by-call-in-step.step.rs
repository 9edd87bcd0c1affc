// expect: fails 5, 6 with moved-by-call
// also: 7, 9, 10
// about: In the crate: the file is sought and read, and nothing is mapped.

use std::io::{Read, Seek, SeekFrom};

/// Bytes of the file from an offset on.
fn bytes_at(file: &RegularFile, offset: u64, count: u64) -> Result<Vec<u8>, Error> {
    let mut bytes = vec![0; count as usize];
    let mut handle = &file.file;
    let done = handle.seek(SeekFrom::Start(offset));
    let done = done.and_then(|_| handle.read_exact(&mut bytes));
    done.map_err(|cause| file.failed("read", cause))?;
    Ok(bytes)
}

// step 4: read the window
    let left = file.length.saturating_sub(span.offset);
    if left == 0 {
        return Err(file.failed("show", io::Error::other("it ends before")));
    }
    let length = span.length.min(left);
    let span = Span { length, ..span };
    let shown = length.min(SHOWN);
    Ok(Window {
        span,
        place: align(span, page),
        first: bytes_at(file, span.offset, shown)?,
        last: bytes_at(file, span.offset + length - shown, shown)?,
    })
// end of step 4
