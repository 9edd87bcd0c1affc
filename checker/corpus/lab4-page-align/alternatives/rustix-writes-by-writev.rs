// expect: passes
// about: rustix without libc's mmap: page size by rustix::param::page_size (it asks getauxval), statx, mmap by a raw system call, private; the facts are collected and leave by one writev.
use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, StatxFlags, openat, statx};
use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};
use std::fmt::Write;
use std::io::IoSlice;
use std::num::NonZeroU64;

enum Bad {
    Usage,
    Error(String),
}

fn number(word: &str) -> Result<u64, Bad> {
    let mut sum = 0u128;
    for c in word.chars() {
        let digit = "0123456789"
            .find(c)
            .ok_or_else(|| Bad::Error(format!("“{word}” has the character {c:?}")))?;
        sum = (sum * 10 + digit as u128).min(1 << 100);
    }
    match u64::try_from(sum) {
        Ok(n) if n >> 63 == 0 && !word.is_empty() => Ok(n),
        _ => Err(Bad::Error(format!("“{word}” is not in range"))),
    }
}

fn run(words: &[String]) -> Result<Vec<String>, Bad> {
    let (name, pair) = match words {
        [first, name, pair @ ..] if first == "--read" && pair.len() == 2 => (Some(name), pair),
        [first, ..] if first == "--read" => return Err(Bad::Usage),
        pair if pair.len() == 1 || pair.len() == 2 => (None, pair),
        _ => return Err(Bad::Usage),
    };
    let offset = number(&pair[0])?;
    let mut length = match pair.get(1) {
        Some(word) => NonZeroU64::new(number(word)?)
            .ok_or_else(|| Bad::Error(format!("“{word}”: nothing to map")))?,
        None => NonZeroU64::MIN,
    };
    if offset
        .checked_add(length.get() - 1)
        .is_none_or(|last| last > i64::MAX as u64)
    {
        return Err(Bad::Error(format!(
            "“{}” is too long from “{}” on",
            pair[1], pair[0]
        )));
    }

    let page = rustix::param::page_size() as u64;
    let aligned = offset & page.wrapping_neg();
    let delta = offset ^ aligned;
    let mut more = Vec::new();

    if let Some(name) = name {
        let error = |e: rustix::io::Errno| Bad::Error(format!("{name}: {e}"));
        // looked at before it is opened; and opened so that it would not wait in any case
        let kind = |x: &rustix::fs::Statx| FileType::from_raw_mode(x.stx_mode.into());
        let fields = StatxFlags::TYPE | StatxFlags::SIZE;
        let seen = statx(CWD, name.as_str(), AtFlags::empty(), fields).map_err(error)?;
        if kind(&seen) != FileType::RegularFile {
            return Err(Bad::Error(format!("{name}: only regular files are read")));
        }
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let file = openat(CWD, name.as_str(), flags, Mode::empty()).map_err(error)?;
        let seen = statx(&file, "", AtFlags::EMPTY_PATH, fields).map_err(error)?;
        if kind(&seen) != FileType::RegularFile {
            return Err(Bad::Error(format!("{name}: only regular files are read")));
        }
        let left = seen.stx_size.checked_sub(offset).and_then(NonZeroU64::new);
        let left = left
            .ok_or_else(|| Bad::Error(format!("{name}: the window begins behind its last byte")))?;
        length = length.min(left);
        let n = length.get().min(64) as usize;
        let whole = (delta + length.get()).next_multiple_of(page) as usize;
        let (mut first, mut last) = ([0u8; 64], [0u8; 64]);
        unsafe {
            let map = mmap(
                std::ptr::null_mut(),
                whole,
                ProtFlags::READ,
                MapFlags::PRIVATE,
                &file,
                aligned,
            )
            .map_err(error)?;
            let window = map.cast::<u8>().add(delta as usize);
            for i in 0..n {
                first[i] = window.add(i).read_volatile();
                last[n - 1 - i] = window.add(length.get() as usize - 1 - i).read_volatile();
            }
            munmap(map, whole).map_err(error)?;
        }
        more.push(format!("length: {length}\n"));
        for (what, bytes) in [("first", &first[..n]), ("last", &last[..n])] {
            let mut line = format!("{what} bytes: ");
            for b in bytes {
                if (0x20..0x7f).contains(b) && *b != 0x5c {
                    line.push(*b as char);
                } else {
                    write!(line, "\\x{b:02x}").unwrap();
                }
            }
            line.push('\n');
            more.push(line);
        }
    }

    let mut facts = vec![
        format!("page size: {page}\n"),
        format!("offset: {offset}\n"),
        format!("aligned offset: {aligned}\n"),
        format!("delta: {delta}\n"),
        format!("mapped length: {}\n", delta as u128 + length.get() as u128),
    ];
    facts.append(&mut more);
    Ok(facts)
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let (fd, text, status) = match run(&words) {
        Ok(facts) => (rustix::stdio::stdout(), facts, 0),
        Err(Bad::Usage) => {
            let line = "usage: lab4-page-align [--read FILE] OFFSET [LENGTH]\n".to_string();
            (rustix::stdio::stderr(), vec![line], 2)
        }
        Err(Bad::Error(line)) => (rustix::stdio::stderr(), vec![line + "\n"], 1),
    };
    let all: usize = text.iter().map(String::len).sum();
    let pieces: Vec<IoSlice> = text
        .iter()
        .map(|line| IoSlice::new(line.as_bytes()))
        .collect();
    let done = rustix::io::writev(fd, &pieces);
    std::process::exit(if done == Ok(all) { status } else { 1 });
}
