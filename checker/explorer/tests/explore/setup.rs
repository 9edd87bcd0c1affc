//! Exploring the example program.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use checker::evidence::exploration::Exploration;
use checker::evidence::{Evidence, Facet};
use checker::observe::Job;
use checker::scenario::exploring::{Accept, Explore, Search};
use checker::scenario::{Scenario, Start};

/// The program.
pub fn example() -> PathBuf {
    let test = std::env::current_exe().expect("a path");
    let folder = test.ancestors().nth(2).expect("the target folder");
    folder.join("examples/increment")
}

/// Explores `increment` with the arguments of each process, on a counter that is 0.
pub fn evidence(processes: &[&str], explore: Explore) -> Evidence {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut scenario = Scenario::new("test", &[]).file("counter", &[0; 512]);
    scenario.actors.clear();
    for (n, words) in processes.iter().enumerate() {
        let words: Vec<&str> = words.split(' ').collect();
        let mut arguments = vec![words[0], "counter"];
        arguments.extend(&words[1..]);
        scenario = scenario.actor(&format!("process {n}"), &arguments, Start::AtOnce);
    }
    scenario.explore = Some(explore);
    let job = Job {
        program: example(),
        folder: folder.path().to_owned(),
        beside: Default::default(),
        scenario,
    };
    let mut explorer = Command::new(env!("CARGO_BIN_EXE_explorer"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the explorer");
    let job = serde_json::to_vec(&job).expect("a job");
    let mut input = explorer.stdin.take().expect("a pipe");
    input.write_all(&job).expect("a job is read");
    drop(input);
    let output = explorer.wait_with_output().expect("an answer");
    let told: Result<Evidence, String> =
        serde_json::from_slice(&output.stdout).expect("evidence or a reason");
    told.expect("no fault of the explorer")
}

/// The same, if it can be explored.
pub fn explored(processes: &[&str], search: Search) -> Exploration {
    // However busy the machine is.
    let explore = Explore {
        wall_ms: 40_000,
        ..Explore::new(search)
    };
    seen(evidence(processes, explore))
}

/// The same with the limits that a learner has.
pub fn briefly_explored(processes: &[&str]) -> Exploration {
    seen(evidence(processes, Explore::new(Search::Every)))
}

fn seen(evidence: Evidence) -> Exploration {
    match evidence.exploration {
        Some(Facet::Seen(found)) => found,
        other => panic!("not explored: {other:?}"),
    }
}

/// Explores until the counter is not `right` at the end.
pub fn until_wrong(processes: &[&str], right: u8) -> Exploration {
    let mut explore = Explore::new(Search::Every);
    explore.accept = Some(Accept {
        file: "counter".to_owned(),
        may_fail: false,
        beginnings: vec![vec![right, 0, 0, 0, 0, 0, 0, 0].into()],
    });
    match evidence(processes, explore).exploration {
        Some(Facet::Seen(found)) => found,
        other => panic!("not explored: {other:?}"),
    }
}

/// Why it cannot be explored.
pub fn refused(processes: &[&str]) -> String {
    match evidence(processes, Explore::new(Search::Every)).exploration {
        Some(Facet::Unseen(reason)) => reason,
        other => panic!("explored: {other:?}"),
    }
}
