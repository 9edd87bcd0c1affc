// expect: passes
// about: getpagesize(); an inaccessible anonymous reservation with a guard page on either side, into which FILE is mapped shared with MAP_FIXED by nix; two threads make the text of the first and of the last bytes at once.
use nix::fcntl::{OFlag, open};
use nix::sys::mman::{MapFlags, MmapAdvise, ProtFlags, madvise, mmap, mmap_anonymous, munmap};
use nix::sys::stat::{Mode, SFlag, fstat};
use std::ffi::c_void;
use std::io::Write;
use std::num::NonZeroUsize;
use std::process::ExitCode;
use std::ptr::NonNull;
use std::thread;

type Outcome<T> = Result<T, (String, u8)>;

fn refused<T>(word: &str) -> Outcome<T> {
    Err((format!("I do not take {word}"), 1))
}

fn number(word: &str, least: u64) -> Outcome<u64> {
    let right = !word.is_empty() && word.chars().all(|c| matches!(c, '0'..='9'));
    match word.parse::<u64>() {
        Ok(n) if right && (least..=i64::MAX as u64).contains(&n) => Ok(n),
        _ => refused(word),
    }
}

fn pair(offset: &str, length: &str) -> Outcome<(u64, u64)> {
    let (o, l) = (number(offset, 0)?, number(length, 1)?);
    match i64::try_from(o as i128 + l as i128 - 1) {
        Ok(_) => Ok((o, l)),
        Err(_) => refused(length),
    }
}

fn page_size() -> u64 {
    unsafe extern "C" {
        safe fn getpagesize() -> i32;
    }
    getpagesize() as u64
}

/// One fact, one write.
fn fact(name: &str, value: impl std::fmt::Display) -> Outcome<()> {
    let line = format!("{name}: {value}\n");
    let mut out = std::io::stdout().lock();
    let done = out.write_all(line.as_bytes()).and_then(|_| out.flush());
    done.map_err(|e| (format!("standard output: {e}"), 1))
}

fn facts(offset: u64, length: u64) -> Outcome<()> {
    let page = page_size();
    let pages = offset / page;
    fact("page size", page)?;
    fact("offset", offset)?;
    fact("aligned offset", pages * page)?;
    fact("delta", offset - pages * page)?;
    fact("mapped length", offset - pages * page + length)
}

fn text(bytes: &[u8]) -> String {
    let mut out = Vec::new();
    for &b in bytes {
        match b {
            b' '..=b'[' | b']'..=b'~' => out.push(b),
            _ => write!(out, "\\x{b:02x}").unwrap(),
        }
    }
    String::from_utf8(out).unwrap()
}

fn read(name: &str, offset: u64, length: u64) -> Outcome<()> {
    let about = |e: nix::Error| (format!("{name}: {}", e.desc()), 1);
    let flags = OFlag::O_RDONLY | OFlag::O_CLOEXEC | OFlag::O_NONBLOCK | OFlag::O_NOCTTY;
    let file = open(name, flags, Mode::empty()).map_err(about)?;
    let st = fstat(&file).map_err(about)?;
    if SFlag::from_bits_truncate(st.st_mode) & SFlag::S_IFMT != SFlag::S_IFREG {
        return Err((format!("{name}: something else than a regular file"), 1));
    }
    let size = st.st_size as u64;
    if size <= offset {
        return Err((format!("{name}: no byte of it is in the window"), 1));
    }
    let length = length.min(size - offset);
    let page = page_size() as usize;
    let delta = (offset % page as u64) as usize;
    let mapped = delta + length as usize;

    // [guard][the pages of the window][guard], and as much as it takes to begin at a page
    let room = NonZeroUsize::new(mapped.next_multiple_of(page) + 3 * page).unwrap();
    let none = MapFlags::MAP_PRIVATE | MapFlags::MAP_NORESERVE;
    let place = unsafe { mmap_anonymous(None, room, ProtFlags::PROT_NONE, none) }.map_err(about)?;
    let at = (place.as_ptr() as usize + page).next_multiple_of(page);
    let want = NonZeroUsize::new(mapped).unwrap();
    let how = MapFlags::MAP_SHARED | MapFlags::MAP_FIXED;
    let from = (offset - delta as u64) as i64;
    let map = unsafe {
        mmap(
            NonZeroUsize::new(at),
            want,
            ProtFlags::PROT_READ,
            how,
            &file,
            from,
        )
    }
    .map_err(about)?;
    drop(file);
    let _ = unsafe { madvise(map, mapped, MmapAdvise::MADV_RANDOM) };

    let window = unsafe {
        std::slice::from_raw_parts(map.as_ptr().cast::<u8>().add(delta), length as usize)
    };
    let (first, last) = thread::scope(|s| {
        let first = s.spawn(|| text(&window[..window.len().min(64)]));
        let last = s.spawn(|| text(window.last_chunk::<64>().map_or(window, |l| &l[..])));
        (first.join().unwrap(), last.join().unwrap())
    });
    let place: NonNull<c_void> = place;
    unsafe { munmap(place, room.get()) }.map_err(about)?;

    facts(offset, length)?;
    fact("length", length)?;
    fact("first bytes", first)?;
    fact("last bytes", last)
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let outcome = match words.as_slice() {
        ["--read", name, offset, length] => {
            pair(offset, length).and_then(|(o, l)| read(name, o, l))
        }
        ["--read", ..] => Err(("usage: lab4-page-align --read FILE OFFSET LENGTH".into(), 2)),
        [offset] => pair(offset, "1").and_then(|(o, l)| facts(o, l)),
        [offset, length] => pair(offset, length).and_then(|(o, l)| facts(o, l)),
        _ => Err(("usage: lab4-page-align OFFSET [LENGTH]".into(), 2)),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err((line, status)) => {
            eprintln!("{line}");
            ExitCode::from(status)
        }
    }
}
