// expect: passes
// about: memmap2's map_copy; everything is done by threads: one prints, one reads standard input, four read the pages, one per PAGE (few at a time) stores atomically, the report is made in yet another; the fork is made from a thread that is not the main one, and the child, alone, prints by itself.

use std::os::fd::AsRawFd;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::mpsc;
use std::{fs, io, process, thread};

const USAGE: &str = "usage: lab6-cow FILE [PAGE...] | lab6-cow --drop FILE PAGE... | lab6-cow --fork FILE PAGE CHILD";

enum Mode {
    Core,
    Drop,
    Fork,
}

/// Every line goes to the printing thread, which answers when it has left.
#[derive(Clone)]
enum Out {
    Thread(mpsc::Sender<(String, mpsc::Sender<()>)>),
    Direct,
}

fn write_all(mut b: &[u8]) {
    while !b.is_empty() {
        let n = unsafe { libc::write(1, b.as_ptr().cast(), b.len()) };
        if n < 0 {
            if io::Error::last_os_error().kind() == io::ErrorKind::Interrupted {
                continue;
            }
            process::exit(1);
        }
        b = &b[n as usize..];
    }
}

impl Out {
    fn line(&self, s: String) {
        match self {
            Out::Direct => write_all(format!("{s}\n").as_bytes()),
            Out::Thread(tx) => {
                let (done, wait) = mpsc::channel();
                tx.send((s, done)).unwrap();
                wait.recv().unwrap();
            }
        }
    }
}

fn read_line() {
    let mut c = [0u8; 7];
    loop {
        let n = unsafe { libc::read(0, c.as_mut_ptr().cast(), c.len()) };
        if n < 0 && io::Error::last_os_error().kind() == io::ErrorKind::Interrupted {
            continue;
        }
        if n <= 0 || c[..n as usize].contains(&b'\n') {
            return;
        }
    }
}

fn wait(out: &Out, what: &str) {
    out.line(format!("waiting: {what}"));
    match out {
        Out::Direct => read_line(),
        Out::Thread(_) => thread::spawn(read_line).join().unwrap(),
    }
}

fn say_pages(pages: impl Iterator<Item = usize>) -> String {
    let mut runs: Vec<(usize, usize)> = vec![];
    for p in pages {
        match runs.last_mut() {
            Some((_, b)) if *b + 1 == p => *b = p,
            _ => runs.push((p, p)),
        }
    }
    if runs.is_empty() {
        return "none".into();
    }
    runs.iter()
        .map(|&(a, b)| {
            if a == b {
                format!("{a}")
            } else {
                format!("{a}-{b}")
            }
        })
        .collect::<Vec<_>>()
        .join(" ")
}

fn report(out: &Out, at: usize, pages: usize, name: &str) {
    let look = move || -> Vec<u64> {
        let f = fs::File::open("/proc/thread-self/../../pagemap")
            .or_else(|_| fs::File::open("/proc/self/pagemap"))
            .unwrap();
        let mut b = vec![0u8; pages * 8];
        f.read_exact_at(&mut b, (at / 4096 * 8) as u64).unwrap();
        b.chunks(8)
            .map(|c| u64::from_ne_bytes(c.try_into().unwrap()))
            .collect()
    };
    let e = match out {
        Out::Direct => look(),
        Out::Thread(_) => thread::spawn(look).join().unwrap(),
    };
    let there = |e: u64| e & 1 << 63 != 0;
    let files = |e: u64| e & 1 << 61 != 0;
    out.line(format!(
        "{name} file: {}",
        say_pages((0..pages).filter(|&i| there(e[i]) && files(e[i])))
    ));
    out.line(format!(
        "{name} own: {}",
        say_pages((0..pages).filter(|&i| there(e[i]) && !files(e[i])))
    ));
    out.line(format!(
        "{name} absent: {}",
        say_pages((0..pages).filter(|&i| !there(e[i])))
    ));
}

fn touch(at: usize, pages: usize) {
    thread::scope(|s| {
        for k in 0..4 {
            s.spawn(move || {
                for p in (k..pages).step_by(4) {
                    unsafe { ((at + p * 4096) as *const u8).read_volatile() };
                }
            });
        }
    });
}

fn store(at: usize, page: usize) {
    let b = unsafe { AtomicU8::from_ptr((at + page * 4096) as *mut u8) };
    b.store(0xa5, Ordering::SeqCst);
}

fn run() -> i32 {
    let mut words: Vec<String> = std::env::args().skip(1).collect();
    let mode = match words.first().map(String::as_str) {
        Some("--drop") => Mode::Drop,
        Some("--fork") => Mode::Fork,
        _ => Mode::Core,
    };
    if !matches!(mode, Mode::Core) {
        words.remove(0);
    }
    let ok = match mode {
        Mode::Core => !words.is_empty(),
        Mode::Drop => words.len() >= 2,
        Mode::Fork => words.len() == 3,
    };
    if !ok
        || words[1..]
            .iter()
            .any(|w| w.is_empty() || w.contains(|c: char| !c.is_ascii_digit()))
    {
        eprintln!("{USAGE}");
        return 2;
    }
    let name = words[0].clone();
    let fail = |why: String| {
        eprintln!("{why}: {name}");
        1
    };
    // No number of more than 18 digits, leading zeros aside, is a page of anything.
    let list: Vec<u64> = words[1..]
        .iter()
        .map(|w| {
            let w = w.trim_start_matches('0');
            if w.len() > 18 {
                u64::MAX
            } else if w.is_empty() {
                0
            } else {
                w.parse().unwrap()
            }
        })
        .collect();

    match fs::metadata(&name) {
        Err(e) => return fail(e.to_string()),
        Ok(m) if !m.is_file() => return fail("not a regular file".into()),
        _ => {}
    }
    let file = match fs::OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NONBLOCK)
        .open(&name)
    {
        Err(e) => return fail(e.to_string()),
        Ok(f) => f,
    };
    let size = file.metadata().unwrap().len();
    if size == 0 {
        return fail("empty file".into());
    }
    if size > 65_536 * 4096 {
        return fail("more than 65536 pages".into());
    }
    let pages = size.div_ceil(4096) as usize;
    if let Some(p) = list.iter().find(|&&p| p >= pages as u64) {
        return fail(format!("page {p} of {pages} asked for"));
    }
    let list: Vec<usize> = list.iter().map(|&p| p as usize).collect();

    let mut map = match unsafe {
        memmap2::MmapOptions::new()
            .len(size as usize)
            .map_copy(file.as_raw_fd())
    } {
        Err(e) => return fail(e.to_string()),
        Ok(m) => m,
    };
    let at = map.as_mut_ptr() as usize;

    let (tx, rx) = mpsc::channel::<(String, mpsc::Sender<()>)>();
    let printer = thread::spawn(move || {
        for (s, done) in rx {
            write_all(format!("{s}\n").as_bytes());
            done.send(()).unwrap();
        }
    });
    let out = Out::Thread(tx);

    out.line(format!("pages: {pages}"));
    report(&out, at, pages, "mapped");
    touch(at, pages);
    report(&out, at, pages, "read");
    wait(&out, "store");
    let now = if let Mode::Fork = mode {
        &list[..1]
    } else {
        &list[..]
    };
    for some in now.chunks(8) {
        thread::scope(|s| {
            for &p in some {
                s.spawn(move || store(at, p));
            }
        });
    }
    report(&out, at, pages, "stored");
    match mode {
        Mode::Core => {}
        Mode::Drop => {
            for &p in &list {
                // of memmap2: MADV_DONTNEED of this range
                unsafe {
                    map.unchecked_advise_range(memmap2::UncheckedAdvice::DontNeed, p * 4096, 1)
                }
                .unwrap();
            }
            report(&out, at, pages, "dropped");
            touch(at, pages);
            report(&out, at, pages, "again");
        }
        Mode::Fork => {
            let pid = unsafe { libc::fork() };
            if pid == 0 {
                store(at, list[1]);
                report(&Out::Direct, at, pages, "child");
                wait(&Out::Direct, "child");
                unsafe { libc::_exit(0) };
            }
            if pid < 0 {
                return fail(io::Error::last_os_error().to_string());
            }
            let mut st = 0;
            while unsafe { libc::waitpid(pid, &mut st, 0) } != pid {}
            report(&out, at, pages, "parent");
        }
    }
    let maps = fs::read("/proc/self/maps").unwrap();
    for l in maps.split(|&b| b == b'\n') {
        let l = String::from_utf8_lossy(l);
        if l.split('-')
            .next()
            .and_then(|a| usize::from_str_radix(a, 16).ok())
            == Some(at)
        {
            out.line(format!(
                "line: {}",
                l.splitn(4, ' ').take(3).collect::<Vec<_>>().join(" ")
            ));
        }
    }
    wait(&out, "end");
    drop(out);
    printer.join().unwrap();
    process::exit(0) // with the mapping still there
}

fn main() {
    let status = thread::Builder::new()
        .name("worker".into())
        .spawn(run)
        .unwrap()
        .join()
        .unwrap_or(1);
    process::exit(status);
}
