// expect: fails 0
// about: With three arguments of which the first is `--`, it drops that one and does the work, where "too few or too many arguments" must give a usage line and exit status 2 ("there are no options"). Every other count of arguments, and a FILE named `--`, are right.
use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::process::exit;

fn content(bytes: &[u8]) -> String {
    let mut s = String::new();
    for &b in bytes.iter().take(64) {
        match b {
            b'\\' => s.push_str("\\x5c"),
            0x20..=0x7e => s.push(b as char),
            _ => s.push_str(&format!("\\x{b:02x}")),
        }
    }
    s
}

fn complain(name: &OsString, what: impl std::fmt::Display) -> ! {
    use std::io::Write;
    let mut line = b"lab2-compare: ".to_vec();
    line.extend_from_slice(name.as_bytes());
    line.extend_from_slice(format!(": {what}\n").as_bytes());
    let _ = std::io::stderr().write_all(&line);
    exit(1)
}

fn head(f: &File, name: &OsString) -> Vec<u8> {
    let mut b = [0u8; 64];
    let mut have = 0;
    while have < 64 {
        match f.read_at(&mut b[have..], have as u64) {
            Ok(0) => break,
            Ok(n) => have += n,
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
            Err(e) => complain(name, e),
        }
    }
    b[..have].to_vec()
}

fn main() {
    let mut args: Vec<OsString> = std::env::args_os().skip(1).collect();
    // `lab2-compare -- FILE TEXT`, for a FILE that begins with a dash
    if args.len() == 3 && args[0] == "--" {
        args.remove(0);
    }
    let [name, text] = args.as_slice() else {
        eprintln!("usage: lab2-compare FILE TEXT");
        exit(2)
    };
    let text = text.as_bytes();
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY)
        .open(name)
        .unwrap_or_else(|e| complain(name, e));
    let meta = file.metadata().unwrap_or_else(|e| complain(name, e));
    if !meta.is_file() {
        complain(name, "not a regular file");
    }
    let size = meta.len();
    println!("size: {size}");
    if size == 0 {
        println!("private mapping: ");
        println!("private file: ");
        println!("shared mapping: ");
        println!("shared file: ");
        return;
    }
    let n = (text.len() as u64).min(size) as usize;
    let len = (n.max(64) as u64).min(size) as usize;
    let mut private = unsafe { memmap2::MmapOptions::new().len(len).map_copy(&file) }
        .unwrap_or_else(|e| complain(name, e));
    private[..n].copy_from_slice(&text[..n]);
    println!("private mapping: {}", content(&private));
    println!("private file: {}", content(&head(&file, name)));
    drop(private);

    let writable = OpenOptions::new()
        .read(true)
        .write(true)
        .open(name)
        .unwrap_or_else(|e| complain(name, e));
    let mut shared = unsafe { memmap2::MmapOptions::new().len(len).map_mut(&writable) }
        .unwrap_or_else(|e| complain(name, e));
    shared[..n].copy_from_slice(&text[..n]);
    println!("shared mapping: {}", content(&shared));
    println!("shared file: {}", content(&head(&file, name)));
}
