//! One run of one scenario, from an empty folder to the evidence.
//!
//! The loop takes changes of state, output and announced calls as they come; between them it looks
//! at the clock. It waits for events with deadlines and never for a time.

mod actor;
mod announced;
mod clock;
mod happenings;
mod rules;
mod stops;
mod tasks;

use std::collections::HashMap;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use libc::pid_t;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};

use crate::evidence::ending::Ending;
use crate::evidence::file::{FileState, FileStory};
use crate::evidence::trace::{Call, Event, What};
use crate::evidence::{Evidence, Facet, Moment};
use crate::scenario::{Action, Scenario, Start, Watch};
use crate::subject::Beside;

use super::files::{self, Held};
use super::pages::Pages;
use super::witness::Witness;
use super::{page_size, process, stage, sys};
use actor::ActorRun;
use clock::Clock;
use tasks::Task;

/// How many events are kept of a run that was ended because it went on without end, and with how
/// many bytes of data: every such scenario of a lab stays in memory until it is judged.
const KEPT: (usize, usize) = (500, 256 << 10);

/// A run under way.
struct Run<'a> {
    program: &'a Path,
    scenario: &'a Scenario,
    folder: PathBuf,
    /// How the processes are shown another page size.
    pages: Pages,
    actors: Vec<ActorRun>,
    tasks: HashMap<pid_t, Task>,
    /// Those that stand at their beginning, and of which no parent has told yet; since when.
    strangers: HashMap<pid_t, Instant>,
    trace: Vec<Event>,
    moments: Vec<Moment>,
    /// How often the point of each rule was reached.
    reached: Vec<u32>,
    witnesses: Vec<Witness>,
    /// Those that store what other processes write.
    writers: Vec<Witness>,
    held: Held,
    /// Device and inode of each file of the scenario when the run began.
    inodes: Vec<(String, u64, u64)>,
    /// Why nothing is traced, if so.
    untraced: Option<String>,
    /// Why the scenario cannot be set up here, found out on the way.
    unavailable: Option<String>,
    /// How many processes and threads were made in an untraced run.
    forks: u64,
    clock: Clock,
    leftovers: Vec<String>,
}

/// Runs the scenario in the folder.
///
/// # Errors
///
/// What this process itself could not do; nothing that the program under test did.
pub fn run(
    program: &Path,
    beside: &Beside,
    scenario: &Scenario,
    folder: &Path,
) -> io::Result<Evidence> {
    if process::activity(std::process::id() as pid_t).is_none() {
        let text = "/proc shows no processes; mount it with `mount -t proc proc /proc`";
        return Err(io::Error::other(text));
    }
    let pages = match Pages::prepare(program, beside, scenario, folder) {
        Ok(pages) => pages,
        Err(reason) => return Ok(unavailable(scenario, reason)),
    };
    sys::adopt_orphans()?;
    sys::die_with_parent()?;
    if let Err(reason) = stage::prepare(scenario.place, folder)? {
        return Ok(unavailable(scenario, reason));
    }
    // From here on no program under test can reach into this process; /proc/self/uid_map, which
    // `prepare` may have to write, belongs to root afterwards.
    sys::let_others_look_in(false)?;
    let folder = folder.canonicalize()?;
    stage::furnish(&folder, &scenario.files)?;
    let mut held = Held::default();
    let witnesses = scenario
        .files
        .iter()
        .filter(|file| file.witness)
        .map(|file| Witness::of(&folder, &file.name))
        .collect::<io::Result<_>>()?;
    let written = scenario.files.iter().filter(|file| {
        let actions = scenario.rules.iter().flat_map(|rule| &rule.then);
        let mut written = actions.filter_map(Action::written);
        written.any(|name| name == file.name)
    });
    let writers = written
        .map(|file| Witness::that_stores(&folder, &file.name))
        .collect::<io::Result<_>>()?;
    let before = files::states(&folder, &mut held)?;
    let mut run = Run {
        program,
        scenario,
        inodes: inodes(&before),
        folder,
        pages,
        actors: scenario.actors.iter().map(|_| ActorRun::new()).collect(),
        tasks: HashMap::new(),
        strangers: HashMap::new(),
        trace: Vec::new(),
        moments: Vec::new(),
        reached: vec![0; scenario.rules.len()],
        witnesses,
        writers,
        held,
        untraced: match scenario.watch {
            Watch::Traced => None,
            Watch::Untraced => Some("this run is meant to go untraced".to_owned()),
            Watch::Unwatched => Some("this run is meant to go unwatched".to_owned()),
        },
        unavailable: None,
        forks: 0,
        clock: Clock::start(),
        leftovers: Vec::new(),
    };
    run.follow()?;
    run.clear_up();
    run.look_once_more()?;
    run.evidence(before)
}

impl Run<'_> {
    /// Starts what is due and takes what comes until everything has ended.
    fn follow(&mut self) -> io::Result<()> {
        let children = SigSet::from(Signal::SIGCHLD);
        children.thread_block()?;
        let signals =
            SignalFd::with_flags(&children, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC)?;
        for n in 0..self.actors.len() {
            if self.scenario.actors[n].start == Start::AtOnce {
                self.start(n)?;
            }
        }
        loop {
            while let Ok(Some(_)) = signals.read_signal() {}
            self.take_changes()?;
            self.take_output()?;
            self.see_happenings()?;
            if self.is_over() {
                return Ok(());
            }
            self.look_at_clock();
            self.end_strangers();
            self.wait_for_event(&signals)?;
            self.take_announced()?;
        }
    }

    /// Takes every pending change of state.
    fn take_changes(&mut self) -> io::Result<()> {
        loop {
            match sys::wait_any() {
                Ok(Some(waited)) => self.changed(waited)?,
                Ok(None) => return Ok(()),
                Err(error) if error.raw_os_error() == Some(libc::ECHILD) => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    }

    fn take_output(&mut self) -> io::Result<()> {
        let limit = self.scenario.limits.output;
        for n in 0..self.actors.len() {
            if self.actors[n].take_output()? > limit {
                self.end_actor(n, Ending::Flooded { limit });
            }
        }
        Ok(())
    }

    /// Whether nothing runs any more and nothing will start.
    fn is_over(&mut self) -> bool {
        let is_running = self.actors.iter().any(ActorRun::is_running);
        !is_running && (self.live().is_empty() || !self.clock.grace_left())
    }

    /// Waits for the next event, or until the clock has to be looked at again.
    fn wait_for_event(&self, signals: &SignalFd) -> io::Result<()> {
        let signals = std::iter::once(signals.as_fd());
        let pipes = self.actors.iter().flat_map(ActorRun::descriptors);
        let descriptors: Vec<BorrowedFd<'_>> = signals.chain(pipes).collect();
        let mut polled: Vec<PollFd<'_>> = descriptors
            .iter()
            .map(|&fd| PollFd::new(fd, PollFlags::POLLIN))
            .collect();
        let timeout = PollTimeout::try_from(self.next_look()).unwrap_or(PollTimeout::MAX);
        match poll(&mut polled, timeout) {
            Ok(_) | Err(nix::Error::EINTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Kills every process that is left, daemonised ones too, and waits for them: this process is
    /// the subreaper of all of them, so without a child there is none.
    fn clear_up(&mut self) {
        if !sys::has_children() {
            return;
        }
        let me = std::process::id() as pid_t;
        for pid in process::descendants(me) {
            if let Some(activity) = process::activity(pid)
                && activity.state != 'Z'
            {
                self.leftovers.push(activity.command);
            }
        }
        loop {
            for pid in process::descendants(me) {
                process::kill(pid);
            }
            match sys::wait_any() {
                Ok(Some(waited)) => tasks::let_die(waited),
                Ok(None) => {
                    // Killed and not yet dead: its end is an event.
                    sys::wait_for_child(Duration::from_millis(50));
                }
                Err(_) => return,
            }
        }
    }

    fn evidence(mut self, before: Vec<(String, FileState)>) -> io::Result<Evidence> {
        let after = self.files(0)?;
        if self.actors.iter().any(ActorRun::went_on_without_end) {
            self.keep_beginning();
        }
        let actors = self.scenario.actors.iter().zip(self.actors);
        let actors: Vec<_> = actors.map(|(spec, run)| run.actor(spec)).collect();
        let unavailable = self.unavailable;
        let unavailable = unavailable.or_else(|| self.pages.unseen(&self.trace, &actors));
        let is_meant_traced = self.scenario.watch == Watch::Traced;
        let seen = |reason: Option<String>| reason.map_or(Ok(()), Err);
        let watched = seen(self.untraced);
        Ok(Evidence {
            actors,
            files: stories(before, after),
            trace: match &watched {
                // Announced calls have no answers: they are a trace only where none is expected.
                Err(reason) if is_meant_traced || self.trace.is_empty() => {
                    Facet::Unseen(reason.clone())
                }
                _ => Facet::Seen(self.trace),
            },
            moments: match watched {
                Ok(()) => Facet::Seen(self.moments),
                Err(reason) => Facet::Unseen(reason),
            },
            leftovers: self.leftovers,
            exploration: None,
            unavailable,
            page_size: page_size(),
        })
    }

    /// Every file as it is now. An actor that filled its folder is ended.
    fn files(&mut self, actor: usize) -> io::Result<Vec<(String, FileState)>> {
        let states = files::states(&self.folder, &mut self.held)?;
        if let Some(too_much) = self.held.too_much() {
            self.end_actor(actor, too_much);
        }
        Ok(states)
    }

    /// Leaves the beginning of the trace and the moments that belong to it.
    fn keep_beginning(&mut self) {
        let mut bytes = 0;
        let is_too_much = |event: &Event| {
            if let What::Call(Call {
                data: Some(data), ..
            }) = &event.what
            {
                bytes += data.0.len();
            }
            bytes > KEPT.1
        };
        let kept = self.trace.iter().position(is_too_much);
        let kept = kept.unwrap_or(self.trace.len()).min(KEPT.0);
        self.trace.truncate(kept);
        self.moments.retain(|moment| moment.at <= kept);
    }

    /// Puts an event into the trace and tells its index.
    fn record(&mut self, actor: usize, process: usize, what: What) -> usize {
        self.trace.push(Event {
            actor,
            process,
            what,
        });
        self.trace.len() - 1
    }
}

/// The evidence of a scenario that is to be explored and cannot be: why, as a clause that can follow
/// "because".
pub(super) fn unexplored(scenario: &Scenario, reason: &str) -> Evidence {
    Evidence {
        unavailable: None,
        exploration: Some(Facet::Unseen(reason.to_owned())),
        ..unavailable(scenario, reason.to_owned())
    }
}

fn unavailable(scenario: &Scenario, reason: String) -> Evidence {
    let never = |spec| ActorRun::new().actor(spec);
    Evidence {
        actors: scenario.actors.iter().map(never).collect(),
        files: Vec::new(),
        trace: Facet::Unseen(reason.clone()),
        moments: Facet::Unseen(reason.clone()),
        leftovers: Vec::new(),
        exploration: None,
        unavailable: Some(reason),
        page_size: page_size(),
    }
}

fn inodes(states: &[(String, FileState)]) -> Vec<(String, u64, u64)> {
    let each = states
        .iter()
        .map(|(name, state)| (name.clone(), state.device, state.inode));
    each.collect()
}

fn stories(before: Vec<(String, FileState)>, after: Vec<(String, FileState)>) -> Vec<FileStory> {
    let mut after: Vec<(String, Option<FileState>)> = after
        .into_iter()
        .map(|(name, state)| (name, Some(state)))
        .collect();
    let mut stories: Vec<FileStory> = before
        .into_iter()
        .map(|(name, state)| {
            let later = after.iter_mut().find(|(other, _)| *other == name);
            FileStory {
                after: later.and_then(|(_, state)| state.take()),
                before: Some(state),
                name,
            }
        })
        .collect();
    let new = after.into_iter().filter(|(_, state)| state.is_some());
    stories.extend(new.map(|(name, after)| FileStory {
        name,
        before: None,
        after,
    }));
    stories
}
