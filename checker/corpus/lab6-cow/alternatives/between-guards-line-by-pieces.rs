// expect: passes
// about: Rust with rustix. FILE is mapped over the middle of an anonymous PROT_NONE reservation, so that foreign anonymous lines touch its line in maps on both sides; every fact leaves in several writes, the newline last; standard input is read with readv into two buffers; a store is an atomic compare-and-swap of the same value.
use rustix::fs::{FileType, Mode, OFlags};
use rustix::io::Errno;
use rustix::mm::{Advice, MapFlags, ProtFlags};
use std::collections::BTreeSet;
use std::ffi::c_void;
use std::io::IoSliceMut;
use std::sync::atomic::{AtomicU8, Ordering};

enum Job {
    Plain,
    Drop,
    Fork,
}

enum Refusal {
    Usage,
    File(String, String),
}

struct View {
    at: usize,
    unit: usize,
    pages: usize,
}

/// Writes the facts: of each the name, then the value, then the newline.
fn print(text: &str) {
    for fact in text.lines() {
        let (name, value) = fact.split_at(fact.find(": ").unwrap() + 1);
        write_all(name);
        write_all(value);
        write_all("\n");
    }
}

fn write_all(text: &str) {
    let mut rest = text.as_bytes();
    while !rest.is_empty() {
        match rustix::io::write(rustix::stdio::stdout(), rest) {
            Ok(n) => rest = &rest[n..],
            Err(Errno::INTR) => {}
            Err(_) => std::process::exit(1),
        }
    }
}

/// Reads until the newline; what goes with it goes with it.
fn take_line() {
    loop {
        let (mut few, mut many) = ([0u8; 1], [0u8; 30]);
        let n = {
            let mut both = [IoSliceMut::new(&mut few), IoSliceMut::new(&mut many)];
            rustix::io::readv(rustix::stdio::stdin(), &mut both)
        };
        match n {
            Err(Errno::INTR) => {}
            Err(_) | Ok(0) => return,
            Ok(n) => {
                if few[0] == b'\n' || many[..n - 1].contains(&b'\n') {
                    return;
                }
            }
        }
    }
}

impl View {
    fn cell(&self, page: usize) -> &AtomicU8 {
        assert!(page < self.pages);
        unsafe { AtomicU8::from_ptr((self.at + page * self.unit) as *mut u8) }
    }

    fn visit(&self) -> u64 {
        (0..self.pages)
            .rev()
            .map(|p| self.cell(p).load(Ordering::SeqCst) as u64)
            .sum()
    }

    fn store(&self, page: usize) {
        let cell = self.cell(page);
        let mut old = cell.load(Ordering::SeqCst);
        while let Err(seen) = cell.compare_exchange(old, old, Ordering::SeqCst, Ordering::SeqCst) {
            old = seen;
        }
    }

    fn report(&self, when: &str) -> String {
        let table = rustix::fs::open(
            "/proc/self/pagemap",
            OFlags::RDONLY | OFlags::CLOEXEC,
            Mode::empty(),
        )
        .expect("pagemap");
        let mut sets: [BTreeSet<usize>; 3] = Default::default();
        let mut chunk = [0u8; 512 * 8];
        for from in (0..self.pages).step_by(512) {
            let n = (self.pages - from).min(512);
            let offset = ((self.at / self.unit + from) * 8) as u64;
            let got = rustix::io::pread(&table, &mut chunk[..n * 8], offset).expect("pagemap");
            assert_eq!(got, n * 8);
            for (i, e) in chunk[..got].chunks(8).enumerate() {
                // The highest bit is in the last byte.
                let kind = if e[7] & 0x80 == 0 {
                    2
                } else if e[7] & 0x20 != 0 {
                    0
                } else {
                    1
                };
                sets[kind].insert(from + i);
            }
        }
        let mut text = String::new();
        for (set, what) in sets.iter().zip(["file", "own", "absent"]) {
            let mut groups: Vec<(usize, usize)> = Vec::new();
            for &p in set {
                match groups.last_mut() {
                    Some(g) if g.1 + 1 == p => g.1 = p,
                    _ => groups.push((p, p)),
                }
            }
            let words: Vec<String> = groups
                .iter()
                .map(|&(a, b)| {
                    if a == b {
                        a.to_string()
                    } else {
                        format!("{a}-{b}")
                    }
                })
                .collect();
            let value = if words.is_empty() {
                String::from("none")
            } else {
                words.join(" ")
            };
            text += &format!("{when} {what}: {value}\n");
        }
        text
    }

    fn line(&self) -> String {
        let maps = std::fs::read("/proc/self/maps").expect("maps");
        for line in maps.split(|b| *b == b'\n') {
            let words: Vec<&[u8]> = line.splitn(4, |b| *b == b' ').collect();
            let Ok(range) = std::str::from_utf8(words[0]) else {
                continue;
            };
            let Some((start, _)) = range.split_once('-') else {
                continue;
            };
            if usize::from_str_radix(start, 16) == Ok(self.at) {
                let text = words[..3].join(&b' ');
                return format!("line: {}\n", String::from_utf8(text).unwrap());
            }
        }
        panic!("the mapping is not in maps")
    }
}

fn run() -> Result<(), Refusal> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let (job, rest) = match args.split_first() {
        None => return Err(Refusal::Usage),
        Some((first, rest)) if first == "--drop" => (Job::Drop, rest),
        Some((first, rest)) if first == "--fork" => (Job::Fork, rest),
        Some(_) => (Job::Plain, &args[..]),
    };
    let Some((name, words)) = rest.split_first() else {
        return Err(Refusal::Usage);
    };
    match job {
        Job::Drop if words.is_empty() => return Err(Refusal::Usage),
        Job::Fork if words.len() != 2 => return Err(Refusal::Usage),
        _ => {}
    }
    if words
        .iter()
        .any(|w| w.is_empty() || w.chars().any(|c| !c.is_ascii_digit()))
    {
        return Err(Refusal::Usage);
    }
    let no = |why: &str| Refusal::File(name.clone(), why.to_string());
    let stat = rustix::fs::stat(name.as_str()).map_err(|e| no(&e.to_string()))?;
    if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
        return Err(no("not a regular file"));
    }
    let file = rustix::fs::open(
        name.as_str(),
        OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK,
        Mode::empty(),
    )
    .map_err(|e| no(&e.to_string()))?;
    let unit = unsafe { libc::sysconf(libc::_SC_PAGESIZE) } as usize;
    let size = stat.st_size as u64;
    if size == 0 {
        return Err(no("empty file"));
    }
    if size > 65_536 * unit as u64 {
        return Err(no("file too long"));
    }
    let pages = (size as usize).div_ceil(unit);
    let mut named = Vec::new();
    for w in words {
        let digits = w.trim_start_matches('0');
        let n = if digits.is_empty() {
            0
        } else {
            digits.parse::<usize>().unwrap_or(usize::MAX)
        };
        if n >= pages {
            return Err(no(&format!("there is no page {w}")));
        }
        named.push(n);
    }

    let rw = ProtFlags::READ | ProtFlags::WRITE;
    let whole = pages * unit;
    let at = unsafe {
        // A guard page before it and one behind it: nothing runs out of the mapping unseen.
        rustix::mm::mmap_anonymous(
            std::ptr::null_mut(),
            whole + 2 * unit,
            ProtFlags::empty(),
            MapFlags::PRIVATE,
        )
        .and_then(|room| {
            let inside = (room as usize + unit) as *mut c_void;
            rustix::mm::mmap(
                inside,
                whole,
                rw,
                MapFlags::PRIVATE | MapFlags::FIXED,
                &file,
                0,
            )
        })
    }
    .map_err(|e| no(&e.to_string()))?;
    drop(file);
    let view = View {
        at: at as usize,
        unit,
        pages,
    };

    print(&format!("pages: {pages}\n"));
    print(&view.report("mapped"));
    std::hint::black_box(view.visit());
    print(&(view.report("read") + "waiting: store\n"));
    take_line();
    let mine: BTreeSet<usize> = match job {
        Job::Fork => named[..1].iter().copied().collect(),
        _ => named.iter().copied().collect(),
    };
    mine.iter().for_each(|&p| view.store(p));
    print(&view.report("stored"));
    match job {
        Job::Plain => {}
        Job::Drop => {
            for &p in mine.iter().rev() {
                let page = (view.at + p * unit) as *mut c_void;
                unsafe { rustix::mm::madvise(page, unit, Advice::LinuxDontNeed) }
                    .map_err(|e| no(&e.to_string()))?;
            }
            print(&view.report("dropped"));
            std::hint::black_box(view.visit());
            print(&view.report("again"));
        }
        Job::Fork => {
            let pid = unsafe { libc::fork() };
            if pid < 0 {
                return Err(no("cannot fork"));
            }
            if pid == 0 {
                view.store(named[1]);
                print(&(view.report("child") + "waiting: child\n"));
                take_line();
                unsafe { libc::_exit(0) };
            }
            let mut status = 0;
            while unsafe { libc::wait(&mut status) } != pid {}
            if status != 0 {
                return Err(no("the child did not end well"));
            }
            print(&view.report("parent"));
        }
    }
    print(&(view.line() + "waiting: end\n"));
    take_line();
    Ok(())
}

fn main() {
    match run() {
        Ok(()) => {}
        Err(Refusal::Usage) => {
            eprintln!("usage: lab6-cow [--drop|--fork] FILE [PAGE...]");
            std::process::exit(2)
        }
        Err(Refusal::File(name, why)) => {
            eprintln!("lab6-cow: {why}: {name}");
            std::process::exit(1)
        }
    }
}
