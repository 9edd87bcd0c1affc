//! One process seen from outside: its descriptors, its paths, its mappings, whether it sleeps.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use libc::pid_t;

use crate::evidence::ending::FaultPlace;
use crate::evidence::trace::{FileRef, Stream};

use super::decode::Eyes;
use super::maps;
use super::sys;

/// The pipes that are an actor's standard streams, by device and inode.
pub type Streams = [(u64, u64, Stream); 3];

/// A process as the observer looks at it.
pub struct Seen<'a> {
    /// The process or thread.
    pub pid: pid_t,
    /// The scenario's folder, as the kernel spells it.
    pub folder: &'a Path,
    /// The actor's standard streams.
    pub streams: &'a Streams,
}

impl Eyes for Seen<'_> {
    fn text(&self, address: u64) -> Option<String> {
        // Up to the end of the page first, so that a text at the end of a mapping can be read.
        let mut bytes = Vec::new();
        while bytes.len() < libc::PATH_MAX as usize {
            let from = address + bytes.len() as u64;
            let piece = sys::read_memory(self.pid, from, 256 - (from % 256) as usize);
            if piece.is_empty() {
                return None;
            }
            if let Some(end) = piece.iter().position(|&byte| byte == 0) {
                bytes.extend(&piece[..end]);
                return Some(String::from_utf8_lossy(&bytes).into_owned());
            }
            bytes.extend(piece);
        }
        None
    }

    fn bytes(&self, address: u64, length: usize) -> Vec<u8> {
        sys::read_memory(self.pid, address, length)
    }

    fn descriptor(&self, fd: i32) -> Option<FileRef> {
        let link = PathBuf::from(format!("/proc/{}/fd/{fd}", self.pid));
        let target = fs::read_link(&link).ok()?;
        let meta = fs::metadata(&link).ok()?;
        let stream = self
            .streams
            .iter()
            .find(|(device, inode, _)| (*device, *inode) == (meta.dev(), meta.ino()))
            .map(|&(_, _, stream)| stream);
        let path = match stream {
            Some(Stream::Stdin) => "stdin".to_owned(),
            Some(Stream::Stdout) => "stdout".to_owned(),
            Some(Stream::Stderr) => "stderr".to_owned(),
            None => relative(&target, self.folder),
        };
        Some(FileRef {
            path,
            device: meta.dev(),
            inode: meta.ino(),
            stream,
        })
    }

    fn named(&self, folder: Option<i32>, path: &str) -> FileRef {
        let base = match folder {
            Some(fd) => format!("/proc/{}/fd/{fd}", self.pid),
            None => format!("/proc/{}/cwd", self.pid),
        };
        let base = fs::read_link(base).unwrap_or_else(|_| self.folder.to_owned());
        let full = base.join(as_seen_by(self.pid, path));
        // A descriptor by its name is the file behind it.
        let is_descriptor = full.starts_with(format!("/proc/{}/fd", self.pid));
        let behind = is_descriptor.then(|| fs::read_link(&full).ok()).flatten();
        let full = behind.unwrap_or(full);
        let meta = fs::metadata(&full).ok();
        FileRef {
            path: relative(&full, self.folder),
            device: meta.as_ref().map_or(0, MetadataExt::dev),
            inode: meta.as_ref().map_or(0, MetadataExt::ino),
            stream: None,
        }
    }

    fn mapped(&self, address: u64) -> Option<FileRef> {
        let maps = fs::read_to_string(format!("/proc/{}/maps", self.pid)).ok()?;
        let line = maps::line_of(&maps, address)?;
        if line.inode == 0 {
            return None;
        }
        // The device of maps is the file system's own number, which may differ from st_dev, so the
        // file is looked at through map_files or by its path.
        let meta = fs::metadata(line.path).ok();
        Some(FileRef {
            path: relative(Path::new(line.path), self.folder),
            device: meta.map_or(0, |meta| meta.dev()),
            inode: line.inode,
            stream: None,
        })
    }
}

/// Names that mean something else in another process, as they are for everyone (proc(5), and
/// the links in /dev).
fn as_seen_by(pid: pid_t, path: &str) -> String {
    let own = |rest: &str| format!("/proc/{pid}/{rest}");
    let rest = |prefix: &str| path.strip_prefix(prefix).map(own);
    match path {
        "/dev/stdin" => own("fd/0"),
        "/dev/stdout" => own("fd/1"),
        "/dev/stderr" => own("fd/2"),
        _ => rest("/proc/self/")
            .or_else(|| rest("/proc/thread-self/"))
            .or_else(|| Some(own(&format!("fd/{}", path.strip_prefix("/dev/fd/")?))))
            .unwrap_or_else(|| path.to_owned()),
    }
}

impl Seen<'_> {
    /// Whether a file is mapped in one of these ranges of addresses. A file of the scenario may
    /// have left its folder or have a second name elsewhere, so any file counts; whose bytes they
    /// are is for the judge to tell.
    pub fn has_files_at(&self, ranges: &[(u64, u64)]) -> bool {
        let maps = fs::read_to_string(format!("/proc/{}/maps", self.pid)).unwrap_or_default();
        let lines: Vec<_> = maps.lines().filter_map(maps::line).collect();
        // A program's own constants, and those of its libraries.
        let is_code = |path: &str| {
            let mut own = lines.iter().filter(|line| line.path == path);
            own.any(|line| line.permissions.contains('x'))
                && !Path::new(path).starts_with(self.folder)
        };
        lines.iter().any(|line| {
            line.inode != 0
                && ranges
                    .iter()
                    .any(|&(from, to)| from < line.range.end && line.range.start < to)
                && !is_code(line.path)
        })
    }

    /// Which byte of which file an address stands for.
    pub fn place(&self, address: u64) -> Option<FaultPlace> {
        let maps = fs::read_to_string(format!("/proc/{}/maps", self.pid)).ok()?;
        let line = maps::line_of(&maps, address)?;
        Some(FaultPlace {
            path: relative(Path::new(line.path), self.folder),
            inode: line.inode,
            offset: line.offset + (address - line.range.start),
            permissions: line.permissions.to_owned(),
        })
    }
}

/// A path as it is shown: without the scenario's folder in front.
pub fn relative(path: &Path, folder: &Path) -> String {
    let shown = path.strip_prefix(folder).unwrap_or(path).to_string_lossy();
    if shown.is_empty() {
        ".".to_owned()
    } else {
        shown.into_owned()
    }
}

/// What the scheduler says of a process or thread (`/proc/PID/stat`, proc_pid_stat(5)).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Activity {
    /// `R`, `S`, `D`, `t`, `Z`, …
    pub state: char,
    /// Its parent.
    pub parent: pid_t,
    /// Its session: for all that an actor starts without setsid, the actor.
    pub session: pid_t,
    /// Processor time so far, clock ticks.
    pub ticks: u64,
    /// The command's name.
    pub command: String,
}

/// Asks for it; `None` if the process is gone.
pub fn activity(pid: pid_t) -> Option<Activity> {
    parse_stat(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

fn parse_stat(stat: &str) -> Option<Activity> {
    // The command stands in parentheses and may itself contain some.
    let (head, tail) = stat.rsplit_once(')')?;
    // One space between two fields (proc_pid_stat(5)).
    let fields: Vec<&str> = tail.trim_start().split(' ').take(13).collect();
    Some(Activity {
        state: fields.first()?.chars().next()?,
        parent: fields.get(1)?.parse().ok()?,
        session: fields.get(3)?.parse().ok()?,
        ticks: fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?,
        command: head.split_once('(')?.1.to_owned(),
    })
}

/// The process that a thread belongs to (`Tgid` of `/proc/PID/status`).
pub fn leader(tid: pid_t) -> Option<pid_t> {
    let status = fs::read_to_string(format!("/proc/{tid}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("Tgid:"))?;
    line[5..].trim().parse().ok()
}

/// Whether a process that another has just started, by a call that it is still in, has its memory
/// and not a copy of it. Where the kernel does not compare them for us (kcmp(2)), the call tells
/// (`/proc/PID/syscall`, proc_pid_syscall(5)).
pub fn share_memory(parent: pid_t, child: pid_t) -> bool {
    sys::compare_memory(parent, child).unwrap_or_else(|_| {
        let text = fs::read_to_string(format!("/proc/{parent}/syscall")).unwrap_or_default();
        let flags = current_call(&text).map(|(number, first)| match number {
            #[cfg(target_arch = "x86_64")]
            libc::SYS_vfork => libc::CLONE_VM as u64,
            libc::SYS_clone => first,
            _ => 0,
        });
        flags.is_some_and(|flags| flags & libc::CLONE_VM as u64 != 0)
    })
}

/// Number and first argument of the call that a process is in, from `/proc/PID/syscall`.
fn current_call(text: &str) -> Option<(i64, u64)> {
    let mut words = text.split_whitespace();
    let number = words.next()?.parse().ok()?;
    let first = words.next()?.strip_prefix("0x")?;
    Some((number, u64::from_str_radix(first, 16).ok()?))
}

/// How many processes the user of this one has.
pub fn count_of_user() -> u64 {
    let user = nix::unistd::geteuid().as_raw();
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let own = entries.filter(|entry| entry.metadata().is_ok_and(|meta| meta.uid() == user));
    own.count() as u64
}

/// Every process below `root`, nearest first.
pub fn descendants(root: pid_t) -> Vec<pid_t> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    let parents: Vec<(pid_t, pid_t)> = entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter_map(|pid| Some((pid, activity(pid)?.parent)))
        .collect();
    let mut found = vec![root];
    let mut next = 0;
    while next < found.len() {
        let children = parents.iter().filter(|(_, parent)| *parent == found[next]);
        let children: Vec<pid_t> = children.map(|&(pid, _)| pid).collect();
        found.extend(children);
        next += 1;
    }
    found.split_off(1)
}

/// Kills a process, whatever it does about signals.
pub fn kill(pid: pid_t) {
    // That it has gone already is what is wanted.
    let _ = nix::sys::signal::kill(
        nix::unistd::Pid::from_raw(pid),
        nix::sys::signal::Signal::SIGKILL,
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stat_is_read_also_with_an_odd_command() {
        let stat = "17 (a) b (c) S 3 17 17 0 -1 4194304 10 20 0 0 5 6 0 0 20 0 1 0 9 8 7";
        let activity = parse_stat(stat).expect("a line of stat");
        assert_eq!((activity.state, activity.parent), ('S', 3));
        assert_eq!((activity.session, activity.ticks), (17, 11));
        assert_eq!(activity.command, "a) b (c");
    }

    #[test]
    fn the_call_that_a_process_is_in_is_read() {
        let text = "56 0x1200011 0x0 0x0 0x7f 0x0 0x0 0x7ffc 0x7f8e\n";
        assert_eq!(current_call(text), Some((56, 0x120_0011)));
        assert_eq!(current_call("running\n"), None);
    }

    #[test]
    fn a_name_of_its_own_is_a_name_for_everyone() {
        let seen = |path: &str| as_seen_by(77, path);
        assert_eq!(seen("/proc/self/mem"), "/proc/77/mem");
        assert_eq!(seen("/dev/fd/3"), "/proc/77/fd/3");
        assert_eq!(seen("/dev/stdout"), "/proc/77/fd/1");
        assert_eq!(seen("notes.txt"), "notes.txt");
        assert_eq!(seen("/proc/selfish"), "/proc/selfish");
    }
}
