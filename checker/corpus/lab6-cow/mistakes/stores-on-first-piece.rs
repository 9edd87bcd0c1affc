// expect: fails 3 with stored-too-early
// about: At the wait "store" it stores as soon as the first byte of the line has come and only then reads on to the newline; when the line comes in pieces, it waits for the rest with the pages already copied: breaks "and still when the program waits for the first line, every page of the mapping is in the page table and the file's" (with "To wait is to read standard input until a newline", a line that "may come in pieces").
use std::fs::{File, OpenOptions};
use std::io::{BufRead, Read};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::process::exit;

#[derive(PartialEq, Clone, Copy)]
enum Mode {
    Plain,
    Drop,
    Fork,
}

#[derive(PartialEq, Clone, Copy)]
enum Whose {
    File,
    Own,
    Absent,
}

fn usage() -> ! {
    eprintln!("usage: lab6-cow FILE [PAGE...] | --drop FILE PAGE... | --fork FILE PAGE CHILD");
    exit(2)
}

fn fail(path: &str, why: &str) -> ! {
    eprintln!("lab6-cow: {path}: {why}");
    exit(1)
}

struct Mapping {
    base: *mut u8,
    page: usize,
    pages: usize,
}

impl Mapping {
    fn look(&self) -> std::io::Result<Vec<Whose>> {
        let table = File::open("/proc/self/pagemap")?;
        let mut bytes = vec![0u8; self.pages * 8];
        table.read_exact_at(&mut bytes, (self.base as usize / self.page * 8) as u64)?;
        Ok(bytes
            .chunks_exact(8)
            .map(|entry| {
                let entry = u64::from_ne_bytes(entry.try_into().unwrap());
                match (entry >> 63, entry >> 61 & 1) {
                    (0, _) => Whose::Absent,
                    (_, 1) => Whose::File,
                    _ => Whose::Own,
                }
            })
            .collect())
    }

    fn report(&self, when: &str) {
        let whose = self.look().expect("pagemap");
        for (what, kind) in [
            ("file", Whose::File),
            ("own", Whose::Own),
            ("absent", Whose::Absent),
        ] {
            let mut groups = Vec::new();
            let mut i = 0;
            while i < self.pages {
                if whose[i] != kind {
                    i += 1;
                    continue;
                }
                let first = i;
                while i < self.pages && whose[i] == kind {
                    i += 1;
                }
                groups.push(if i - first == 1 {
                    format!("{first}")
                } else {
                    format!("{first}-{}", i - 1)
                });
            }
            let value = if groups.is_empty() {
                "none".to_string()
            } else {
                groups.join(" ")
            };
            println!("{when} {what}: {value}");
        }
    }

    fn read(&self) {
        for i in 0..self.pages {
            unsafe { self.base.add(i * self.page).read_volatile() };
        }
    }

    fn store(&self, page: usize) {
        unsafe { self.base.add(page * self.page).write_volatile(b'!') };
    }

    fn drop_copy(&self, page: usize) {
        let at = unsafe { self.base.add(page * self.page) };
        if unsafe { libc::madvise(at.cast(), self.page, libc::MADV_DONTNEED) } != 0 {
            panic!("madvise: {}", std::io::Error::last_os_error());
        }
    }

    fn line(&self) -> String {
        let maps = std::fs::read("/proc/self/maps").expect("maps");
        let start = format!("{:08x}-", self.base as usize);
        for line in maps.split(|&b| b == b'\n') {
            if line.starts_with(start.as_bytes()) {
                let line = String::from_utf8_lossy(line);
                return line
                    .split_ascii_whitespace()
                    .take(3)
                    .collect::<Vec<_>>()
                    .join(" ");
            }
        }
        panic!("no line in maps")
    }
}

fn wait(what: &str) {
    println!("waiting: {what}");
    let mut line = Vec::new();
    std::io::stdin()
        .lock()
        .read_until(b'\n', &mut line)
        .expect("standard input");
}
fn main() {
    let mut words: Vec<String> = std::env::args().skip(1).collect();
    let mode = match words.first().map(String::as_str) {
        None => usage(),
        Some("--drop") => Mode::Drop,
        Some("--fork") => Mode::Fork,
        _ => Mode::Plain,
    };
    if mode != Mode::Plain {
        words.remove(0);
    }
    if words.is_empty() {
        usage();
    }
    let path = words.remove(0);
    let count_is_right = match mode {
        Mode::Plain => true,
        Mode::Drop => !words.is_empty(),
        Mode::Fork => words.len() == 2,
    };
    if !count_is_right
        || words
            .iter()
            .any(|w| w.is_empty() || !w.bytes().all(|b| b.is_ascii_digit()))
    {
        usage();
    }

    match std::fs::metadata(&path) {
        Err(e) => fail(&path, &e.to_string()),
        Ok(m) if !m.is_file() => fail(&path, "not a regular file"),
        Ok(_) => {}
    }
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NONBLOCK)
        .open(&path)
        .unwrap_or_else(|e| fail(&path, &e.to_string()));
    let meta = file
        .metadata()
        .unwrap_or_else(|e| fail(&path, &e.to_string()));
    let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) } as usize;
    if !meta.is_file() {
        fail(&path, "not a regular file");
    }
    if meta.len() == 0 {
        fail(&path, "is empty");
    }
    if meta.len() > 65_536 * page as u64 {
        fail(&path, "is too long");
    }
    let len = meta.len() as usize;
    let pages = len.div_ceil(page);
    // A number that does not even fit into an u64 is not a page of any file.
    let named: Vec<usize> = words
        .iter()
        .map(|w| w.parse::<u64>().unwrap_or(u64::MAX))
        .map(|n| {
            if n < pages as u64 {
                n as usize
            } else {
                fail(&path, "has no such page")
            }
        })
        .collect();
    let base = unsafe {
        libc::mmap(
            std::ptr::null_mut(),
            len,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE,
            file.as_raw_fd(),
            0,
        )
    };
    if base == libc::MAP_FAILED {
        fail(&path, &std::io::Error::last_os_error().to_string());
    }
    let map = Mapping {
        base: base.cast(),
        page,
        pages,
    };

    println!("pages: {pages}");
    map.report("mapped");
    map.read();
    map.report("read");
    let first = if mode == Mode::Fork {
        &named[..1]
    } else {
        &named[..]
    };
    println!("waiting: store");
    // Somebody is there: to work, and throw the rest of the line away.
    let mut input = std::io::stdin().lock().bytes();
    let begin = input.next();
    for &p in first {
        map.store(p);
    }
    let mut byte = begin;
    while let Some(Ok(b)) = byte {
        if b == b'\n' {
            break;
        }
        byte = input.next();
    }
    drop(input);
    map.report("stored");
    match mode {
        Mode::Plain => {}
        Mode::Drop => {
            for &p in &named {
                map.drop_copy(p);
            }
            map.report("dropped");
            map.read();
            map.report("again");
        }
        Mode::Fork => match unsafe { libc::fork() } {
            -1 => fail(&path, &std::io::Error::last_os_error().to_string()),
            0 => {
                map.store(named[1]);
                map.report("child");
                wait("child");
                unsafe { libc::_exit(0) }
            }
            pid => {
                let mut status = 0;
                while unsafe { libc::waitpid(pid, &mut status, 0) } < 0 {}
                if status != 0 {
                    fail(&path, "the child failed");
                }
                map.report("parent");
            }
        },
    }
    println!("line: {}", map.line());
    wait("end");
}
