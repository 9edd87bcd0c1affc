//! How a process came to its end, and what it had written by then.

use serde::{Deserialize, Serialize};

use super::bytes::Bytes;

/// One process that a scenario started, with all that it started itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Actor {
    /// The name the scenario gave it.
    pub name: String,
    /// The words of its command line after the program's own name.
    pub arguments: Vec<String>,
    /// How it ended.
    pub ending: Ending,
    /// What it wrote to standard output.
    pub stdout: Captured,
    /// What it wrote to standard error.
    pub stderr: Captured,
    /// Processor time of the process and of the children it waited for, milliseconds.
    pub cpu_ms: u64,
    /// Largest resident set of the process, KiB (getrusage(2), `ru_maxrss`).
    pub peak_rss_kib: u64,
}

/// How a process ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "how")]
pub enum Ending {
    /// It exited with this status.
    Exited {
        /// The status, 0 to 255.
        code: i32,
    },
    /// A signal killed it.
    Killed {
        /// The signal's name, such as `SIGBUS`.
        signal: String,
        /// For a fault: where.
        fault: Option<Fault>,
    },
    /// It used more processor time than it may.
    TooMuchCpu {
        /// The limit, seconds.
        limit_s: u64,
    },
    /// Neither it nor anything it started ran for a long while, and nothing would wake it.
    Stuck {
        /// How long nothing happened, milliseconds.
        idle_ms: u64,
        /// The system call it stood in, if one that is watched.
        call: Option<String>,
    },
    /// However the others go on, none of them brings what it waits for.
    Deadlocked {
        /// The system call it stood in.
        call: String,
    },
    /// It looks at the same memory again and again, which nobody will change any more.
    Spinning {
        /// How often it looked in vain.
        looks: u32,
    },
    /// It took more steps than one run of an exploration may have.
    TooManySteps {
        /// The limit.
        limit: u32,
    },
    /// It was still running when the wall clock ran out.
    TooLong {
        /// The limit, seconds.
        limit_s: u64,
    },
    /// It wrote more than is taken.
    Flooded {
        /// The limit, bytes.
        limit: u64,
    },
    /// It started more processes than are allowed at once.
    TooManyProcesses {
        /// The limit.
        limit: u64,
    },
    /// It made more watched calls than are recorded.
    TooManyCalls {
        /// The limit.
        limit: u64,
    },
    /// Its files held more bytes than are kept.
    TooMuchContent {
        /// The limit, bytes.
        limit: u64,
    },
    /// Its files were changed so much, between one look and the next, that more bytes would have to
    /// be kept than are.
    TooMuchChange {
        /// The limit, bytes.
        limit: u64,
    },
    /// The scenario ended it on purpose: a rule killed it, or the run was over.
    Stopped {
        /// The rule that did it.
        rule: String,
    },
    /// It could not be started at all.
    NotStarted {
        /// What the kernel said.
        reason: String,
    },
    /// The scenario never came to the point where it was to start.
    NeverDue,
}

/// Where a memory fault happened (sigaction(2): `si_addr`, `si_code`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// The faulting address.
    pub address: u64,
    /// `si_code` by name, such as `BUS_ADRERR`.
    pub code: String,
    /// The mapping the address lies in, if in any.
    pub within: Option<FaultPlace>,
}

/// Which byte of which file a faulting address stands for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultPlace {
    /// What `/proc/PID/maps` calls the mapping; relative to the scenario's folder if inside it.
    pub path: String,
    /// Inode of the mapped file, 0 if there is none.
    pub inode: u64,
    /// Offset in the file of the faulting byte.
    pub offset: u64,
    /// The permission letters of the mapping, such as `rw-s`.
    pub permissions: String,
}

/// The start and the end of what a process wrote; the middle of a very long output is dropped.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Captured {
    /// The first bytes, up to [`Captured::KEPT`].
    pub start: Bytes,
    /// The last bytes, up to [`Captured::KEPT`], of what did not fit into `start`.
    pub end: Bytes,
    /// All bytes that were written.
    pub total: u64,
}

impl Captured {
    /// How many bytes are kept of the start, and how many of the end.
    pub const KEPT: usize = 32 * 1024;

    /// How many bytes in the middle are missing.
    pub fn missing(&self) -> u64 {
        self.total - (self.start.0.len() + self.end.0.len()) as u64
    }

    /// What was kept, with a line in place of what is missing.
    pub fn text(&self) -> String {
        let mut text = self.start.text();
        if self.missing() > 0 {
            text.push_str(&format!("\n[{} bytes left out]\n", self.missing()));
        }
        text.push_str(&self.end.text());
        text
    }
}
