//! What a run and a step cost, against what it costs to start the program.
//!
//! `cargo test -p explorer --test explore -- --ignored --nocapture cost`

use std::process::{Command, Stdio};
use std::time::Instant;

use checker::scenario::exploring::Search;

use crate::setup::{example, explored};

/// The middle one of so many measurements, microseconds.
fn median(times: usize, mut measure: impl FnMut() -> f64) -> f64 {
    let mut all: Vec<f64> = (0..times).map(|_| measure()).collect();
    all.sort_by(f64::total_cmp);
    all[times / 2]
}

/// From the start of the program to its end, nothing watched.
fn start() -> f64 {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("counter");
    std::fs::write(&file, [0; 512]).expect("a file");
    let began = Instant::now();
    let status = Command::new(example())
        .arg("plain")
        .arg(&file)
        .stdout(Stdio::null())
        .status();
    assert!(status.expect("the program").success());
    began.elapsed().as_secs_f64() * 1e6
}

#[test]
#[ignore = "prints a table"]
fn cost() {
    let floor = median(50, start);
    println!("starting the program      {floor:8.0} µs");
    for (name, processes) in [
        ("plain, 1 and 1", ["plain", "plain"]),
        ("plain, 2 and 2", ["plain 2", "plain 2"]),
        ("flock, 2 and 2", ["flock 2", "flock 2"]),
        ("shared mutex, 1 and 1", ["mutex", "mutex"]),
    ] {
        let (mut runs, mut steps) = (0, 0);
        let micros = median(5, || {
            let found = explored(&processes, Search::Every);
            (runs, steps) = (found.interleavings + found.redundant, found.steps);
            found.micros as f64
        });
        let run = micros / runs as f64;
        println!(
            "{name:22} {micros:11.0} µs, {runs:4} runs of {run:6.0} µs ({:.2} starts), {steps:6} steps \
             of {:4.0} µs",
            run / floor,
            micros / steps as f64
        );
    }
}
