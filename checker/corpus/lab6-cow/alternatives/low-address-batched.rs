// expect: passes
// about: the mapping is at 0x200000, so its line in maps begins with zeros (00200000-...); all facts up to the next wait or touch leave in one write; pages are faulted in by MADV_POPULATE_READ and then read; all PAGEs get their byte from one readv of /dev/zero into the mapping; refuses files of more than 200 pages, as it may; --drop joins runs of neighbouring PAGEs into one madvise.

use rustix::fs::{FileType, Mode, OFlags, fstat, open};
use rustix::mm::{Advice, MapFlags, ProtFlags, madvise, mmap};
use std::fmt::Write as _;
use std::io::{IoSliceMut, Read};
use std::os::fd::OwnedFd;

const P: usize = 4096;
const AT: usize = 0x20_0000;

struct Lab {
    at: usize,
    n: usize,
    text: String,
}

fn usage() -> ! {
    eprintln!("usage: lab6-cow [--drop|--fork] FILE [PAGE...]");
    std::process::exit(2)
}

fn refuse(name: &str, why: &str) -> ! {
    eprintln!("{why} -- {name}");
    std::process::exit(1)
}

impl Lab {
    fn flush(&mut self) {
        let t = std::mem::take(&mut self.text);
        let mut b = t.as_bytes();
        while !b.is_empty() {
            match rustix::io::write(rustix::stdio::stdout(), b) {
                Ok(k) => b = &b[k..],
                Err(rustix::io::Errno::INTR) => {}
                Err(_) => std::process::exit(1),
            }
        }
    }

    fn report(&mut self, name: &str) {
        let fd = open(
            "/proc/self/pagemap",
            OFlags::RDONLY | OFlags::CLOEXEC,
            Mode::empty(),
        )
        .unwrap();
        let mut kinds = Vec::with_capacity(self.n);
        for i in 0..self.n {
            let mut e = [0u8; 8];
            let got = rustix::io::pread(&fd, &mut e[..], ((self.at / P + i) * 8) as u64).unwrap();
            assert_eq!(got, 8);
            let top = e[7];
            kinds.push(if top & 0x80 == 0 {
                "absent"
            } else if top & 0x20 != 0 {
                "file"
            } else {
                "own"
            });
        }
        for k in ["file", "own", "absent"] {
            write!(self.text, "{name} {k}:").unwrap();
            let before = self.text.len();
            let mut i = 0;
            while i < self.n {
                let run = kinds[i..].iter().take_while(|x| **x == k).count();
                match run {
                    0 => {}
                    1 => write!(self.text, " {i}").unwrap(),
                    _ => write!(self.text, " {i}-{}", i + run - 1).unwrap(),
                }
                i += run.max(1);
            }
            if self.text.len() == before {
                self.text.push_str(" none");
            }
            self.text.push('\n');
        }
    }

    fn wait(&mut self, what: &str) {
        writeln!(self.text, "waiting: {what}").unwrap();
        self.flush();
        let mut c = [0u8; 1];
        loop {
            match rustix::io::read(rustix::stdio::stdin(), &mut c[..]) {
                Err(rustix::io::Errno::INTR) => continue,
                Ok(1) if c[0] != b'\n' => continue,
                _ => return,
            }
        }
    }

    fn touch(&self) {
        let _ = unsafe { madvise(self.at as *mut _, self.n * P, Advice::LinuxPopulateRead) };
        let mut all = 0u8;
        for i in 0..self.n {
            all |= unsafe { ((self.at + i * P + P - 1) as *const u8).read_volatile() };
        }
        std::hint::black_box(all);
    }

    /// One byte of zero into each of these pages, by the kernel.
    fn store(&self, pages: &[usize]) {
        let mut pages = pages.to_vec();
        pages.sort();
        pages.dedup(); // two slices must not overlap
        let mut zero = std::fs::File::open("/dev/zero").unwrap();
        let mut to: Vec<IoSliceMut> = pages
            .iter()
            .map(|p| {
                IoSliceMut::new(unsafe {
                    std::slice::from_raw_parts_mut((self.at + p * P) as *mut u8, 1)
                })
            })
            .collect();
        if !to.is_empty() {
            assert_eq!(zero.read_vectored(&mut to).unwrap(), pages.len());
        }
    }
}

fn map(fd: &OwnedFd, len: usize) -> usize {
    let rw = ProtFlags::READ | ProtFlags::WRITE;
    unsafe {
        mmap(
            AT as *mut _,
            len,
            rw,
            MapFlags::PRIVATE | MapFlags::FIXED_NOREPLACE,
            fd,
            0,
        )
        .or_else(|_| mmap(std::ptr::null_mut(), len, rw, MapFlags::PRIVATE, fd, 0))
        .unwrap() as usize
    }
}

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let mode = match args.get(1).map(|s| &s[..]) {
        Some("--drop") => 'd',
        Some("--fork") => 'f',
        _ => 'c',
    };
    let Some((name, words)) = args[if mode == 'c' { 1 } else { 2 }..].split_first() else {
        usage()
    };
    if mode == 'd' && words.is_empty() || mode == 'f' && words.len() != 2 {
        usage();
    }
    let mut pages: Vec<usize> = Vec::new();
    for w in words {
        if w.is_empty() {
            usage();
        }
        let mut v = 0usize;
        for b in w.bytes() {
            if !matches!(b, b'0'..=b'9') {
                usage();
            }
            v = v.saturating_mul(10).saturating_add((b - b'0') as usize);
        }
        pages.push(v);
    }
    let fd = match open(
        name.as_str(),
        OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC,
        Mode::empty(),
    ) {
        Ok(fd) => fd,
        Err(e) => refuse(name, &e.to_string()),
    };
    let st = fstat(&fd).unwrap();
    if FileType::from_raw_mode(st.st_mode) != FileType::RegularFile {
        refuse(name, "only regular files are looked at");
    }
    if st.st_size == 0 || st.st_size as u64 > 200 * P as u64 {
        refuse(name, "only files of 1 to 200 pages are looked at");
    }
    let len = st.st_size as usize;
    let n = len.div_ceil(P);
    if pages.iter().any(|&p| p >= n) {
        refuse(name, "a page was named that is not there");
    }
    let mut lab = Lab {
        at: map(&fd, len),
        n,
        text: String::new(),
    };

    writeln!(lab.text, "pages: {n}").unwrap();
    lab.report("mapped");
    lab.flush();
    lab.touch();
    lab.report("read");
    lab.wait("store");
    lab.store(if mode == 'f' { &pages[..1] } else { &pages });
    lab.report("stored");
    if mode == 'd' {
        lab.flush();
        pages.sort();
        pages.dedup();
        for run in pages.chunk_by(|a, b| a + 1 == *b) {
            unsafe {
                madvise(
                    (lab.at + run[0] * P) as *mut _,
                    run.len() * P,
                    Advice::LinuxDontNeed,
                )
            }
            .unwrap();
        }
        lab.report("dropped");
        lab.flush();
        lab.touch();
        lab.report("again");
    }
    if mode == 'f' {
        lab.flush();
        match unsafe { nix::unistd::fork() } {
            Ok(nix::unistd::ForkResult::Child) => {
                lab.store(&pages[1..]);
                lab.report("child");
                lab.wait("child");
                unsafe { libc::_exit(0) }
            }
            Ok(nix::unistd::ForkResult::Parent { child }) => {
                while nix::sys::wait::waitpid(child, None) == Err(nix::errno::Errno::EINTR) {}
                lab.report("parent");
            }
            Err(e) => refuse(name, &e.to_string()),
        }
    }
    let maps = std::fs::read("/proc/self/maps").unwrap();
    let line = maps
        .split(|&b| b == b'\n')
        .map(|l| String::from_utf8_lossy(l))
        .find(|l| l.starts_with(&format!("{:08x}-", lab.at)))
        .unwrap();
    let words: Vec<&str> = line.split(' ').take(3).collect();
    writeln!(lab.text, "line: {}", words.join(" ")).unwrap();
    lab.wait("end");
    drop(fd);
}
