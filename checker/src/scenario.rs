//! What is set up for a program and done to it: data, handed to the observer as JSON.
//!
//! A scenario holds no expectation: files, processes, what is done at which point of their run, how
//! far they may go. What the run shows is [`Evidence`](crate::evidence::Evidence).

pub mod exploring;
mod making;

use serde::{Deserialize, Serialize};

use crate::evidence::bytes::Bytes;
use exploring::Explore;

/// One run of a program, or of several that meet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scenario {
    /// A name that is unique in the lab, such as `overwrite-longer`.
    pub name: String,
    /// How the processes are watched.
    pub watch: Watch,
    /// Where the files lie.
    pub place: Place,
    /// The files before the first process starts, in the order in which they are made.
    pub files: Vec<FileSpec>,
    /// The processes.
    pub actors: Vec<ActorSpec>,
    /// The page size that the processes are shown, bytes; a machine's own pages are never smaller
    /// to them. None in old evidence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page_size: Option<u64>,
    /// How the orders of the processes' steps are gone through; then rules do not act, and all
    /// actors start at once. None in old evidence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explore: Option<Explore>,
    /// What is done, and when.
    pub rules: Vec<Rule>,
    /// How far the processes may go.
    pub limits: Limits,
}

/// How a scenario's processes are watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Watch {
    /// By ptrace(2): calls with their answers, points to stop at, moments.
    Traced,
    /// Without ptrace: calls as they are asked (seccomp_unotify(2)) where the kernel allows it,
    /// without their answers. The program sees `TracerPid: 0`. Rules do not act.
    Untraced,
    /// Not at all, but for the making of processes: how they end and what they print is seen, and
    /// the files. Rules do not act.
    Unwatched,
}

/// Where a scenario's folder lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// On the file system of the temporary folder.
    Temporary,
    /// On a tmpfs of its own with this many bytes of room; needs a user namespace.
    SmallDisk(u64),
}

/// A file that is there before the first process starts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FileSpec {
    /// Path relative to the scenario's folder.
    pub name: String,
    /// What it is.
    pub kind: FileKind,
    /// Permission bits; by default 0644 for files and 0755 for directories.
    pub mode: Option<u32>,
    /// Whether the witness maps it, shared and readable, before the first process starts.
    pub witness: bool,
    /// Whether it is synced before the first process starts: its pages in the page cache are clean
    /// then, and dirty if not. On a file system without a disk they are always dirty.
    #[serde(default)]
    pub synced: bool,
}

impl FileSpec {
    /// The first piece of a regular file that begins with one.
    pub fn beginning(&self) -> Option<&[u8]> {
        match &self.kind {
            FileKind::Regular { pieces, .. } => {
                let first = pieces.first().filter(|(offset, _)| *offset == 0);
                first.map(|(_, bytes)| bytes.0.as_slice())
            }
            _ => None,
        }
    }
}

/// What kind of file is made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FileKind {
    /// A regular file of this length: the pieces, and holes between them.
    Regular {
        /// Length in bytes.
        length: u64,
        /// Offset and bytes of each piece.
        pieces: Vec<(u64, Bytes)>,
    },
    /// An empty directory.
    Directory,
    /// An empty directory that is a tmpfs of its own; only on a [`Place::SmallDisk`].
    Disk,
    /// A named pipe.
    Fifo,
    /// A symbolic link to this target, as it is written.
    SymbolicLink(String),
    /// Another name for a file that is made before it.
    HardLink(String),
}

/// A process that a scenario starts. All run the program under test.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ActorSpec {
    /// A name, unique in the scenario.
    pub name: String,
    /// Arguments; files are named relative to the scenario's folder, which is the working folder.
    pub arguments: Vec<String>,
    /// What stands in standard input at the start.
    pub input: Bytes,
    /// Whether standard input stays open after `input`, for [`Action::Feed`].
    pub keeps_input_open: bool,
    /// When it starts.
    pub start: Start,
}

/// When an actor starts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Start {
    /// At the beginning.
    AtOnce,
    /// When this has happened. If it has not when all others have ended, it never starts.
    After(Happening),
    /// When a rule says [`Action::Start`].
    ByRule,
}

/// Something that happens to an actor as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Happening {
    /// The actor, and all that it started, has ended.
    Ended(String),
    /// The actor waits in the kernel for something that will not come by itself.
    Blocked(String),
    /// So many milliseconds have passed: a program that polls for another is never blocked.
    Elapsed(u64),
    /// These actors have all ended, and so quickly that more of the same can follow.
    EndedQuickly {
        /// Their names.
        actors: Vec<String>,
        /// Less than this much processor time together, milliseconds.
        cpu_ms: u64,
        /// Each in less than this much wall time, milliseconds.
        wall_ms: u64,
    },
}

/// Actions at a point.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rule {
    /// A name, unique in the scenario; moments and the trace refer to it.
    pub name: String,
    /// When.
    pub at: Point,
    /// Which time the point is reached, counted from 1; `None` is every time.
    pub time: Option<u32>,
    /// What is done, in order.
    pub then: Vec<Action>,
}

/// A point in the run of one actor, at which the process stands still.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Point {
    /// A system call.
    Call {
        /// The actor.
        actor: String,
        /// Any of these, by name; empty is any call that is watched.
        names: Vec<String>,
        /// Only if the call is about this file: the same inode, or the same path.
        file: Option<String>,
        /// What such a call has to do; others are not counted.
        effect: Effect,
        /// Before the kernel acts, or after.
        side: Side,
    },
    /// The write that completes a line of standard output that begins so; the process stands
    /// before the write is carried out.
    Line {
        /// The actor.
        actor: String,
        /// How the line begins.
        prefix: String,
    },
    /// A read of standard input when there is nothing to be read: the actor waits for a word.
    Input {
        /// The actor; its input has to be kept open.
        actor: String,
    },
    /// The end of the process that was started, its memory still there.
    End {
        /// The actor.
        actor: String,
    },
    /// The beginning of a process that another process of the actor starts, and that has memory of
    /// its own. What was started before the point of another rule was reached is not counted.
    Begin {
        /// The actor.
        actor: String,
        /// The other rule.
        behind: String,
    },
}

/// What a call does, if it succeeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// Anything.
    Any,
    /// It could write: open for writing, a writable shared mapping, any change of the file.
    Writing,
    /// It gives the file a length that is not 0; fallocate(2) with FALLOC_FL_KEEP_SIZE does not.
    Sizing,
    /// It opens a file for writing and without O_APPEND, which nobody may with a file that can only
    /// be appended to (FS_IOC_SETFLAGS(2const)).
    Rewriting,
    /// It opens a file with O_NOATIME, which only its owner may (open(2)).
    KeepingAccessTime,
}

/// Which side of a system call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// The call was made and not yet carried out.
    Entry,
    /// The call was carried out and has not yet returned. Only calls that succeeded count.
    Exit,
}

/// What is done at a point.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Looks at the files and the witness: a moment of the rule's name.
    Look,
    /// Looks at the address spaces too.
    LookInside,
    /// Keeps the process where it stands until one of these has happened.
    HoldUntil(Vec<Happening>),
    /// Kills every process of the actor with SIGKILL.
    Kill,
    /// Answers the call with this error instead of carrying it out; only at [`Side::Entry`].
    Fail(String),
    /// Answers fallocate(2) in the kernel's place: the file gets the length that the call gives it,
    /// and no block is taken; only at [`Side::Entry`].
    PretendRoom,
    /// Ends the run here; every actor that still runs is [`Stopped`](crate::evidence::ending::Ending::Stopped).
    Finish,
    /// Another process sets the length of a file.
    Truncate {
        /// The file.
        file: String,
        /// Its new length.
        length: u64,
    },
    /// Another process changes bytes of a file: it stores them into a shared mapping that it has
    /// had, and has stored into, since before the first process started. Bytes behind the old end
    /// are written by write(2).
    Write {
        /// The file.
        file: String,
        /// Where.
        offset: u64,
        /// What.
        bytes: Bytes,
    },
    /// Stores into a private mapping of a file in the process that stands at the point, or in its
    /// parent, as a debugger does: the byte that is there already, so that nothing changes but whose
    /// page it is. The event belongs to the process whose memory it is.
    StoreInside {
        /// The file.
        file: String,
        /// The page of the file.
        page: u64,
        /// Whose memory. The process's own in old evidence.
        #[serde(default, skip_serializing_if = "Kin::is_itself")]
        of: Kin,
    },
    /// Starts an actor that waits for it.
    Start(String),
    /// Puts bytes into an actor's standard input.
    Feed(String, Bytes),
    /// Closes an actor's standard input.
    CloseInput(String),
}

impl Action {
    /// The file that another process writes into.
    pub fn written(&self) -> Option<&str> {
        match self {
            Action::Write { file, .. } => Some(file),
            _ => None,
        }
    }
}

/// Which process is meant, seen from the one that stands at a point.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kin {
    /// The process itself.
    #[default]
    Itself,
    /// The one that started it.
    Parent,
}

impl Kin {
    fn is_itself(&self) -> bool {
        *self == Kin::Itself
    }
}

/// How far the processes of a scenario may go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Processor time of each process, seconds (RLIMIT_CPU).
    pub cpu_s: u64,
    /// Wall clock for the whole scenario, seconds: the backstop.
    pub wall_s: u64,
    /// How long every process may sleep at once before it counts as stuck, milliseconds.
    pub idle_ms: u64,
    /// Address space of each process, bytes (RLIMIT_AS).
    pub address_space: u64,
    /// Largest file a process may write, bytes (RLIMIT_FSIZE, with SIGXFSZ ignored so that the
    /// call answers EFBIG); `None` is no limit.
    pub file_size: Option<u64>,
    /// Output of each stream, bytes.
    pub output: u64,
    /// Processes and threads at once.
    pub processes: u64,
    /// Watched calls of all processes together. Each is recorded, and a rule may look at the files
    /// around each.
    pub calls: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            cpu_s: 4,
            wall_s: 60,
            idle_ms: 4000,
            address_space: 64 << 30,
            file_size: None,
            output: 4 << 20,
            processes: 64,
            calls: 5_000,
        }
    }
}
