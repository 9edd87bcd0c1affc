// expect: passes
// about: One thread has the private mapping, another looks at the file, a third has the shared mapping (of the whole file, reopened for writing through /proc/self/fd); each prints its own lines, and channels pass the turn between them.
use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{IoSlice, Write};
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

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
    fn store(&self, text: &[u8]) {
        let n = text.len().min(self.1);
        unsafe { std::ptr::copy_nonoverlapping(text.as_ptr(), self.0, n) }
    }
    fn head(&self) -> Vec<u8> {
        (0..self.1.min(64))
            .map(|i| unsafe { self.0.add(i).read_volatile() })
            .collect()
    }
}

impl Drop for Map {
    fn drop(&mut self) {
        unsafe { libc::munmap(self.0.cast(), self.1) };
    }
}

fn line(label: &str, bytes: &[u8]) -> std::io::Result<()> {
    let shown: String = bytes
        .iter()
        .map(|&b| match b {
            b'\\' | 0..=0x1f | 0x7f.. => format!("\\x{b:02x}"),
            _ => char::from(b).to_string(),
        })
        .collect();
    // one writev, straight to the descriptor
    let mut parts = &mut [
        IoSlice::new(label.as_bytes()),
        IoSlice::new(b": "),
        IoSlice::new(shown.as_bytes()),
        IoSlice::new(b"\n"),
    ][..];
    let mut out =
        std::mem::ManuallyDrop::new(unsafe { <File as std::os::fd::FromRawFd>::from_raw_fd(1) });
    while !parts.is_empty() {
        let n = out.write_vectored(parts)?;
        IoSlice::advance_slices(&mut parts, n);
    }
    Ok(())
}

fn viewer(file: &File, ask: Receiver<(&'static str, Sender<std::io::Result<()>>)>) {
    for (label, done) in ask {
        let mut b = [0u8; 64];
        let mut have = 0;
        let r = loop {
            match file.read_at(&mut b[have..], have as u64) {
                Ok(0) => break line(label, &b[..have]),
                Ok(n) => have += n,
                Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
                Err(e) => break Err(e),
            }
        };
        let _ = done.send(r);
    }
}

fn work(name: &OsString, text: &[u8]) -> std::io::Result<()> {
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY)
        .open(name)?;
    let meta = file.metadata()?;
    if !meta.file_type().is_file() {
        return Err(std::io::Error::other("not a regular file"));
    }
    let size = meta.len() as usize;
    println!("size: {size}");
    if size == 0 {
        for label in [
            "private mapping",
            "private file",
            "shared mapping",
            "shared file",
        ] {
            line(label, b"")?;
        }
        return Ok(());
    }
    thread::scope(|s| {
        let (ask, asked) = channel::<(&'static str, Sender<std::io::Result<()>>)>();
        let file = &file;
        s.spawn(move || viewer(file, asked));

        let ask_private = ask.clone();
        let private = s.spawn(move || -> std::io::Result<()> {
            let map = Map::new(file, size, libc::MAP_PRIVATE | libc::MAP_NORESERVE)?;
            map.store(text);
            line("private mapping", &map.head())?;
            let (done, wait) = channel();
            ask_private.send(("private file", done)).unwrap();
            wait.recv().unwrap()?;
            drop(map);
            Ok(())
        });
        private.join().unwrap()?;

        let shared = s.spawn(move || -> std::io::Result<()> {
            let again = OpenOptions::new()
                .read(true)
                .write(true)
                .open(format!("/proc/self/fd/{}", file.as_raw_fd()))?;
            let map = Map::new(&again, size, libc::MAP_SHARED)?;
            drop(again);
            map.store(text);
            line("shared mapping", &map.head())?;
            drop(map);
            let (done, wait) = channel();
            ask.send(("shared file", done)).unwrap();
            wait.recv().unwrap()
        });
        shared.join().unwrap()
    })
}

fn main() -> ExitCode {
    let args: Vec<OsString> = std::env::args_os().skip(1).collect();
    if args.len() != 2 {
        eprintln!("usage: lab2-compare FILE TEXT");
        return ExitCode::from(2);
    }
    match work(&args[0], args[1].as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            let mut message = args[0].as_bytes().to_vec();
            message.extend_from_slice(format!(": {e}\n").as_bytes());
            let _ = std::io::stderr().write_all(&message);
            ExitCode::from(1)
        }
    }
}
