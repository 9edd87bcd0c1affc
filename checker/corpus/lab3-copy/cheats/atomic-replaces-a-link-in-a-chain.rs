// expect: fails 11
// about: with --atomic only one symbolic link is followed: if DESTINATION is a link to a link, the new file is renamed over the second link, and the file itself stays the old one (clause 11: "If DESTINATION is a symbolic link, the file it points to is replaced, and the link stays").
use std::ffi::{CString, OsString};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Error, ErrorKind, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::exit;
use std::sync::atomic::{AtomicPtr, Ordering::SeqCst};

const WINDOW: u64 = 8 << 20;

/// What has to go if the copy fails, for the SIGBUS handler too.
static DOOMED: AtomicPtr<libc::c_char> = AtomicPtr::new(std::ptr::null_mut());

fn doom(path: &Path) {
    DOOMED.store(
        CString::new(path.as_os_str().as_bytes())
            .unwrap()
            .into_raw(),
        SeqCst,
    );
}

fn clean() {
    let p = DOOMED.load(SeqCst);
    if !p.is_null() {
        unsafe { libc::unlink(p) };
    }
}

fn die(name: &OsString, why: impl std::fmt::Display) -> ! {
    clean();
    let mut line = b"lab3-copy: ".to_vec();
    line.extend_from_slice(name.as_bytes());
    line.extend_from_slice(format!(": {why}\n").as_bytes());
    let _ = io::stderr().write_all(&line);
    exit(1)
}

extern "C" fn on_bus(_: libc::c_int) {
    clean();
    let msg = b"lab3-copy: SOURCE shrank while it was copied\n";
    unsafe {
        libc::write(2, msg.as_ptr().cast(), msg.len());
        libc::_exit(1)
    }
}

struct Map(*mut u8, usize);

impl Map {
    fn new(file: &File, write: bool, offset: u64, len: usize) -> io::Result<Map> {
        let (prot, flags) = if write {
            (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED)
        } else {
            (libc::PROT_READ, libc::MAP_SHARED)
        };
        let p = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                len,
                prot,
                flags,
                file.as_raw_fd(),
                offset as i64,
            )
        };
        if p == libc::MAP_FAILED {
            return Err(Error::last_os_error());
        }
        Ok(Map(p.cast(), len))
    }
}

impl Drop for Map {
    fn drop(&mut self) {
        unsafe { libc::munmap(self.0.cast(), self.1) };
    }
}

/// Follows the symbolic links at the end of a path; the file itself need not exist.
fn resolve(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..40 {
        match fs::read_link(&path) {
            Ok(target) => {
                path.pop();
                path.push(target);
            }
            Err(_) => return Ok(path),
        }
    }
    Err(Error::from_raw_os_error(libc::ELOOP))
}

fn make_room(file: &File, size: u64) -> io::Result<()> {
    while size > 0 {
        if unsafe { libc::fallocate(file.as_raw_fd(), 0, 0, size as i64) } == 0 {
            break;
        }
        let e = Error::last_os_error();
        match e.raw_os_error() {
            Some(libc::EINTR) => continue,
            Some(libc::EOPNOTSUPP | libc::ENOSYS) => break,
            _ => return Err(e),
        }
    }
    file.set_len(size)
}

fn make_temp(real: &Path, mode: u32) -> io::Result<File> {
    let mut n = 0;
    loop {
        let temp = real.with_file_name(format!(".lab3-copy-{}-{n}", std::process::id()));
        let made = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .mode(mode)
            .open(&temp);
        match made {
            Ok(file) => {
                doom(&temp);
                return Ok(file);
            }
            Err(e) if e.kind() == ErrorKind::AlreadyExists && n < 1000 => n += 1,
            Err(e) => return Err(e),
        }
    }
}

fn main() {
    let mut args: Vec<OsString> = std::env::args_os().skip(1).collect();
    let atomic = args.first().is_some_and(|a| a == "--atomic");
    if atomic {
        args.remove(0);
    }
    if args.len() != 2 {
        eprintln!("usage: lab3-copy [--atomic] SOURCE DESTINATION");
        exit(2);
    }
    let (src, dst) = (&args[0], &args[1]);
    unsafe {
        libc::signal(libc::SIGBUS, on_bus as extern "C" fn(libc::c_int) as usize);
        libc::signal(libc::SIGXFSZ, libc::SIG_IGN);
    }

    // SOURCE
    let seen = fs::metadata(src).unwrap_or_else(|e| die(src, e));
    if !seen.is_file() {
        die(src, "not a regular file");
    }
    let mut source = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NONBLOCK)
        .open(src)
        .unwrap_or_else(|e| die(src, e));
    let smeta = source.metadata().unwrap_or_else(|e| die(src, e));
    if !smeta.is_file() {
        die(src, "not a regular file");
    }
    let size = smeta.len();
    if size == 0 {
        match source.read(&mut [0]) {
            Ok(0) => {}
            _ => die(src, "does not tell its size"),
        }
    } else {
        drop(Map::new(&source, false, 0, 1).unwrap_or_else(|e| die(src, e)));
    }

    // DESTINATION
    let real = if atomic {
        // where the link points to
        match fs::read_link(dst) {
            Ok(target) => Path::new(dst).with_file_name("").join(target),
            Err(_) => PathBuf::from(dst),
        }
    } else {
        resolve(Path::new(dst)).unwrap_or_else(|e| die(dst, e))
    };
    let old = match fs::metadata(&real) {
        Ok(m) => Some(m),
        Err(e) if e.kind() == ErrorKind::NotFound => None,
        Err(e) => die(dst, e),
    };
    if let Some(old) = &old {
        if (old.dev(), old.ino()) == (smeta.dev(), smeta.ino()) {
            die(dst, "is the source");
        }
        if !old.is_file() {
            die(dst, "not a regular file");
        }
    }
    let destination = match &old {
        Some(old) => {
            let file = OpenOptions::new()
                .read(!atomic)
                .write(true)
                .custom_flags(libc::O_NONBLOCK)
                .open(&real)
                .unwrap_or_else(|e| die(dst, e));
            if atomic {
                let temp = make_temp(&real, 0o600).unwrap_or_else(|e| die(dst, e));
                temp.set_permissions(fs::Permissions::from_mode(old.mode() & 0o7777))
                    .unwrap_or_else(|e| die(dst, e));
                temp
            } else {
                file
            }
        }
        None if atomic => make_temp(&real, smeta.mode() & 0o777).unwrap_or_else(|e| die(dst, e)),
        None => {
            let file = OpenOptions::new()
                .read(true)
                .write(true)
                .create_new(true)
                .mode(smeta.mode() & 0o777)
                .open(&real)
                .unwrap_or_else(|e| die(dst, e));
            doom(&real);
            file
        }
    };
    let old_len = destination.metadata().map_or(0, |m| m.len());
    if let Err(e) = make_room(&destination, size) {
        let _ = destination.set_len(old_len);
        die(dst, e);
    }

    println!("size: {size}");
    let mut offset = 0;
    while offset < size {
        let n = (size - offset).min(WINDOW) as usize;
        let s = Map::new(&source, false, offset, n).unwrap_or_else(|e| die(src, e));
        let d = Map::new(&destination, true, offset, n).unwrap_or_else(|e| die(dst, e));
        unsafe { std::ptr::copy_nonoverlapping(s.0, d.0, n) };
        offset += n as u64;
    }
    if source.metadata().map_or(0, |m| m.len()) < size {
        die(src, "shrank while it was copied");
    }
    if atomic {
        let temp = DOOMED.load(SeqCst);
        let to = CString::new(real.as_os_str().as_bytes()).unwrap();
        if unsafe { libc::rename(temp, to.as_ptr()) } < 0 {
            die(dst, Error::last_os_error());
        }
    }
    DOOMED.store(std::ptr::null_mut(), SeqCst);
    println!("copied: {size}");
}
