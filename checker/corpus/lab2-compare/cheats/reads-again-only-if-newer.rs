// expect: fails 7 with printed-before-looking
// about: clause 7 "The file is looked at, not remembered": the content is read before the mapping line and read again for the file line only if mtime, ctime or length differ; a change that another process makes through a shared mapping whose page is already dirty (always so on tmpfs) leaves them alone and is not shown.
use std::fs::{File, OpenOptions};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
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

/// What the file holds, read again only when its time stamps or its length say that it changed.
struct Cache {
    key: (i64, i64, i64, i64, u64),
    bytes: Vec<u8>,
}

impl Cache {
    fn key(name: &str, file: &File) -> (i64, i64, i64, i64, u64) {
        let m = file.metadata().unwrap_or_else(|e| die(name, e));
        (
            m.mtime(),
            m.mtime_nsec(),
            m.ctime(),
            m.ctime_nsec(),
            m.len(),
        )
    }
    fn new(name: &str, file: &File, n: usize) -> Cache {
        let key = Cache::key(name, file);
        let mut bytes = vec![0; n];
        file.read_exact_at(&mut bytes, 0)
            .unwrap_or_else(|e| die(name, e));
        Cache { key, bytes }
    }
    fn look(&mut self, name: &str, file: &File) -> &[u8] {
        if Cache::key(name, file) != self.key {
            *self = Cache::new(name, file, self.bytes.len());
        }
        &self.bytes
    }
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
    let mut cache = Cache::new(name, &file, shown);
    map.store(text);
    println!("private mapping: {}", content(&map.head(shown)));
    println!("private file: {}", content(cache.look(name, &file)));
    drop(map);

    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .open(name)
        .unwrap_or_else(|e| die(name, e));
    let mut map = Map::new(&file, need, libc::MAP_SHARED).unwrap_or_else(|e| die(name, e));
    map.store(text);
    let mut cache = Cache::new(name, &file, shown);
    println!("shared mapping: {}", content(&map.head(shown)));
    println!("shared file: {}", content(cache.look(name, &file)));
}
