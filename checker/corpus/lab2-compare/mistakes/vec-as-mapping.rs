// expect: fails 1, 3 with vec-as-mapping
// stretch: fails 8, 9
// about: The private mapping is a Vec that the file was read into; the shared half is right.

use std::fs::OpenOptions;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::io::AsRawFd;

fn text_of(bytes: &[u8]) -> String {
    let mut s = String::new();
    for &b in bytes.iter().take(64) {
        match b {
            b' '..=b'[' | b']'..=b'~' => s.push(b as char),
            _ => s.push_str(&format!("\\x{b:02x}")),
        }
    }
    s
}

fn compare(path: &std::ffi::OsStr, text: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .custom_flags(libc::O_NONBLOCK)
        .open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::new(io::ErrorKind::Other, "not a regular file"));
    }
    let mut copy = Vec::new();
    file.read_to_end(&mut copy)?;
    let n = text.len().min(copy.len());
    println!("size: {}", copy.len());

    let mut private = copy.clone();
    private[..n].copy_from_slice(&text[..n]);
    println!("private mapping: {}", text_of(&private));
    copy.clear();
    file.seek(SeekFrom::Start(0))?;
    file.read_to_end(&mut copy)?;
    println!("private file: {}", text_of(&copy));

    if !copy.is_empty() {
        let p = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                copy.len(),
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_SHARED,
                file.as_raw_fd(),
                0,
            )
        };
        if p == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        unsafe { std::ptr::copy_nonoverlapping(text.as_ptr(), p as *mut u8, n) };
        let mut seen = vec![0; copy.len().min(64)];
        unsafe { std::ptr::copy_nonoverlapping(p as *const u8, seen.as_mut_ptr(), seen.len()) };
        println!("shared mapping: {}", text_of(&seen));
    } else {
        println!("shared mapping: ");
    }
    copy.clear();
    file.seek(SeekFrom::Start(0))?;
    file.read_to_end(&mut copy)?;
    println!("shared file: {}", text_of(&copy));
    Ok(())
}

fn main() {
    let a: Vec<_> = std::env::args_os().collect();
    if a.len() != 3 {
        eprintln!("usage: lab2-compare FILE TEXT");
        std::process::exit(2);
    }
    if let Err(e) = compare(&a[1], a[2].as_bytes()) {
        eprintln!("{}: {}", a[1].to_string_lossy(), e);
        std::process::exit(1);
    }
}
