// expect: fails 7 with printed-before-looking
// about: In the crate: the file is read right after each store and kept in a static, and look gives out what was kept, one line later.

use std::sync::Mutex;

/// What the file holds.
static CONTENT: Mutex<Vec<u8>> = Mutex::new(Vec::new());

fn remember(file: &RegularFile) -> Result<(), Error> {
    let mut bytes = vec![0; SHOWN];
    let got = file.file.read_at(&mut bytes, 0);
    bytes.truncate(got.map_err(|cause| file.failed("read", cause))?);
    *CONTENT.lock().expect("nobody panics with it") = bytes;
    Ok(())
}

// step 1: store through a private mapping
    let length = file.length.min(text.len().max(SHOWN) as u64);
    if length == 0 {
        return Ok(None);
    }
    let both = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
    let mapping = file.map(both, MapFlags::MAP_PRIVATE, 0..length)?;
    mapping.store(&text[..text.len().min(mapping.length())]);
    remember(file)?;
    Ok(Some(mapping))
// end of step 1

// step 2: look at the file
    let _ = file;
    Ok(CONTENT.lock().expect("nobody panics with it").clone())
// end of step 2

// step 3: store through a shared mapping
    let length = file.length.min(text.len().max(SHOWN) as u64);
    if length == 0 {
        return Ok(None);
    }
    let both = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
    let mapping = file.map(both, MapFlags::MAP_SHARED, 0..length)?;
    mapping.store(&text[..text.len().min(mapping.length())]);
    remember(file)?;
    Ok(Some(mapping))
// end of step 3
