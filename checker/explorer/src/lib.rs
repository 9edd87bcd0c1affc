//! Explores the interleavings of real, unmodified processes.
//!
//! # How
//!
//! ```text
//! search ── who goes on ──▶ world ── operations, values ──▶ outcome, schedule, steps
//! ```
//!
//! - [`explore`] runs the scenario's processes again and again from the start, each time in another
//!   order.
//! - `world` is one run: all processes are stopped but one, which goes on to its next *point*.
//!   Shared mappings have no permissions (mprotect(2)), so every access to one is a memory fault
//!   that the tracer sees before it happens; system calls stop by a seccomp filter.
//! - `search` chooses the order. It is pure, and tried without processes.
//!
//! Memory is sequentially consistent here: every step is over before the next begins. What a
//! processor's store buffers or a weaker memory order may do is not found.

#![cfg(target_arch = "x86_64")]

mod cast;
mod explore;
mod files;
mod instruction;
mod names;
mod operation;
mod search;
mod source;
mod space;
mod tracee;
mod trouble;
mod world;

use std::io;
use std::time::{Duration, Instant};

use checker::evidence::exploration::Exploration;
use checker::evidence::{Evidence, Facet};
use checker::observe::{self, Job, sys};
use checker::scenario::exploring::Explore;

use trouble::Trouble;
use world::Stage;

/// Does a job: explores its scenario.
///
/// # Errors
///
/// What this process itself could not do; nothing that the program under test did.
pub fn run(job: &Job) -> io::Result<Evidence> {
    let Some(explore) = &job.scenario.explore else {
        return Err(io::Error::other("the scenario is not to be explored"));
    };
    sys::adopt_orphans()?;
    sys::die_with_parent()?;
    sys::let_others_look_in(false)?;
    tracee::start_ticking()?;
    tracee::stay_on_one_processor();
    tracee::fix_addresses();
    let folder = job.folder.canonicalize()?;
    let stage = Stage {
        program: &job.program,
        scenario: &job.scenario,
        folder: &folder,
        deadline: Instant::now() + Duration::from_millis(explore.wall_ms),
    };
    match explore::explore(stage, explore) {
        Ok(found) => Ok(evidence(job, explore, found)),
        Err(Trouble::Unfit(reason)) => Ok(observe::unexplored(&job.scenario, &reason)),
        Err(trouble @ Trouble::Late) => {
            Ok(observe::unexplored(&job.scenario, &trouble.to_string()))
        }
        Err(Trouble::Fault(error)) => Err(error),
    }
}

/// The evidence: of the first outcome that may not be, else of the first.
fn evidence(job: &Job, explore: &Explore, found: Exploration) -> Evidence {
    let wrong = found.outcomes.iter().find(|one| !explore.accepts(one));
    let shown = wrong.or(found.outcomes.first());
    let actors = shown.map_or(Vec::new(), |outcome| outcome.actors.clone());
    Evidence {
        actors,
        exploration: Some(Facet::Seen(found)),
        ..observe::unexplored(&job.scenario, "the scenario was explored, not watched")
    }
}
