// expect: fails 8
// about: clause 8 "prints `size`, `private mapping` and `private file`, then reports an error with exit status 1": for a read-only file the error leaves on standard error before the first fact; facts, wording and exit status are right.
use std::fs::{File, OpenOptions};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::process::exit;

fn content(bytes: &[u8]) -> String {
    bytes
        .iter()
        .map(|&b| match b {
            b'\\' => "\\x5c".to_string(),
            0x20..=0x7e => (b as char).to_string(),
            _ => format!("\\x{b:02x}"),
        })
        .collect()
}

fn die(name: &str, e: impl std::fmt::Display) -> ! {
    eprintln!("lab2-compare: {name}: {e}");
    exit(1)
}

struct Map(*mut u8, usize);

impl Map {
    fn new(file: &File, len: usize, flags: i32) -> std::io::Result<Map> {
        let p = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                len,
                libc::PROT_READ | libc::PROT_WRITE,
                flags,
                file.as_raw_fd(),
                0,
            )
        };
        if p == libc::MAP_FAILED {
            return Err(std::io::Error::last_os_error());
        }
        Ok(Map(p.cast(), len))
    }
    fn store(&mut self, text: &[u8]) {
        unsafe { std::ptr::copy_nonoverlapping(text.as_ptr(), self.0, text.len()) }
    }
    fn head(&self, n: usize) -> Vec<u8> {
        (0..n)
            .map(|i| unsafe { self.0.add(i).read_volatile() })
            .collect()
    }
}

impl Drop for Map {
    fn drop(&mut self) {
        unsafe { libc::munmap(self.0.cast(), self.1) };
    }
}

fn look(name: &str, file: &File, n: usize) -> Vec<u8> {
    let mut buf = vec![0; n];
    file.read_exact_at(&mut buf, 0)
        .unwrap_or_else(|e| die(name, e));
    buf
}

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let [_, name, text] = args.as_slice() else {
        eprintln!("usage: lab2-compare FILE TEXT");
        exit(2)
    };
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NONBLOCK)
        .open(name)
        .unwrap_or_else(|e| die(name, e));
    let meta = file.metadata().unwrap_or_else(|e| die(name, e));
    if !meta.is_file() {
        die(name, "not a regular file");
    }
    let size = meta.len();
    // Is the shared half going to work? Say so at once if not.
    let writable = OpenOptions::new().read(true).write(true).open(name);
    if let (Err(e), true) = (&writable, size > 0) {
        eprintln!("lab2-compare: {name}: cannot be opened for the shared mapping: {e}");
    }
    println!("size: {size}");
    if size == 0 {
        for what in [
            "private mapping",
            "private file",
            "shared mapping",
            "shared file",
        ] {
            println!("{what}: ");
        }
        return;
    }
    let text = &text.as_bytes()[..(text.len() as u64).min(size) as usize];
    let shown = size.min(64) as usize;
    let need = shown.max(text.len());

    let mut map = Map::new(&file, need, libc::MAP_PRIVATE).unwrap_or_else(|e| die(name, e));
    map.store(text);
    println!("private mapping: {}", content(&map.head(shown)));
    println!("private file: {}", content(&look(name, &file, shown)));
    drop(map);

    let Ok(file) = writable else { exit(1) };
    let mut map = Map::new(&file, need, libc::MAP_SHARED).unwrap_or_else(|e| die(name, e));
    map.store(text);
    println!("shared mapping: {}", content(&map.head(shown)));
    println!("shared file: {}", content(&look(name, &file, shown)));
}
