// expect: passes
// about: Maps the whole file with memmap2 (5 GiB too), four scoped threads store the text backwards, part by part, with atomic stores and are joined; one msync per changed page, from the last page to the first.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{self, Error, ErrorKind};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};
use std::process::exit;
use std::sync::atomic::{AtomicU8, Ordering};
use std::thread;

use memmap2::{MmapMut, MmapOptions};
use rustix::fs::{FallocateFlags, fallocate};

const PAGE: u64 = 4096;

struct Editor {
    file: File,
}

impl Editor {
    fn open(name: &OsString, write: bool) -> io::Result<Editor> {
        let file = OpenOptions::new()
            .read(true)
            .write(write)
            .custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY | libc::O_LARGEFILE)
            .open(name)?;
        let t = file.metadata()?.file_type();
        if t.is_fifo() || t.is_dir() || !t.is_file() {
            return Err(Error::new(ErrorKind::InvalidInput, "no regular file"));
        }
        Ok(Editor { file })
    }

    fn size(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.size())
    }

    /// The whole file, as bytes that several threads may store into.
    fn map(&self) -> io::Result<MmapMut> {
        unsafe { MmapOptions::new().no_reserve_swap().map_mut(&self.file) }
    }

    fn put(map: &mut MmapMut, at: usize, text: &[u8]) {
        let room = &mut map[at..at + text.len()];
        let cells: &[AtomicU8] =
            unsafe { std::slice::from_raw_parts(room.as_mut_ptr() as *const AtomicU8, room.len()) };
        let part = text.len().div_ceil(4).max(1);
        thread::scope(|s| {
            for (to, from) in cells.chunks(part).zip(text.chunks(part)) {
                s.spawn(move || {
                    for (c, b) in to.iter().zip(from).rev() {
                        c.store(*b, Ordering::Release);
                    }
                });
            }
        });
    }

    /// Syncs the pages of at..at+len, the last one first.
    fn sync(map: &MmapMut, at: u64, len: u64) -> io::Result<()> {
        if len == 0 {
            return Ok(());
        }
        for page in (at / PAGE..=(at + len - 1) / PAGE).rev() {
            let start = (page * PAGE).max(at);
            let end = ((page + 1) * PAGE).min(at + len);
            map.flush_range(start as usize, (end - start) as usize)?;
        }
        Ok(())
    }
}

fn show(name: &OsString) -> io::Result<()> {
    let e = Editor::open(name, false)?;
    let size = e.size()?;
    let map = if size > 0 {
        Some(unsafe { MmapOptions::new().map(&e.file)? })
    } else {
        None
    };
    println!("size: {size}");
    let bytes: &[u8] = map.as_deref().unwrap_or(&[]);
    let text: String = bytes[..bytes.len().min(64)]
        .iter()
        .map(|&b| match b {
            b' '..=b'~' if b != b'\\' => (b as char).to_string(),
            _ => format!("\\x{:x}{:x}", b >> 4, b & 15),
        })
        .collect();
    println!("content: {text}");
    Ok(())
}

fn overwrite(name: &OsString, text: &[u8]) -> io::Result<()> {
    let e = Editor::open(name, true)?;
    let size = e.size()?;
    println!("size: {size}");
    let n = size.min(text.len() as u64);
    let mut map = None;
    if n > 0 {
        let mut m = e.map()?;
        Editor::put(&mut m, 0, &text[..n as usize]);
        map = Some(m);
    }
    println!("written: {n}");
    println!("cut: {}", text.len() as u64 - n);
    if let Some(m) = map {
        Editor::sync(&m, 0, n)?;
    }
    println!("synced: {n}");
    Ok(())
}

fn append(name: &OsString, text: &[u8]) -> io::Result<()> {
    let e = Editor::open(name, true)?;
    e.file.lock()?;
    let old = e.size()?;
    let len = text.len() as u64;
    println!("size: {old}");
    if len > 0 {
        if let Err(why) = fallocate(&e.file, FallocateFlags::empty(), old, len) {
            if e.size()? != old {
                e.file.set_len(old)?;
            }
            return Err(why.into());
        }
        let mut m = e.map()?;
        Editor::put(&mut m, old as usize, text);
        println!("appended: {len}");
        Editor::sync(&m, old, len)?;
    } else {
        println!("appended: 0");
    }
    println!("synced: {len}");
    println!("new size: {}", old + len);
    e.file.unlock()
}

fn main() {
    let args: Vec<OsString> = std::env::args_os().skip(1).collect();
    let done = match args.as_slice() {
        [c, f] if c == "show" => show(f),
        [c, f, t] if c == "overwrite" => overwrite(f, t.as_bytes()),
        [c, f, t] if c == "append" => append(f, t.as_bytes()),
        _ => {
            eprintln!("usage: lab1-editor (show FILE | overwrite FILE TEXT | append FILE TEXT)");
            exit(2);
        }
    };
    if let Err(why) = done {
        let mut line = b"cannot edit ".to_vec();
        line.extend(args[1].clone().into_vec());
        line.extend(format!(": {why}\n").into_bytes());
        let _ = io::Write::write_all(&mut io::stderr(), &line);
        exit(1);
    }
}
