//! What a program believes that was shown larger pages: this test itself, started once more.

#![allow(unsafe_code, reason = "mappings are asked of libc, as programs do it")]

use std::fs::{self, File};
use std::os::fd::AsRawFd;
use std::process::Command;
use std::{env, io, ptr, slice, thread};

use libc::{MAP_ANONYMOUS, MAP_FIXED, MAP_PRIVATE, PROT_READ, PROT_WRITE};

use crate::place;

/// The variable that the library reads.
const BELIEVED: &str = "BELIEVED_PAGE_SIZE";

/// This test once more, with the library, and with this page size to believe.
fn again(size: &str) {
    let library = &place::built("lab4-page-align", &["pagesize"]).beside["pagesize"];
    let myself = env::current_exe().expect("the test");
    let output = Command::new(myself)
        .args([
            "--exact",
            "--ignored",
            "pages::in_a_program_that_was_shown_larger_pages",
        ])
        .env("LD_PRELOAD", library)
        .env(BELIEVED, size)
        .output()
        .expect("the test runs");
    let words = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && words.contains("1 passed"),
        "{words}"
    );
}

#[test]
fn larger_pages_are_believed() {
    again("65536");
    again("1048576");
}

#[test]
fn the_machines_own_pages_are_never_smaller() {
    again("512");
    again("12345");
    again("none");
}

// The crate `libc` has no getpagesize for Linux.
unsafe extern "C" {
    safe fn getpagesize() -> i32;
}

/// The page size by each of the three ways.
fn asked() -> [u64; 3] {
    // SAFETY: none of the three has a precondition.
    unsafe {
        [
            libc::sysconf(libc::_SC_PAGESIZE) as u64,
            getpagesize() as u64,
            libc::getauxval(libc::AT_PAGESZ),
        ]
    }
}

/// A mapping of this test's own file, or of none.
fn map(
    at: usize,
    length: usize,
    flags: i32,
    file: Option<&File>,
    offset: u64,
) -> io::Result<usize> {
    let (flags, fd) = match file {
        Some(file) => (flags, file.as_raw_fd()),
        None => (flags | MAP_ANONYMOUS, -1),
    };
    let prot = match file {
        Some(_) => PROT_READ,
        None => PROT_READ | PROT_WRITE,
    };
    // SAFETY: a fixed address is only asked for where a mapping of this test stands.
    let start = unsafe { libc::mmap(at as *mut _, length, prot, flags, fd, offset as i64) };
    match start {
        libc::MAP_FAILED => Err(io::Error::last_os_error()),
        start => Ok(start as usize),
    }
}

#[test]
#[ignore = "started by the others, with the library"]
fn in_a_program_that_was_shown_larger_pages() {
    // The machine's own, which nobody can talk the kernel out of telling.
    let vector = fs::read("/proc/self/auxv").expect("the auxiliary vector");
    let words: Vec<u64> = vector
        .chunks_exact(8)
        .map(|word| u64::from_ne_bytes(word.try_into().expect("eight bytes")))
        .collect();
    let entry = words
        .chunks_exact(2)
        .find(|entry| entry[0] == libc::AT_PAGESZ);
    let own = entry.expect("a page size")[1];
    let wanted: u64 = env::var(BELIEVED)
        .ok()
        .and_then(|size| size.parse().ok())
        .unwrap_or(0);
    let believed = match wanted.is_power_of_two() {
        true => wanted.max(own),
        false => own,
    };
    assert_eq!(asked(), [believed; 3]);
    // SAFETY: sysconf has no precondition.
    assert!(unsafe { libc::sysconf(libc::_SC_OPEN_MAX) } > 0);

    let path = env::current_exe().expect("the test");
    let (bytes, file) = (
        fs::read(&path).expect("bytes"),
        File::open(&path).expect("a file"),
    );
    let page = believed as usize;
    let errno = |answer: io::Result<usize>| answer.expect_err("a refusal").raw_os_error();
    if believed > own {
        let offset = believed + own;
        assert_eq!(
            errno(map(0, 9, MAP_PRIVATE, Some(&file), offset)),
            Some(libc::EINVAL)
        );
    }
    assert_eq!(
        errno(map(0, 0, MAP_PRIVATE, Some(&file), 0)),
        Some(libc::EINVAL)
    );
    let start = map(0, 100, MAP_PRIVATE, Some(&file), believed).expect("a mapping");
    assert_eq!(start % page, 0);
    // SAFETY: a page of the file is mapped, from `page` on; the file does not change.
    let seen = unsafe { slice::from_raw_parts(start as *const u8, page) };
    assert!(bytes.len() > 2 * page && seen == &bytes[page..2 * page]);

    let many: Vec<usize> = (1..50)
        .map(|n| map(0, n * 1000, MAP_PRIVATE, None, 0).expect("a mapping"))
        .collect();
    for (n, &start) in (1..).zip(&many) {
        let length = (n * 1000_usize).next_multiple_of(page);
        assert_eq!(start % page, 0);
        // SAFETY: whole pages were mapped for this alone, for reading and writing.
        unsafe { ptr::write_bytes(start as *mut u8, 7, length) };
    }
    let fixed = map(many[0], page, MAP_PRIVATE | MAP_FIXED, None, 0);
    assert_eq!(fixed.expect("the same place"), many[0]);
    let askew = map(many[0] + 100, page, MAP_PRIVATE | MAP_FIXED, None, 0);
    assert_eq!(errno(askew), Some(libc::EINVAL));
    for (n, start) in (1..).zip(many) {
        let length = (n * 1000_usize).next_multiple_of(page);
        // SAFETY: the mapping of this size that was made above, and that nobody uses any more.
        assert_eq!(unsafe { libc::munmap(start as *mut _, length) }, 0);
    }
    let thread = thread::spawn(|| vec![1_u8; 10 << 20].len());
    assert_eq!(thread.join().expect("a thread"), 10 << 20);
}
