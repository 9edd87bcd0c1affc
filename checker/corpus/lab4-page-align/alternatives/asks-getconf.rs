// expect: passes
// about: right. The page size is what `getconf PAGESIZE` prints, in a child; the file is opened, measured and mapped by rustix (raw system calls), and all lines leave in one write.
use std::ffi::CString;
use std::fmt::Write as _;
use std::os::unix::ffi::OsStringExt;
use std::process::{Command, Stdio, exit};

use rustix::fs::{FileType, Mode, OFlags};
use rustix::mm::{MapFlags, ProtFlags};

fn say(fd: rustix::fd::BorrowedFd<'_>, mut bytes: &[u8]) -> bool {
    while !bytes.is_empty() {
        match rustix::io::write(fd, bytes) {
            Ok(n) => bytes = &bytes[n..],
            Err(rustix::io::Errno::INTR) => {}
            Err(_) => return false,
        }
    }
    true
}

fn fail(status: i32, parts: &[&[u8]]) -> ! {
    let mut line = parts.concat();
    line.push(b'\n');
    say(rustix::stdio::stderr(), &line);
    exit(status)
}

/// A number from 0 to 2^63-1.
fn number(word: &[u8]) -> Option<u128> {
    if word.is_empty() {
        return None;
    }
    word.iter().try_fold(0u128, |v, &c| match c {
        b'0'..=b'9' => Some(v * 10 + u128::from(c - b'0')).filter(|v| *v < 1 << 63),
        _ => None,
    })
}

fn page_size() -> u128 {
    let asked = Command::new("getconf")
        .arg("PAGESIZE")
        .stdin(Stdio::null())
        .output();
    match asked
        .ok()
        .and_then(|o| String::from_utf8(o.stdout).ok())
        .and_then(|s| s.trim().parse().ok())
    {
        Some(n) => n,
        None => fail(1, &[b"getconf PAGESIZE does not answer"]),
    }
}

fn content(out: &mut String, name: &str, bytes: &[u8]) {
    out.push_str(name);
    for &b in bytes {
        if matches!(b, 0x20..=0x5b | 0x5d..=0x7e) {
            out.push(char::from(b));
        } else {
            write!(out, "\\x{b:02x}").unwrap();
        }
    }
    out.push('\n');
}

fn main() {
    let words: Vec<Vec<u8>> = std::env::args_os()
        .skip(1)
        .map(OsStringExt::into_vec)
        .collect();
    let reading = words.first().is_some_and(|w| w == b"--read");
    let rest = &words[if reading { 1 } else { 0 }..];
    let (file, numbers) = if reading && rest.len() == 3 {
        (Some(&rest[0]), &rest[1..])
    } else if !reading && (1..=2).contains(&rest.len()) {
        (None, rest)
    } else {
        fail(2, &[b"usage: lab4-page-align OFFSET [LENGTH]; lab4-page-align --read FILE OFFSET LENGTH"]);
    };
    let refuse = |i: usize| -> ! { fail(1, &[b"refused '", &numbers[i], b"'"]) };
    let Some(offset) = number(&numbers[0]) else {
        refuse(0)
    };
    let mut length = 1;
    if numbers.len() == 2 {
        match number(&numbers[1]) {
            Some(n) if n > 0 => length = n,
            _ => refuse(1),
        }
        if offset + length > 1 << 63 {
            refuse(1);
        }
    }

    // What is wrong with FILE is told before anything is asked of a child.
    let mut opened = None;
    if let Some(name) = file {
        let trouble = |why: &str| -> ! { fail(1, &[b"the file ", name, b": ", why.as_bytes()]) };
        let path = CString::new(name.clone()).unwrap();
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let fd = match rustix::fs::openat(rustix::fs::CWD, &path, flags, Mode::empty()) {
            Ok(fd) => fd,
            Err(e) => trouble(&e.to_string()),
        };
        let stat = match rustix::fs::fstat(&fd) {
            Ok(s) => s,
            Err(e) => trouble(&e.to_string()),
        };
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            trouble("not regular");
        }
        let size = stat.st_size as u128;
        if offset >= size {
            trouble("ends before the window begins");
        }
        length = length.min(size - offset);
        opened = Some((fd, name));
    }

    let page = page_size();
    let delta = offset % page;
    let mut out = format!(
        "page size: {page}\noffset: {offset}\naligned offset: {}\ndelta: {delta}\nmapped length: {}\n",
        offset - delta,
        delta + length
    );
    if let Some((fd, name)) = opened {
        let mapped = unsafe {
            rustix::mm::mmap(
                std::ptr::null_mut(),
                (delta + length) as usize,
                ProtFlags::READ,
                MapFlags::SHARED,
                &fd,
                (offset - delta) as u64,
            )
        };
        let start = match mapped {
            Ok(p) => p.cast::<u8>(),
            Err(e) => fail(1, &[b"the file ", name, b": ", e.to_string().as_bytes()]),
        };
        drop(fd);
        let window =
            unsafe { std::slice::from_raw_parts(start.add(delta as usize), length as usize) };
        writeln!(out, "length: {length}").unwrap();
        content(&mut out, "first bytes: ", &window[..window.len().min(64)]);
        content(
            &mut out,
            "last bytes: ",
            &window[window.len().saturating_sub(64)..],
        );
        let _ = unsafe { rustix::mm::munmap(start.cast(), (delta + length) as usize) };
    }
    exit(if say(rustix::stdio::stdout(), out.as_bytes()) {
        0
    } else {
        1
    });
}
