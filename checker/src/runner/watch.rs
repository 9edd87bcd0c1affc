//! Has scenarios observed side by side.

use std::num::NonZero;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use crate::evidence::Observation;
use crate::scenario::Scenario;

use super::collect::{TIMEOUTS, is_timeout};
use super::{Bench, Fault};

/// Observes `scenarios` in their order. After [`TIMEOUTS`] runs that were cut off, those `before`
/// included, no new one is begun; so what comes back is the beginning of `scenarios`.
pub(super) fn watch(
    program: &Path,
    scenarios: &[Scenario],
    before: &[Observation],
    bench: &Bench<'_>,
) -> Result<Vec<Observation>, Fault> {
    let cut_off = AtomicUsize::new(before.iter().filter(|one| is_timeout(one)).count());
    let next = AtomicUsize::new(0);
    let broken = AtomicBool::new(false);
    let seen: Mutex<Vec<(usize, Result<Observation, Fault>)>> = Mutex::new(Vec::new());
    let (observe, scratch) = (bench.observe, bench.scratch);
    let work = || {
        while cut_off.load(Ordering::SeqCst) < TIMEOUTS && !broken.load(Ordering::SeqCst) {
            let index = next.fetch_add(1, Ordering::SeqCst);
            let Some(scenario) = scenarios.get(index) else {
                break;
            };
            let one = observe_one(program, scenario, observe, scratch);
            match &one {
                Ok(one) if is_timeout(one) => {
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
    observe: super::Observe<'_>,
    scratch: &crate::scratch::Scratch,
) -> Result<Observation, Fault> {
    let folder = scratch.scenario(&scenario.name)?;
    let evidence = observe(program, scenario, &folder);
    // First of all: without room neither the evidence nor the fault can be believed.
    scratch.has_room()?;
    let evidence = evidence.map_err(|fault| Fault::Observe(scenario.name.clone(), fault))?;
    let observation = Observation {
        scenario: scenario.clone(),
        evidence,
    };
    scratch.leave(&scenario.name, || {
        serde_json::to_string_pretty(&observation).expect("evidence is plain data")
    })?;
    Ok(observation)
}
