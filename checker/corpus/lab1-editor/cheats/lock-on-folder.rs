// expect: fails 11 with append-raced
// about: Appenders exclude each other by a lock on the folder that the name FILE lies in. Two names of one file in two folders (a symbolic or a hard link) take two different locks, both see the same old end, and one text is lost. Breaks "When two processes of your program append to one file at the same time, both texts are there afterwards".

use std::fs::{File, OpenOptions};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::ExitCode;
use std::{env, io};

use memmap2::{MmapOptions, MmapRaw};
use rustix::fs::{FallocateFlags, fallocate};

fn open(path: &Path, write: bool) -> io::Result<(File, u64)> {
    let file = OpenOptions::new()
        .read(true)
        .write(write)
        .custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY)
        .open(path)?;
    let meta = file.metadata()?;
    if !meta.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    Ok((file, meta.len()))
}

fn content(bytes: &[u8]) -> String {
    let mut s = String::new();
    for &b in bytes.iter().take(64) {
        match b {
            b'\\' => s.push_str("\\x5c"),
            0x20..=0x7e => s.push(b as char),
            _ => s.push_str(&format!("\\x{b:02x}")),
        }
    }
    s
}

fn show(path: &Path) -> io::Result<()> {
    let (file, size) = open(path, false)?;
    let shown = size.min(64) as usize;
    let text = if shown == 0 {
        String::new()
    } else {
        content(&unsafe { MmapOptions::new().len(shown).map(&file)? })
    };
    println!("size: {size}");
    println!("content: {text}");
    Ok(())
}

/// Stores `text` at `at`, which lies wholly inside the file.
fn store(file: &File, at: u64, text: &[u8]) -> io::Result<Option<MmapRaw>> {
    if text.is_empty() {
        return Ok(None);
    }
    let map = MmapOptions::new()
        .offset(at)
        .len(text.len())
        .map_raw(file)?;
    unsafe { std::ptr::copy_nonoverlapping(text.as_ptr(), map.as_mut_ptr(), text.len()) };
    Ok(Some(map))
}

fn overwrite(path: &Path, text: &[u8]) -> io::Result<()> {
    let (file, size) = open(path, true)?;
    let n = (text.len() as u64).min(size) as usize;
    println!("size: {size}");
    let map = store(&file, 0, &text[..n])?;
    println!("written: {n}");
    println!("cut: {}", text.len() - n);
    if let Some(map) = map {
        map.flush()?;
    }
    println!("synced: {n}");
    Ok(())
}

fn append(path: &Path, text: &[u8]) -> io::Result<()> {
    let (file, _) = open(path, true)?;
    let folder = match path.parent() {
        Some(p) if !p.as_os_str().is_empty() => p,
        _ => Path::new("."),
    };
    let guard = File::open(folder)?;
    guard.lock()?;

    let old = file.metadata()?.len();
    println!("size: {old}");
    if !text.is_empty() {
        if let Err(e) = fallocate(&file, FallocateFlags::empty(), old, text.len() as u64) {
            if file.metadata()?.len() != old {
                file.set_len(old)?;
            }
            return Err(e.into());
        }
    }
    let map = store(&file, old, text)?;
    println!("appended: {}", text.len());
    if let Some(map) = map {
        map.flush()?;
    }
    println!("synced: {}", text.len());
    println!("new size: {}", old + text.len() as u64);
    Ok(())
}

fn main() -> ExitCode {
    let args: Vec<_> = env::args_os().skip(1).collect();
    let command = args.first().and_then(|a| a.to_str()).unwrap_or("");
    let done = match (command, args.len()) {
        ("show", 2) => show(Path::new(&args[1])),
        ("overwrite", 3) => overwrite(Path::new(&args[1]), args[2].as_bytes()),
        ("append", 3) => append(Path::new(&args[1]), args[2].as_bytes()),
        _ => {
            eprintln!("usage: lab1-editor show FILE | overwrite FILE TEXT | append FILE TEXT");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("lab1-editor: {}: {e}", args[1].to_string_lossy());
            ExitCode::from(1)
        }
    }
}
