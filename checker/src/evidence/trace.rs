//! What the processes asked the kernel, in the one order in which the kernel was asked.
//!
//! The trace is made of [`Event`]s. A [`Call`] holds its raw arguments (for rules) and the same
//! arguments in words (for people). Typed views such as [`Mmap`] read the raw ones, so no rule
//! counts argument positions.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::bytes::Bytes;
use super::ending::FaultPlace;

/// One thing that happened, in one process of one actor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Index of the actor in [`Evidence::actors`](super::Evidence::actors).
    pub actor: usize,
    /// Which process of the actor, counted from 0 in order of appearance: 0 is the one that was
    /// started; what it forks comes after. Threads count as their process.
    pub process: usize,
    /// What happened.
    pub what: What,
}

/// What can happen in a trace.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// A system call.
    Call(Call),
    /// The process became this program (execve(2)).
    Became {
        /// The program's path.
        path: String,
    },
    /// A child process was started.
    Started {
        /// The child's number within the actor.
        process: usize,
        /// Whether it has the memory of its parent until it becomes another program or ends, and
        /// not a copy of it (clone(2): CLONE_VM).
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        shares: bool,
    },
    /// A thread was started.
    Thread,
    /// A signal that ends a process unless it is handled was delivered.
    Signal {
        /// Its name.
        signal: String,
        /// For a memory fault, the address.
        address: Option<u64>,
        /// For a memory fault, the mapping it lies in.
        within: Option<FaultPlace>,
    },
    /// The process is about to end: no thread of it will run its program any more. Nobody has heard
    /// of its end yet.
    Leaving,
    /// The process ended.
    Ended,
    /// A rule of the scenario acted here.
    Rule {
        /// The rule's name.
        rule: String,
        /// What it did, in words.
        did: String,
    },
}

/// A system call, from its entry on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Call {
    /// The name of the manual page, such as `mmap`.
    pub name: String,
    /// The arguments, as many as the call has.
    pub arguments: Vec<Argument>,
    /// The file that the call is about: behind its descriptor, or the one it opened.
    pub file: Option<FileRef>,
    /// A second file, where there is one: the new name of rename(2) and link(2); the file that
    /// bytes go to in copy_file_range(2), sendfile(2), splice(2), tee(2) and the cloning ioctls,
    /// whose `file` is the one they come from.
    pub other: Option<FileRef>,
    /// For writes: the first bytes that were to be written.
    pub data: Option<Bytes>,
    /// For calls that move bytes from memory or into it: the addresses of that memory, each from
    /// the first to the one after the last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub buffers: Vec<(u64, u64)>,
    /// What the kernel answered; negative is `-errno`. `None` if the process ended first, or if
    /// the way of watching does not tell.
    pub result: Option<i64>,
    /// How many events the trace held when it was answered: those from the call's own index to
    /// before this one came while it was under way. `None` where `result` is, and in old evidence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub returned: Option<usize>,
    /// Whether the answer was made up by the scenario (an injected fault).
    pub injected: bool,
}

impl Call {
    /// Whether the call was answered without error.
    pub fn succeeded(&self) -> bool {
        self.result.is_some_and(|r| !(-4095..0).contains(&r))
    }

    /// The error number, if the call was answered with one.
    pub fn errno(&self) -> Option<i32> {
        let result = self.result?;
        (-4095..0).contains(&result).then_some(-result as i32)
    }

    /// The raw value of argument `n`, counted from 0; 0 if the call has no such argument.
    pub fn raw(&self, n: usize) -> u64 {
        self.arguments.get(n).map_or(0, |argument| argument.raw)
    }

    /// Whether the call is one of these.
    pub fn is(&self, names: &[&str]) -> bool {
        names.contains(&self.name.as_str())
    }
}

/// One argument of a system call; as JSON its three parts in a row, since there are so many of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "(String, u64, String)", into = "(String, u64, String)")]
pub struct Argument {
    /// Its name in the manual page, such as `flags`.
    pub name: String,
    /// As the register held it.
    pub raw: u64,
    /// In words: flags by name, text quoted, a descriptor with its file.
    pub shown: String,
}

impl From<(String, u64, String)> for Argument {
    fn from((name, raw, shown): (String, u64, String)) -> Argument {
        Argument { name, raw, shown }
    }
}

impl From<Argument> for (String, u64, String) {
    fn from(Argument { name, raw, shown }: Argument) -> (String, u64, String) {
        (name, raw, shown)
    }
}

/// A file as a call referred to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRef {
    /// Its path: relative to the scenario's folder if inside it, else absolute; `pipe`, `socket`
    /// and the like where there is no path.
    pub path: String,
    /// Device number; 0 where the file could not be looked at.
    pub device: u64,
    /// Inode number; 0 where the file could not be looked at.
    pub inode: u64,
    /// For the actor's own standard streams: which.
    pub stream: Option<Stream>,
}

/// A standard stream of an actor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stream {
    /// Standard input.
    Stdin,
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// `name(arg, arg) = result`, the way strace users know it.
impl fmt::Display for Call {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}(", self.name)?;
        for (n, argument) in self.arguments.iter().enumerate() {
            let comma = if n == 0 { "" } else { ", " };
            write!(out, "{comma}{}", argument.shown)?;
        }
        out.write_str(")")?;
        match (self.result, self.errno()) {
            (None, _) => out.write_str(" = ?"),
            (Some(_), Some(errno)) => write!(out, " = {}", super::errno::name(errno)),
            (Some(result), None) if self.is(&["mmap", "mremap"]) => write!(out, " = {result:#x}"),
            (Some(result), None) => write!(out, " = {result}"),
        }?;
        match (self.injected, self.errno()) {
            (false, _) => Ok(()),
            (true, Some(_)) => out.write_str(" (the checker made this call fail)"),
            (true, None) => out.write_str(" (the checker answered, the kernel did not)"),
        }
    }
}

/// PROT_READ of mmap(2). These values are the same on every Linux architecture.
pub const PROT_READ: u64 = 1;
/// PROT_WRITE of mmap(2).
pub const PROT_WRITE: u64 = 2;
/// MAP_SHARED of mmap(2); MAP_SHARED_VALIDATE is this and [`MAP_PRIVATE`] together.
pub const MAP_SHARED: u64 = 1;
/// MAP_PRIVATE of mmap(2).
pub const MAP_PRIVATE: u64 = 2;
/// MAP_FIXED of mmap(2).
pub const MAP_FIXED: u64 = 0x10;
/// MAP_ANONYMOUS of mmap(2).
pub const MAP_ANONYMOUS: u64 = 0x20;
/// MS_ASYNC of msync(2).
pub const MS_ASYNC: u64 = 1;
/// MS_SYNC of msync(2).
pub const MS_SYNC: u64 = 4;
/// The access mode within the flags of open(2): O_RDONLY 0, O_WRONLY 1, O_RDWR 2.
pub const O_ACCMODE: u64 = 3;
/// O_WRONLY of open(2).
pub const O_WRONLY: u64 = 1;
/// O_RDWR of open(2).
pub const O_RDWR: u64 = 2;
/// O_CREAT of open(2).
pub const O_CREAT: u64 = 0o100;
/// O_TRUNC of open(2).
pub const O_TRUNC: u64 = 0o1000;

/// FALLOC_FL_KEEP_SIZE of fallocate(2): the length stays.
pub const FALLOC_FL_KEEP_SIZE: u64 = 0x01;
/// FALLOC_FL_PUNCH_HOLE: the bytes become a hole.
pub const FALLOC_FL_PUNCH_HOLE: u64 = 0x02;
/// FALLOC_FL_COLLAPSE_RANGE: the bytes are taken out, and what is behind them moves up.
pub const FALLOC_FL_COLLAPSE_RANGE: u64 = 0x08;
/// FALLOC_FL_ZERO_RANGE: the bytes become zeros.
pub const FALLOC_FL_ZERO_RANGE: u64 = 0x10;
/// FALLOC_FL_INSERT_RANGE: a hole is put in, and what is behind it moves down.
pub const FALLOC_FL_INSERT_RANGE: u64 = 0x20;
/// FALLOC_FL_WRITE_ZEROES: the bytes become zeros that are written.
pub const FALLOC_FL_WRITE_ZEROES: u64 = 0x80;

/// mmap(2), read from a [`Call`].
#[derive(Clone, Copy, Debug)]
pub struct Mmap<'a> {
    /// The call.
    pub call: &'a Call,
    /// Bytes asked for.
    pub length: u64,
    /// `PROT_` bits.
    pub prot: u64,
    /// `MAP_` bits.
    pub flags: u64,
    /// Offset in the file, bytes.
    pub offset: u64,
}

impl<'a> Mmap<'a> {
    /// The view, if `call` is an mmap.
    pub fn of(call: &'a Call) -> Option<Mmap<'a>> {
        call.is(&["mmap"]).then(|| Mmap {
            call,
            length: call.raw(1),
            prot: call.raw(2),
            flags: call.raw(3),
            offset: call.raw(5),
        })
    }

    /// Where the mapping begins, if it was made.
    pub fn start(&self) -> Option<u64> {
        self.call
            .succeeded()
            .then(|| self.call.result.unwrap_or(0) as u64)
    }

    /// MAP_SHARED, also as MAP_SHARED_VALIDATE.
    pub fn is_shared(&self) -> bool {
        self.flags & MAP_SHARED != 0
    }

    /// PROT_WRITE asked for.
    pub fn is_writable(&self) -> bool {
        self.prot & PROT_WRITE != 0
    }
}

/// msync(2), read from a [`Call`].
#[derive(Clone, Copy, Debug)]
pub struct Msync<'a> {
    /// The call.
    pub call: &'a Call,
    /// First address.
    pub address: u64,
    /// Bytes.
    pub length: u64,
    /// `MS_` bits.
    pub flags: u64,
}

impl<'a> Msync<'a> {
    /// The view, if `call` is an msync.
    pub fn of(call: &'a Call) -> Option<Msync<'a>> {
        call.is(&["msync"]).then(|| Msync {
            call,
            address: call.raw(0),
            length: call.raw(1),
            flags: call.raw(2),
        })
    }
}

/// The opening of a file, by whichever call.
#[derive(Clone, Copy, Debug)]
pub struct Open<'a> {
    /// The call.
    pub call: &'a Call,
    /// `O_` bits.
    pub flags: u64,
}

impl<'a> Open<'a> {
    /// The view, if `call` opens a file by name.
    pub fn of(call: &'a Call) -> Option<Open<'a>> {
        let flags = match call.name.as_str() {
            "open" => call.raw(1),
            "openat" | "openat2" => call.raw(2),
            "creat" => O_WRONLY | O_CREAT | O_TRUNC,
            _ => return None,
        };
        Some(Open { call, flags })
    }

    /// Opened for writing, alone or with reading.
    pub fn for_writing(&self) -> bool {
        matches!(self.flags & O_ACCMODE, O_WRONLY | O_RDWR)
    }

    /// Opened with O_APPEND.
    pub fn appends(&self) -> bool {
        const O_APPEND: u64 = 0o2_000;
        self.flags & O_APPEND != 0
    }

    /// Opened with O_NOATIME.
    pub fn keeps_access_time(&self) -> bool {
        const O_NOATIME: u64 = 0o1_000_000;
        self.flags & O_NOATIME != 0
    }
}
