//! What a check comes to, and for a failure the diagnosis: facts as values, not yet sentences on
//! a screen.

use serde::{Deserialize, Serialize};

use crate::evidence::bytes::Bytes;
use crate::evidence::schedule::Schedule;
use crate::evidence::trace::Stream;

/// What a check comes to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "is")]
pub enum Verdict {
    /// The promise was kept.
    Passed,
    /// The promise was broken.
    Failed(Box<Diagnosis>),
    /// The learner has not written this part yet: a `todo!` was reached, the stub's or another.
    NotWritten {
        /// The step's number; none for a `todo!` of the learner's own.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        step: Option<u32>,
        /// `path:line` of the `todo!`, relative to the workspace.
        place: String,
    },
    /// Not tried, because something that it rests on is broken.
    Blocked {
        /// What, as a phrase that can follow "blocked by": `clause 2`, [`TWO_TIMEOUTS`].
        by: String,
    },
    /// This machine does not show what would decide it.
    NotObservable {
        /// Why, as a clause that can follow "because".
        reason: String,
    },
}

/// What blocks the checks that are left when two runs had to be cut off.
pub const TWO_TIMEOUTS: &str = "two timeouts";

impl Verdict {
    /// Failed, or not written.
    pub fn is_failure(&self) -> bool {
        matches!(self, Verdict::Failed(_) | Verdict::NotWritten { .. })
    }
}

/// Why a check failed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnosis {
    /// What should have been seen.
    pub expected: String,
    /// What was seen instead.
    pub observed: String,
    /// Where.
    pub spot: Spot,
    /// The evidence itself, to be shown.
    pub exhibit: Option<Exhibit>,
    /// The mistake behind it, if it was recognised.
    pub mistake: Option<MistakeNote>,
    /// The scenario in which it was seen.
    pub scenario: String,
    /// The command line of the program in that scenario, to be shown.
    pub command: String,
    /// The order of steps in which it was seen, if the scenario was explored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<Schedule>,
}

/// A recognised mistake, ready to be shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MistakeNote {
    /// Its stable code, such as `private-mapping`.
    pub code: String,
    /// Why it is one, in one or two sentences.
    pub says: String,
    /// A question or a pointer, not the answer.
    pub hint: String,
    /// Where the book explains it.
    pub section: String,
}

/// Where in the evidence a failure lies.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "at")]
pub enum Spot {
    /// How the process ended.
    #[default]
    Ending,
    /// An event of the trace.
    Event {
        /// Its index.
        index: usize,
    },
    /// Something that should be in the trace and is not.
    Missing,
    /// A byte of a file.
    Byte {
        /// The file.
        file: String,
        /// The offset.
        offset: u64,
    },
    /// A property of a file: its length, mode, inode.
    File {
        /// The file.
        file: String,
    },
    /// A line of output.
    Line {
        /// The stream.
        stream: Stream,
        /// Counted from 1.
        number: usize,
    },
    /// A moment.
    Moment {
        /// The rule that asked for it.
        rule: String,
    },
    /// A step of the order that is shown.
    Step {
        /// Counted from 1.
        number: usize,
    },
}

/// Evidence to be shown as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "show")]
pub enum Exhibit {
    /// Calls, in order, one or more of them marked.
    Calls {
        /// A line each.
        lines: Vec<CallLine>,
    },
    /// The same range of bytes as it should be and as it is.
    Bytes {
        /// Of what, such as ``the file `notes.txt` ``.
        what: String,
        /// Offset of the first byte shown.
        offset: u64,
        /// As they should be.
        expected: Bytes,
        /// As they are.
        observed: Bytes,
    },
    /// Output as it should be and as it is.
    Lines {
        /// Of what: `standard output`.
        what: String,
        /// As it should be; `None` where only a property of it is promised.
        expected: Option<String>,
        /// As it is.
        observed: String,
    },
    /// What processes did, step by step, in one order.
    Timeline {
        /// What the processes are called: those of the scenario, then those that they started.
        processes: Vec<String>,
        /// The steps, in order.
        steps: Vec<TimelineStep>,
    },
}

/// One step of a process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimelineStep {
    /// Index of the process.
    pub process: usize,
    /// Its place in the order, counted from 1.
    pub number: usize,
    /// What it did, such as `reads 7`.
    pub text: String,
    /// Where in its source: `src/lib.rs:31`.
    pub line: Option<String>,
    /// Whether it has to do with what went wrong.
    pub matters: bool,
    /// What is to be said of it; the step that is marked has this.
    pub note: Option<String>,
}

/// One line of a trace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallLine {
    /// The call as text.
    pub text: String,
    /// Byte range of the part that matters.
    pub mark: Option<(usize, usize)>,
}

/// What a rule says: nothing to object to, or what it found.
pub type Ruling = Result<(), Finding>;

/// Why a rule cannot say yes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// The promise was broken. The code of the mistake, where the rule itself knows it.
    Broken(Box<Diagnosis>, Option<&'static str>),
    /// The learner has not written this part yet.
    NotWritten {
        /// The step's number, if it is one of the stub.
        step: Option<u32>,
        /// `path:line`.
        place: String,
    },
    /// The evidence for it is missing on this machine, because.
    Unobservable(String),
}
