// expect: fails 1, 2, 3 with fs-copy
// also: 7
// stretch: fails 9, 10, 11, 12, 13, 14
// about: All checks are right, and then std::fs::copy does the work.

use std::fs::{self, OpenOptions};
use std::io::{Error, ErrorKind};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};

fn fail(name: &std::ffi::OsStr, e: Error) -> ! {
    eprintln!("{}: {}", name.to_string_lossy(), e);
    std::process::exit(1)
}

fn main() {
    let a: Vec<_> = std::env::args_os().collect();
    if a.len() != 3 {
        eprintln!("usage: lab3-copy SOURCE DESTINATION");
        std::process::exit(2);
    }
    let source = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NONBLOCK)
        .open(&a[1])
        .unwrap_or_else(|e| fail(&a[1], e));
    let s = source.metadata().unwrap_or_else(|e| fail(&a[1], e));
    if !s.is_file() {
        fail(&a[1], Error::new(ErrorKind::Other, "not a regular file"));
    }
    let existed = fs::metadata(&a[2]);
    if let Ok(d) = &existed {
        if d.is_dir() || d.dev() == s.dev() && d.ino() == s.ino() {
            fail(
                &a[2],
                Error::new(ErrorKind::Other, "a directory, or the source itself"),
            );
        }
    }
    let n = fs::copy(&a[1], &a[2]).unwrap_or_else(|e| fail(&a[2], e));
    if let Ok(d) = existed {
        let _ = fs::set_permissions(&a[2], fs::Permissions::from_mode(d.mode() & 0o7777));
    }
    println!("size: {}", s.len());
    println!("copied: {}", n);
}
