// expect: fails 0
// about: tests PAGE with char::is_numeric, so `٣` or `²` or `1½` passes as a number and is refused as a page too large, with exit status 1 and no usage line; breaks "a PAGE that is not one or more of the digits 0 to 9: a usage line on standard error, exit status 2".

use std::fs::File;
use std::io::{BufRead, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{FileExt, FileTypeExt, OpenOptionsExt};
use std::process::exit;

const PAGE: usize = 4096;
const MAX: u64 = 65_536;

struct Mapping {
    at: *mut u8,
    pages: usize,
}

fn usage() -> ! {
    eprintln!("usage: lab6-cow FILE [PAGE...] | --drop FILE PAGE... | --fork FILE PAGE CHILD");
    exit(2)
}

fn fail(file: &str, why: impl std::fmt::Display) -> ! {
    eprintln!("lab6-cow: {file}: {why}");
    exit(1)
}

fn number(s: &str) -> u64 {
    if s.is_empty() || !s.chars().all(char::is_numeric) {
        usage();
    }
    // only digits: the one thing that can be wrong is that it is too large
    s.parse().unwrap_or(u64::MAX)
}

fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    out.write_all(format!("{line}\n").as_bytes()).unwrap();
    out.flush().unwrap();
}

fn wait_line(what: &str) {
    say(&format!("waiting: {what}"));
    let mut v = Vec::new();
    let _ = std::io::stdin().lock().read_until(b'\n', &mut v);
}

fn groups(v: &[usize]) -> String {
    let mut out: Vec<String> = Vec::new();
    let mut i = 0;
    while i < v.len() {
        let mut j = i;
        while j + 1 < v.len() && v[j + 1] == v[j] + 1 {
            j += 1;
        }
        out.push(if i == j {
            v[i].to_string()
        } else {
            format!("{}-{}", v[i], v[j])
        });
        i = j + 1;
    }
    if out.is_empty() {
        "none".into()
    } else {
        out.join(" ")
    }
}

impl Mapping {
    fn read(&self, page: usize) -> u8 {
        unsafe { self.at.add(page * PAGE).read_volatile() }
    }
    fn store(&self, page: usize) {
        unsafe { self.at.add(page * PAGE).write_volatile(b'!') }
    }
    fn touch(&self) {
        for p in 0..self.pages {
            self.read(p);
        }
    }
    fn report(&self, name: &str) {
        let f = File::open("/proc/self/pagemap").unwrap();
        let mut raw = vec![0u8; self.pages * 8];
        f.read_exact_at(&mut raw, (self.at as usize / PAGE * 8) as u64)
            .unwrap();
        let (mut file, mut own, mut absent) = (vec![], vec![], vec![]);
        for (i, c) in raw.chunks_exact(8).enumerate() {
            let e = u64::from_le_bytes(c.try_into().unwrap());
            match (e >> 63 & 1, e >> 61 & 1) {
                (0, _) => absent.push(i),
                (_, 1) => file.push(i),
                _ => own.push(i),
            }
        }
        say(&format!("{name} file: {}", groups(&file)));
        say(&format!("{name} own: {}", groups(&own)));
        say(&format!("{name} absent: {}", groups(&absent)));
    }
    fn line(&self) {
        let maps = std::fs::read("/proc/self/maps").unwrap();
        let start = format!("{:08x}-", self.at as usize);
        for l in String::from_utf8_lossy(&maps).lines() {
            if l.starts_with(&start) {
                let w: Vec<&str> = l.split_ascii_whitespace().take(3).collect();
                say(&format!("line: {}", w.join(" ")));
            }
        }
    }
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let (mode, rest) = match args.first().map(|s| s.as_str()) {
        None => usage(),
        Some("--drop") => ("drop", &args[1..]),
        Some("--fork") => ("fork", &args[1..]),
        Some(_) => ("", &args[..]),
    };
    if rest.is_empty() || mode == "drop" && rest.len() < 2 || mode == "fork" && rest.len() != 3 {
        usage();
    }
    let file = rest[0].as_str();
    let named: Vec<u64> = rest[1..].iter().map(|s| number(s)).collect();

    let f = std::fs::OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY)
        .open(file)
        .unwrap_or_else(|e| fail(file, e));
    let meta = f.metadata().unwrap_or_else(|e| fail(file, e));
    if !meta.is_file() || meta.file_type().is_fifo() {
        fail(file, "is not a regular file");
    }
    if meta.len() == 0 {
        fail(file, "is empty");
    }
    let count = meta.len().div_ceil(PAGE as u64);
    if count > MAX {
        fail(file, "is too long");
    }
    for &p in &named {
        if p >= count {
            fail(file, format_args!("has no page {p}"));
        }
    }
    let named: Vec<usize> = named.iter().map(|&p| p as usize).collect();
    let at = unsafe {
        libc::mmap(
            std::ptr::null_mut(),
            meta.len() as usize,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE,
            f.as_raw_fd(),
            0,
        )
    };
    if at == libc::MAP_FAILED {
        fail(file, std::io::Error::last_os_error());
    }
    let m = Mapping {
        at: at.cast(),
        pages: count as usize,
    };

    say(&format!("pages: {}", m.pages));
    m.report("mapped");
    m.touch();
    m.report("read");
    wait_line("store");
    let stores = if mode == "fork" {
        &named[..1]
    } else {
        &named[..]
    };
    for &p in stores {
        m.store(p);
    }
    m.report("stored");
    if mode == "drop" {
        for &p in &named {
            let r = unsafe { libc::madvise(m.at.add(p * PAGE).cast(), PAGE, libc::MADV_DONTNEED) };
            if r != 0 {
                fail(file, std::io::Error::last_os_error());
            }
        }
        m.report("dropped");
        m.touch();
        m.report("again");
    }
    if mode == "fork" {
        match unsafe { libc::fork() } {
            -1 => fail(file, std::io::Error::last_os_error()),
            0 => {
                m.store(named[1]);
                m.report("child");
                wait_line("child");
                exit(0);
            }
            pid => {
                let mut status = 0;
                while unsafe { libc::waitpid(pid, &mut status, 0) } < 0 {}
            }
        }
        m.report("parent");
    }
    m.line();
    wait_line("end");
}
