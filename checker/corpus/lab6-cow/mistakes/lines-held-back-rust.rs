// expect: fails 2 with lines-held-back
// also: 3, 4, 5, 6, 7
// stretch: fails 8, 9, 10
// about: Rust, a BufWriter around standard output, which is written when it is dropped.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::process::exit;
use std::ptr;

#[derive(Clone, Copy, PartialEq)]
enum Whose {
    File,
    Own,
    Absent,
}

/// A private mapping of a whole file.
struct Mapping {
    start: *mut u8,
    pages: usize,
    size: usize,
}

impl Mapping {
    fn touch(&self, page: usize) {
        unsafe { self.start.add(page * self.size).read_volatile() };
    }

    fn touch_all(&self) {
        (0..self.pages).for_each(|page| self.touch(page));
    }

    fn store(&self, page: usize) {
        unsafe { self.start.add(page * self.size).write_volatile(b'*') };
    }

    fn drop_copy(&self, page: usize) {
        let start = unsafe { self.start.add(page * self.size) };
        unsafe { libc::madvise(start.cast(), self.size, libc::MADV_DONTNEED) };
    }

    fn whose(&self) -> io::Result<Vec<Whose>> {
        let pagemap = File::open("/proc/self/pagemap")?;
        let first = self.start as usize / self.size;
        let entry = |page: usize| {
            let mut entry = [0; 8];
            pagemap.read_exact_at(&mut entry, (first + page) as u64 * 8)?;
            let entry = u64::from_ne_bytes(entry);
            Ok(match (entry >> 63 & 1, entry >> 61 & 1) {
                (0, _) => Whose::Absent,
                (_, 1) => Whose::File,
                _ => Whose::Own,
            })
        };
        (0..self.pages).map(entry).collect()
    }

    fn report(&self, out: &mut impl Write, when: &str) -> io::Result<()> {
        let pages = self.whose()?;
        let all = [
            ("file", Whose::File),
            ("own", Whose::Own),
            ("absent", Whose::Absent),
        ];
        for (name, whose) in all {
            writeln!(out, "{when} {name}: {}", groups(&pages, whose))?;
        }
        Ok(())
    }

    fn line(&self) -> io::Result<String> {
        let start = format!("{:08x}-", self.start as usize);
        let maps = fs::read_to_string("/proc/self/maps")?;
        let line = maps.lines().find(|line| line.starts_with(&start));
        let words = line.unwrap_or_default().split_whitespace().take(3);
        Ok(words.collect::<Vec<_>>().join(" "))
    }
}

fn groups(pages: &[Whose], whose: Whose) -> String {
    let mut words = Vec::new();
    let mut page = 0;
    while page < pages.len() {
        let run = pages[page..]
            .iter()
            .take_while(|one| **one == whose)
            .count();
        match run {
            0 => {}
            1 => words.push(page.to_string()),
            _ => words.push(format!("{page}-{}", page + run - 1)),
        }
        page += run.max(1);
    }
    match words.is_empty() {
        true => "none".to_owned(),
        false => words.join(" "),
    }
}

fn wait(out: &mut impl Write, what: &str) -> io::Result<()> {
    writeln!(out, "waiting: {what}")?;
    io::stdin().read_line(&mut String::new())?;
    Ok(())
}

fn usage() -> ! {
    eprintln!("usage: lab6-cow FILE [PAGE...] | --drop FILE PAGE... | --fork FILE PAGE CHILD");
    exit(2)
}

fn sorry(name: &OsStr, why: impl std::fmt::Display) -> ! {
    eprintln!("lab6-cow: {}: {why}", name.display());
    exit(1)
}

fn number(word: &OsString) -> usize {
    let word = word.to_str().unwrap_or_default();
    if word.is_empty() || !word.bytes().all(|byte| byte.is_ascii_digit()) {
        usage();
    }
    word.parse().unwrap_or(usize::MAX)
}

fn map(name: &OsStr, numbers: &[usize]) -> io::Result<Mapping> {
    let mut how = OpenOptions::new();
    let file = how.read(true).custom_flags(libc::O_NONBLOCK).open(name)?;
    let found = file.metadata()?;
    if !found.is_file() || found.len() == 0 {
        return Err(io::Error::other("not a regular file, or empty"));
    }
    let size = unsafe { libc::sysconf(libc::_SC_PAGESIZE) } as usize;
    let length = found.len() as usize;
    let pages = length.div_ceil(size);
    if pages > 65536 {
        return Err(io::Error::other("too long"));
    }
    if let Some(page) = numbers.iter().find(|page| **page >= pages) {
        return Err(io::Error::other(format!("there is no page {page}")));
    }
    let protection = libc::PROT_READ | libc::PROT_WRITE;
    let anywhere = ptr::null_mut();
    let fd = file.as_raw_fd();
    let at = unsafe { libc::mmap(anywhere, length, protection, libc::MAP_PRIVATE, fd, 0) };
    if at == libc::MAP_FAILED {
        return Err(io::Error::last_os_error());
    }
    let start = at.cast();
    Ok(Mapping { start, pages, size })
}

fn run(name: &OsStr, option: &str, numbers: &[usize]) -> io::Result<()> {
    let mapping = map(name, numbers)?;
    let out = &mut BufWriter::new(io::stdout());
    writeln!(out, "pages: {}", mapping.pages)?;
    mapping.report(out, "mapped")?;
    mapping.touch_all();
    mapping.report(out, "read")?;
    wait(out, "store")?;
    let own = if option == "--fork" {
        &numbers[..1]
    } else {
        numbers
    };
    own.iter().for_each(|page| mapping.store(*page));
    mapping.report(out, "stored")?;
    if option == "--drop" {
        own.iter().for_each(|page| mapping.drop_copy(*page));
        mapping.report(out, "dropped")?;
        mapping.touch_all();
        mapping.report(out, "again")?;
    }
    if option == "--fork" {
        let child = unsafe { libc::fork() };
        if child == 0 {
            mapping.store(numbers[1]);
            mapping.report(out, "child")?;
            wait(out, "child")?;
            out.flush()?;
            exit(0);
        }
        unsafe { libc::waitpid(child, ptr::null_mut(), 0) };
        mapping.report(out, "parent")?;
    }
    writeln!(out, "line: {}", mapping.line()?)?;
    wait(out, "end")
}

fn main() {
    let mut words: Vec<OsString> = std::env::args_os().skip(1).collect();
    let is_option = |word: &&OsString| *word == "--drop" || *word == "--fork";
    let option = match words.first().filter(is_option).is_some() {
        true => words.remove(0).into_string().unwrap_or_default(),
        false => String::new(),
    };
    let enough = match &option[..] {
        "--drop" => words.len() >= 2,
        "--fork" => words.len() == 3,
        _ => !words.is_empty(),
    };
    if !enough {
        usage();
    }
    let numbers: Vec<usize> = words[1..].iter().map(number).collect();
    if let Err(error) = run(&words[0], &option, &numbers) {
        sorry(&words[0], error);
    }
}
