// expect: fails 10 with lines-held-back
// about: The first two facts go into one println!, so the size leaves the program only when the private mapping is there.

use std::fs::{File, OpenOptions};
use std::io::{Error, ErrorKind, Result};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::os::unix::io::AsRawFd;

const SHOWN: usize = 64;

struct Mapping {
    start: *mut u8,
    length: usize,
}

impl Mapping {
    fn new(file: &File, flags: i32, length: usize) -> Result<Mapping> {
        let both = libc::PROT_READ | libc::PROT_WRITE;
        let fd = file.as_raw_fd();
        let start = unsafe { libc::mmap(std::ptr::null_mut(), length, both, flags, fd, 0) };
        match start {
            libc::MAP_FAILED => Err(Error::last_os_error()),
            start => Ok(Mapping {
                start: start.cast(),
                length,
            }),
        }
    }

    fn store(&self, text: &[u8]) {
        let length = text.len().min(self.length);
        unsafe { std::ptr::copy_nonoverlapping(text.as_ptr(), self.start, length) };
    }

    fn content(&self) -> String {
        let mut bytes = vec![0; self.length.min(SHOWN)];
        unsafe { std::ptr::copy_nonoverlapping(self.start, bytes.as_mut_ptr(), bytes.len()) };
        escaped(&bytes)
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        unsafe { libc::munmap(self.start.cast(), self.length) };
    }
}

fn escaped(bytes: &[u8]) -> String {
    let one = |byte: &u8| match byte {
        b'\\' => "\\x5c".to_owned(),
        0x20..=0x7e => char::from(*byte).to_string(),
        _ => format!("\\x{byte:02x}"),
    };
    bytes.iter().map(one).collect()
}

fn open(name: &str, write: bool) -> Result<File> {
    let mut options = OpenOptions::new();
    let options = options.read(true).write(write);
    let file = options.custom_flags(libc::O_NONBLOCK).open(name)?;
    match file.metadata()?.is_file() {
        true => Ok(file),
        false => Err(Error::new(ErrorKind::Other, "it is not a regular file")),
    }
}

fn mapped(file: &File, flags: i32, text: &[u8]) -> Result<Option<Mapping>> {
    let size = file.metadata()?.len();
    let length = size.min(text.len().max(SHOWN) as u64) as usize;
    if length == 0 {
        return Ok(None);
    }
    let mapping = Mapping::new(file, flags, length)?;
    mapping.store(text);
    Ok(Some(mapping))
}

fn content_of(file: &File) -> Result<String> {
    let mut bytes = [0; SHOWN];
    let got = file.read_at(&mut bytes, 0)?;
    Ok(escaped(&bytes[..got]))
}

fn compare(name: &str, text: &[u8]) -> Result<()> {
    let file = open(name, false)?;
    let size = file.metadata()?.len();
    let private = mapped(&file, libc::MAP_PRIVATE, text)?;
    let content = private.as_ref().map_or(String::new(), Mapping::content);
    println!("size: {size}\nprivate mapping: {content}");
    println!("private file: {}", content_of(&file)?);
    drop(private);

    let file = open(name, true)?;
    let shared = mapped(&file, libc::MAP_SHARED, text)?;
    let content = shared.as_ref().map_or(String::new(), Mapping::content);
    println!("shared mapping: {content}");
    println!("shared file: {}", content_of(&file)?);
    Ok(())
}

fn main() {
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    let [name, text] = &arguments[..] else {
        eprintln!("usage: lab2-compare FILE TEXT");
        std::process::exit(2);
    };
    let name = name.to_str().expect("a name in UTF-8");
    if let Err(error) = compare(name, text.as_bytes()) {
        eprintln!("{name}: {error}");
        std::process::exit(1);
    }
}
