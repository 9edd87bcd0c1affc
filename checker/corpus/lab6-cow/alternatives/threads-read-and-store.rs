// expect: passes
// about: Rust with memmap2's map_copy. The whole program is a second thread's work; pages are read by three threads at once and stored into by up to four, in the middle of the page; the fork comes from that second thread; the reports go through the entries backwards.
use memmap2::{MmapMut, MmapOptions, UncheckedAdvice};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::FileTypeExt;
use std::process::ExitCode;
use std::thread;

const UNIT: usize = 4096;

fn say(line: String) {
    let mut out = std::io::stdout().lock();
    out.write_all(line.as_bytes())
        .and_then(|()| out.write_all(b"\n"))
        .and_then(|()| out.flush())
        .unwrap();
}

fn wait(what: &str) {
    say(format!("waiting: {what}"));
    let mut line = String::new();
    let mut input = unsafe { <File as std::os::fd::FromRawFd>::from_raw_fd(0) };
    let mut byte = [0u8];
    while matches!(input.read(&mut byte), Ok(1)) && byte[0] != b'\n' {
        line.push(byte[0] as char);
    }
    std::mem::forget(input); // descriptor 0 stays open
}

/// The numbers of the pages in order, as "0 2-3" or "none".
fn groups(mut pages: Vec<usize>) -> String {
    pages.sort();
    let mut text = String::new();
    for run in pages.chunk_by(|a, b| a + 1 == *b) {
        if !text.is_empty() {
            text.push(' ');
        }
        text += &run[0].to_string();
        if let [_, .., last] = run {
            text += &format!("-{last}");
        }
    }
    if text.is_empty() { "none".into() } else { text }
}

fn report(map: &MmapMut, when: &str) {
    let pages = map.len().div_ceil(UNIT);
    let mut table = File::open("/proc/self/pagemap").unwrap();
    table
        .seek(SeekFrom::Start((map.as_ptr() as usize / UNIT * 8) as u64))
        .unwrap();
    let mut bytes = vec![0; pages * 8];
    table.read_exact(&mut bytes).unwrap();
    let (mut file, mut own, mut absent) = (vec![], vec![], vec![]);
    for page in (0..pages).rev() {
        let entry = u64::from_le_bytes(bytes[page * 8..][..8].try_into().unwrap());
        if entry & 1 << 63 == 0 {
            absent.push(page)
        } else if entry & 1 << 61 == 0 {
            own.push(page)
        } else {
            file.push(page)
        }
    }
    say(format!("{when} file: {}", groups(file)));
    say(format!("{when} own: {}", groups(own)));
    say(format!("{when} absent: {}", groups(absent)));
}

fn read_everywhere(map: &MmapMut) {
    thread::scope(|s| {
        for k in 0..3 {
            s.spawn(move || {
                for page in map.chunks(UNIT).skip(k).step_by(3) {
                    unsafe { std::ptr::read_volatile(&page[page.len() / 2]) };
                }
            });
        }
    });
}

fn store_into(map: &mut MmapMut, pages: &[usize]) {
    let mut cells: Vec<&mut [u8]> = map
        .chunks_mut(UNIT)
        .enumerate()
        .filter(|(i, _)| pages.contains(i))
        .map(|(_, page)| page)
        .collect();
    let share = cells.len().div_ceil(4).max(1);
    thread::scope(|s| {
        for some in cells.chunks_mut(share) {
            s.spawn(move || {
                for page in some {
                    let middle = page.len() / 2;
                    unsafe { std::ptr::write_volatile(&mut page[middle], b'\n') };
                }
            });
        }
    });
}

fn refuse(path: &str, why: impl std::fmt::Display) -> u8 {
    eprintln!("{path}: {why}");
    1
}

fn usage() -> u8 {
    eprintln!("usage: lab6-cow FILE [PAGE...] or --drop FILE PAGE... or --fork FILE PAGE CHILD");
    2
}

fn work(args: Vec<String>) -> u8 {
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let (option, path, words): (&str, &str, &[&str]) = match args.as_slice() {
        ["--drop", path, words @ ..] if !words.is_empty() => ("drop", path, words),
        ["--fork", path, words @ ..] if words.len() == 2 => ("fork", path, words),
        ["--drop" | "--fork", ..] | [] => return usage(),
        [path, words @ ..] => ("", path, words),
    };
    for word in words {
        if word.is_empty() || word.bytes().any(|b| !(b'0'..=b'9').contains(&b)) {
            return usage();
        }
    }
    let meta = match std::fs::metadata(path) {
        Ok(meta) => meta,
        Err(e) => return refuse(path, e),
    };
    if meta.file_type().is_fifo() {
        return refuse(path, "is a named pipe");
    }
    if !meta.is_file() || meta.len() == 0 || meta.len() > (65_536 * UNIT) as u64 {
        return refuse(path, "is no regular file of one to 65536 pages");
    }
    let file = match File::open(path) {
        Ok(file) => file,
        Err(e) => return refuse(path, e),
    };
    let pages = (meta.len() as usize).div_ceil(UNIT);
    let mut named = vec![];
    for word in words {
        let number = word
            .bytes()
            .fold(0u128, |n, b| (n * 10 + (b - b'0') as u128).min(1 << 100));
        if number >= pages as u128 {
            return refuse(
                path,
                format!("has {pages} pages, and none with the number {word}"),
            );
        }
        named.push(number as usize);
    }
    let mut map = match unsafe { MmapOptions::new().len(meta.len() as usize).map_copy(&file) } {
        Ok(map) => map,
        Err(e) => return refuse(path, e),
    };

    say(format!("pages: {pages}"));
    report(&map, "mapped");
    read_everywhere(&map);
    report(&map, "read");
    wait("store");
    store_into(
        &mut map,
        if option == "fork" {
            &named[..1]
        } else {
            &named
        },
    );
    report(&map, "stored");
    if option == "drop" {
        for page in &named {
            let size = UNIT.min(map.len() - page * UNIT);
            unsafe { map.unchecked_advise_range(UncheckedAdvice::DontNeed, page * UNIT, size) }
                .unwrap();
        }
        report(&map, "dropped");
        read_everywhere(&map);
        report(&map, "again");
    }
    if option == "fork" {
        let child = unsafe { libc::fork() };
        if child < 0 {
            return refuse(path, std::io::Error::last_os_error());
        }
        if child == 0 {
            // No threads here: only this one came along.
            unsafe { std::ptr::write_volatile(&mut map[named[1] * UNIT], 0) };
            report(&map, "child");
            wait("child");
            unsafe { libc::_exit(0) };
        }
        let mut status = -1;
        unsafe { libc::waitpid(child, &mut status, 0) };
        if status != 0 {
            return refuse(path, "the child failed");
        }
        report(&map, "parent");
    }
    let start = map.as_ptr() as usize;
    let maps = String::from_utf8_lossy(&std::fs::read("/proc/self/maps").unwrap()).into_owned();
    let line = maps.lines().find(|l| {
        l.split('-')
            .next()
            .is_some_and(|s| usize::from_str_radix(s, 16) == Ok(start))
    });
    let words: Vec<&str> = line.unwrap().split(' ').take(3).collect();
    say(format!("line: {}", words.join(" ")));
    wait("end");
    std::mem::forget(map); // the kernel takes it down with the process
    0
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let worker = thread::Builder::new()
        .name("worker".into())
        .spawn(move || work(args))
        .unwrap();
    ExitCode::from(worker.join().unwrap_or(1))
}
