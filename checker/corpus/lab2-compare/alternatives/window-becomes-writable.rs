// expect: passes
// about: a shared read-only window through memmap2 (made after `size`) is what the file is looked at through, and after `private file` the very same window is made writable with mprotect for the shared store; stores are done by several threads; the last look goes through a private read-only mapping.
use memmap2::{Mmap, MmapMut, MmapOptions};
use std::fs::File;
use std::os::unix::fs::OpenOptionsExt;
use std::process::ExitCode;

fn content(bytes: &[u8]) -> String {
    let mut out = String::new();
    for i in 0..bytes.len() {
        // others may change the page: look at each byte once
        let b = unsafe { std::ptr::read_volatile(&bytes[i]) };
        if (0x20..0x7f).contains(&b) && b != b'\\' {
            out.push(b as char);
        } else {
            out += &format!("\\x{b:02x}");
        }
    }
    out
}

/// Every thread stores a few pages' worth of the text.
fn store(map: &mut MmapMut, text: &[u8]) {
    let part = text.len().div_ceil(3).max(1);
    std::thread::scope(|s| {
        for (to, from) in map[..text.len()].chunks_mut(part).zip(text.chunks(part)) {
            s.spawn(move || to.copy_from_slice(from));
        }
    });
}

fn open(name: &str, write: bool) -> std::io::Result<File> {
    File::options()
        .read(true)
        .write(write)
        .custom_flags(libc::O_NONBLOCK)
        .open(name)
}

fn run(name: &str, text: &[u8]) -> std::io::Result<()> {
    let mut file = open(name, false)?;
    let meta = file.metadata()?;
    if !meta.is_file() {
        return Err(std::io::Error::other("not a regular file"));
    }
    let size = meta.len();
    println!("size: {size}");
    if size == 0 {
        for label in [
            "private mapping",
            "private file",
            "shared mapping",
            "shared file",
        ] {
            println!("{label}:");
        }
        return Ok(());
    }
    let text = &text[..size.min(text.len() as u64) as usize];
    let shown = size.min(64) as usize;
    let mut how = MmapOptions::new();
    how.len(shown.max(text.len()));

    // A descriptor that may write, if there is one to be had; if not, it is an error only later.
    let refused = match open(name, true) {
        Ok(f) => {
            file = f;
            None
        }
        Err(e) => Some(e),
    };
    let window: Mmap = unsafe { how.map(&file)? };
    let mut private: MmapMut = unsafe { how.map_copy(&file)? };
    store(&mut private, text);
    println!("private mapping: {}", content(&private[..shown]));
    println!("private file: {}", content(&window[..shown]));
    if let Some(e) = refused {
        return Err(e);
    }

    let mut shared = window.make_mut()?;
    store(&mut shared, text);
    println!("shared mapping: {}", content(&shared[..shown]));
    let other = unsafe { how.map_copy_read_only(&file)? };
    println!("shared file: {}", content(&other[..shown]));
    Ok(())
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if args.len() != 2 {
        eprintln!("usage: lab2-compare FILE TEXT");
        return ExitCode::from(2);
    }
    match run(&args[0], args[1].as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("{}: {e}", args[0]);
            ExitCode::FAILURE
        }
    }
}
