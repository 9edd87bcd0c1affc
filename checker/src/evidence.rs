//! What was observed, as plain data: no handles, nothing that is still running.
//!
//! Evidence can be stored as JSON and judged again later with the same verdicts. What could not
//! be looked at says so ([`Facet::Unseen`]); it is never filled in by a guess.

pub mod address_space;
mod alone;
pub mod bytes;
pub mod ending;
pub mod errno;
pub mod exploration;
pub mod file;
pub mod schedule;
mod stored;
pub mod trace;

use serde::{Deserialize, Serialize};

use crate::scenario::Scenario;
use address_space::AddressSpace;
use bytes::Bytes;
use ending::Actor;
use exploration::Exploration;
use file::{FileState, FileStory};
use trace::Event;

/// A scenario together with what was observed when it ran: all that a check may look at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Observation {
    /// What was set up and done.
    pub scenario: Scenario,
    /// What came of it.
    pub evidence: Evidence,
}

/// What one run of one scenario showed.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(try_from = "stored::Stored")]
pub struct Evidence {
    /// Why the scenario could not be set up on this machine, as a clause that can follow
    /// "because"; then nothing else here means anything.
    pub unavailable: Option<String>,
    /// Bytes in a page of the machine on which it ran.
    pub page_size: u64,
    /// The processes that the scenario started, in its order.
    pub actors: Vec<Actor>,
    /// Every file in the scenario's folder, before and after, by name.
    pub files: Vec<FileStory>,
    /// What was asked of the kernel; only the beginning if a run was ended because it wrote, asked
    /// or forked without end.
    pub trace: Facet<Vec<Event>>,
    /// What was looked at while the processes stood still.
    pub moments: Facet<Vec<Moment>>,
    /// Processes that were still there when the last actor had ended, by command name.
    pub leftovers: Vec<String>,
    /// What came of every order of the processes' steps, if the scenario is to be explored; then the
    /// rest is that of the first outcome that is not accepted, or of the first of all.
    pub exploration: Option<Facet<Exploration>>,
}

/// Something that was looked at, or the reason why it could not be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Facet<T> {
    /// It was looked at.
    Seen(T),
    /// It could not be looked at on this machine: why, as a clause that can follow "because".
    Unseen(String),
}

/// What the processes and the files looked like at one point of the run.
#[derive(Clone, Debug, PartialEq)]
pub struct Moment {
    /// The rule that asked for it; `after` if nobody did, and everything had ended.
    pub rule: String,
    /// How many events the trace held at that time: events before this index came before. The
    /// call at whose entry or exit a rule looks is among them.
    pub at: usize,
    /// Index of the actor that stood at the point.
    pub actor: usize,
    /// Every file in the scenario's folder, also those that a program made, by name; and `None`
    /// for a name of the scenario that is not there.
    pub files: Vec<(String, Option<FileState>)>,
    /// The address space of every process that was alive and had a file of the scenario mapped, if
    /// the rule looks inside.
    pub spaces: Vec<AddressSpace>,
    /// What another process sees that had mapped the file before any actor started.
    pub views: Vec<View>,
}

/// What the witness process reads through its own, older mapping of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct View {
    /// The file, by the scenario's name.
    pub file: String,
    /// From the start of the file, at most as many as it was long when the witness mapped it.
    pub bytes: Bytes,
    /// The rest of the last page of that mapping, behind the length that the file had when the
    /// witness mapped it. Stores past the end of the file show here; empty for a page multiple.
    pub tail: Bytes,
}

impl Observation {
    /// The page size that the processes believed, bytes: the scenario's, if the machine's own is
    /// smaller. Where it could not be shown, the evidence is unavailable.
    pub fn page_size(&self) -> u64 {
        let own = self.evidence.page_size;
        self.scenario.page_size.map_or(own, |shown| shown.max(own))
    }
}

impl Evidence {
    /// The story of a file, by the scenario's name or by the name it was found under afterwards.
    pub fn file(&self, name: &str) -> Option<&FileStory> {
        self.files.iter().find(|story| story.name == name)
    }

    /// The moments that a rule asked for, in order; empty if none came or none could be seen.
    pub fn moments_of<'a>(&'a self, rule: &'a str) -> impl Iterator<Item = &'a Moment> {
        let moments = match &self.moments {
            Facet::Seen(moments) => moments.as_slice(),
            Facet::Unseen(_) => &[],
        };
        moments.iter().filter(move |moment| moment.rule == rule)
    }
}

impl Moment {
    /// The state of a file at this moment.
    pub fn file(&self, name: &str) -> Option<&FileState> {
        let found = self.files.iter().find(|(file, _)| file == name);
        found.and_then(|(_, state)| state.as_ref())
    }

    /// What the witness saw of a file at this moment.
    pub fn view(&self, name: &str) -> Option<&View> {
        self.views.iter().find(|view| view.file == name)
    }
}
