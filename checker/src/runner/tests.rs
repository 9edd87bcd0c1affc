//! The runner on a made-up lab, with a made-up observer.

use std::sync::Mutex;

use super::*;
use crate::evidence::ending::{Actor, Captured, Ending};
use crate::evidence::{Evidence, Facet};
use crate::lab::{Check, Tier};
use crate::verdict::{Finding, Ruling, Verdict};

const fn clause(number: u8, tier: Tier, after: &'static [u8], checks: &'static [Check]) -> Clause {
    Clause {
        number,
        tier,
        promise: "a promise",
        points: 1,
        after,
        hint: "a hint",
        checks,
    }
}

const fn check(name: &'static str, scenarios: &'static [&'static str]) -> Check {
    Check {
        name,
        scenarios,
        judge: Judge::Each(exits_0),
    }
}

fn exits_0(seen: &Observation) -> Ruling {
    match seen.evidence.actors[0].ending {
        Ending::Exited { code: 0 } => Ok(()),
        Ending::Exited { code: 101 } => Err(Finding::NotWritten {
            step: Some(1),
            place: "src/lib.rs:7".to_owned(),
        }),
        _ => Err(Finding::Broken(Box::default(), None)),
    }
}

const LAB: Lab = Lab {
    number: 9,
    slug: "lab9-test",
    title: "a test",
    minutes: 1,
    clauses: &[
        clause(0, Tier::Core, &[], &[check("zero", &["a"])]),
        clause(1, Tier::Core, &[], &[check("one", &["b", "a"])]),
        clause(2, Tier::Core, &[1], &[check("two", &["c"])]),
        clause(3, Tier::Core, &[2], &[check("three", &["d"])]),
        clause(4, Tier::Stretch, &[], &[check("four", &["e"])]),
    ],
    beside: &[],
    scenarios: |seed, _| {
        let seed = seed.to_string();
        let all = ["e", "a", "b", "c", "d", "unused"];
        all.map(|name| Scenario::new(name, &[&seed])).to_vec()
    },
    mistakes: &[],
};

/// Runs the lab with these endings (0 is the ending of all others); answers with the report and
/// the scenarios that ran.
fn run(endings: &[(&str, Ending)], request: &Request, note: SubjectNote) -> (Report, Vec<String>) {
    let ran = Mutex::new(Vec::new());
    let observe = |_: &Path, scenario: &Scenario, folder: &Path| {
        assert!(folder.is_dir());
        ran.lock().expect("a list").push(scenario.name.clone());
        let ending = endings.iter().find(|(name, _)| *name == scenario.name);
        Ok(evidence(scenario, ending.map(|(_, ending)| ending.clone())).into())
    };
    let scratch = Scratch::new(false).expect("a folder");
    let bench = Bench {
        shows_core: &|_| (),
        observe: &observe,
        transcripts: &|_| Ok(None),
        scratch: &scratch,
        workers: 1,
    };
    let program = Path::new("/bin/true");
    let report = super::check(&LAB, program, note, request, &bench).expect("a report");
    (report, ran.into_inner().expect("a list"))
}

fn evidence(scenario: &Scenario, ending: Option<Ending>) -> Evidence {
    Evidence {
        unavailable: None,
        page_size: 4096,
        actors: vec![Actor {
            name: "subject".to_owned(),
            arguments: scenario.actors[0].arguments.clone(),
            ending: ending.unwrap_or(Ending::Exited { code: 0 }),
            stdout: Captured::default(),
            stderr: Captured::default(),
            cpu_ms: 0,
            peak_rss_kib: 0,
        }],
        files: Vec::new(),
        trace: Facet::Seen(Vec::new()),
        moments: Facet::Seen(Vec::new()),
        leftovers: Vec::new(),
        exploration: None,
    }
}

fn learner() -> SubjectNote {
    SubjectNote::Learner {
        file: "labs/lab9-test/src/lib.rs".to_owned(),
    }
}

/// The verdicts in one word each.
fn words(clauses: &[ClauseReport]) -> Vec<String> {
    let word = |clause: &ClauseReport| match &clause.verdict {
        Verdict::Passed => "passed".to_owned(),
        Verdict::Failed(_) => "failed".to_owned(),
        Verdict::NotWritten { step, .. } => format!("step {}", step.unwrap_or(0)),
        Verdict::Blocked { by } => format!("by {by}"),
        Verdict::NotObservable { .. } => "unseen".to_owned(),
    };
    clauses.iter().map(word).collect()
}

const STUCK: Ending = Ending::TooMuchCpu { limit_s: 4 };

#[test]
fn stretch_runs_after_a_passed_core() {
    let (report, ran) = run(&[], &Request::default(), learner());
    assert_eq!(words(&report.clauses), ["passed"; 5]);
    assert_eq!(report.outcome, Outcome::Passed);
    assert_eq!(ran, ["a", "b", "c", "d", "e"]);
}

#[test]
fn a_failed_clause_blocks_what_rests_on_it_and_stretch_does_not_run() {
    let failure = [("b", Ending::Exited { code: 1 })];
    let (report, ran) = run(&failure, &Request::default(), learner());
    assert_eq!(
        words(&report.clauses),
        ["passed", "failed", "by clause 1", "by clause 1"]
    );
    assert_eq!(report.outcome, Outcome::Failed);
    assert!(!ran.contains(&"e".to_owned()));
    let request = Request {
        stretch: true,
        ..Request::default()
    };
    let (report, _) = run(&failure, &request, learner());
    assert_eq!(words(&report.clauses).last().expect("clause 4"), "passed");
}

#[test]
fn only_one_clause_is_judged_without_those_it_rests_on() {
    let request = Request {
        only: Some(3),
        ..Request::default()
    };
    let (report, ran) = run(&[("b", STUCK)], &request, learner());
    assert_eq!(words(&report.clauses), ["passed"]);
    assert_eq!(ran, ["d"]);
}

#[test]
fn after_two_timeouts_the_rest_is_not_tried() {
    let (report, ran) = run(
        &[("a", STUCK), ("b", STUCK)],
        &Request::default(),
        learner(),
    );
    assert_eq!(
        words(&report.clauses),
        ["failed", "failed", "by clause 1", "by clause 1"]
    );
    assert_eq!(ran, ["a", "b"]);
    let (report, _) = run(
        &[("c", STUCK), ("d", STUCK)],
        &Request::default(),
        learner(),
    );
    assert_eq!(words(&report.clauses)[1..3], ["passed", "failed"]);
}

#[test]
fn an_unwritten_step_is_the_learners_alone() {
    let stub = [("a", Ending::Exited { code: 101 })];
    let (report, _) = run(&stub, &Request::default(), learner());
    assert_eq!(words(&report.clauses)[0], "step 1");
    let (report, _) = run(&stub, &Request::default(), SubjectNote::Reference);
    let Verdict::Failed(diagnosis) = &report.clauses[0].verdict else {
        panic!("not failed: {:?}", report.clauses[0].verdict);
    };
    assert!(diagnosis.observed.contains("src/lib.rs:7"));
    assert_eq!(diagnosis.command, "lab9-test 0");
}

#[test]
fn stored_observations_give_the_same_verdicts() {
    for endings in [
        vec![],
        vec![("b", Ending::Exited { code: 1 })],
        vec![("a", STUCK), ("c", STUCK)],
        vec![("e", STUCK)],
    ] {
        let request = Request::default();
        let (report, _) = run(&endings, &request, learner());
        let stored: Vec<Observation> = (LAB.scenarios)(request.seed, 4096)
            .into_iter()
            .map(|scenario| {
                let ending = endings.iter().find(|(name, _)| *name == scenario.name);
                let evidence = evidence(&scenario, ending.map(|(_, ending)| ending.clone()));
                Observation { scenario, evidence }
            })
            .collect();
        let again = rejudge(&LAB, &stored, &learner(), &request, &|_| Ok(None));
        assert_eq!(again.expect("verdicts"), report.clauses);
    }
}

#[test]
fn a_check_of_a_scenario_that_is_not_there_is_no_verdict() {
    static BROKEN: Lab = Lab {
        clauses: &[clause(0, Tier::Core, &[], &[check("zero", &["nowhere"])])],
        scenarios: |_, _| Vec::new(),
        ..LAB
    };
    let again = rejudge(&BROKEN, &[], &learner(), &Request::default(), &|_| Ok(None));
    assert!(matches!(again, Err(Fault::NoScenario(name)) if name == "nowhere"));
}
