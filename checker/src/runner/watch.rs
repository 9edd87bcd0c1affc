//! Has scenarios observed side by side.

use std::io;
use std::num::NonZero;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use crate::scenario::Scenario;
use crate::scratch::Scratch;

use super::collect::TIMEOUTS;
use super::shelf::Shelved;
use super::{Bench, Fault, Observe};

/// Observes `scenarios` in their order. After [`TIMEOUTS`] runs that were cut off, those `before`
/// included, no new one is begun; so what comes back is the beginning of `scenarios`.
pub(super) fn watch(
    program: &Path,
    scenarios: &[Scenario],
    before: &[Shelved<'_>],
    bench: &Bench<'_>,
) -> Result<Vec<Shelved<'static>>, Fault> {
    let cut_off = AtomicUsize::new(before.iter().filter(|one| one.is_timeout).count());
    let next = AtomicUsize::new(0);
    let broken = AtomicBool::new(false);
    let seen: Mutex<Vec<(usize, Result<Shelved<'static>, Fault>)>> = Mutex::new(Vec::new());
    let (observe, scratch) = (bench.observe, bench.scratch);
    // Long evidence is read by one at a time: it is long.
    let shelf = Mutex::new(());
    let work = || {
        while cut_off.load(Ordering::SeqCst) < TIMEOUTS && !broken.load(Ordering::SeqCst) {
            let index = next.fetch_add(1, Ordering::SeqCst);
            let Some(scenario) = scenarios.get(index) else {
                break;
            };
            let one = observe_one(program, scenario, observe, scratch, &shelf);
            match &one {
                Ok(one) if one.is_timeout => {
                    cut_off.fetch_add(1, Ordering::SeqCst);
                }
                Ok(_) => {}
                Err(_) => broken.store(true, Ordering::SeqCst),
            }
            if let Ok(mut seen) = seen.lock() {
                seen.push((index, one));
            }
        }
    };
    thread::scope(|scope| {
        for _ in 1..bench.workers.clamp(1, scenarios.len().max(1)) {
            scope.spawn(work);
        }
        work();
    });
    let mut seen = seen.into_inner().unwrap_or_default();
    seen.sort_by_key(|(index, _)| *index);
    seen.into_iter().map(|(_, one)| one).collect()
}

/// How many scenarios run side by side on this machine.
pub fn workers() -> usize {
    thread::available_parallelism().map_or(1, NonZero::get)
}

fn observe_one(
    program: &Path,
    scenario: &Scenario,
    observe: Observe<'_>,
    scratch: &Scratch,
    shelf: &Mutex<()>,
) -> Result<Shelved<'static>, Fault> {
    let folder = scratch.scenario(&scenario.name)?;
    let answer = observe(program, scenario, &folder);
    // First of all: without room neither the evidence nor the fault can be believed.
    scratch.has_room()?;
    let answer = answer.map_err(|fault| Fault::Observe(scenario.name.clone(), fault))?;
    let _alone = shelf.lock();
    let shelved = Shelved::answer(scenario, answer)?;
    if scratch.keeps() {
        let observation = shelved.observation()?;
        scratch.keep(&scenario.name, |to| {
            serde_json::to_writer_pretty(to, &*observation).map_err(io::Error::other)
        })?;
    } else {
        scratch.clear(&scenario.name);
    }
    Ok(shelved)
}
