//! A run that is interrupted leaves nothing behind: no process, no file.

use std::fs;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use checker::exit;
use nix::sys::signal::{Signal, kill};
use nix::sys::stat::Mode;
use nix::unistd::{Pid, mkfifo};

use crate::place;

/// An argument by which the processes of this test are told from all others.
const MARK: &str = "86397.25";

#[test]
fn nothing_is_left_after_an_interrupt() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (fifo, program) = (folder.path().join("fifo"), folder.path().join("program"));
    let temporary = folder.path().join("tmp");
    fs::create_dir(&temporary).expect("a folder");
    mkfifo(&fifo, Mode::S_IRWXU).expect("a named pipe");
    let text = format!(
        "#!/bin/sh\nsetsid sleep {MARK} & echo > a-file; echo begun > '{}'; exec sleep {MARK}\n",
        fifo.display()
    );
    fs::write(&program, text).expect("a program");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("permissions");

    let mut checker = place::checker(&["lab3", "--program"]);
    checker.arg(&program).env("TMPDIR", &temporary);
    checker.stdout(Stdio::null());
    let mut checker = checker.spawn().expect("the checker starts");
    let mut begun = String::new();
    let mut pipe = fs::File::open(&fifo).expect("the program opens the pipe");
    pipe.read_to_string(&mut begun).expect("the pipe is read");
    assert!(begun.starts_with("begun\n"));

    let pid = Pid::from_raw(checker.id() as i32);
    kill(pid, Signal::SIGTERM).expect("the checker is there");
    let status = checker.wait().expect("the checker ends");
    assert_eq!(status.code(), Some(i32::from(exit::INTERRUPTED)));
    let left: Vec<_> = fs::read_dir(&temporary).expect("the folder").collect();
    assert!(left.is_empty(), "{left:?}");
    let asleep = fs::read_dir("/proc").expect("/proc").flatten();
    let asleep = asleep.filter_map(|entry| fs::read(entry.path().join("cmdline")).ok());
    let marked = asleep.filter(|line| line.ends_with(format!("{MARK}\0").as_bytes()));
    assert_eq!(marked.count(), 0);
}
