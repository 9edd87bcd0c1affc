//! The declarations of the labs hang together, and known right and wrong runs get their verdicts.

mod align;
mod atomic;
mod compare;
mod copy;
mod counter;
mod cow;
mod editor;

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::path::Path;

use super::*;
use crate::evidence::Observation;
use crate::judge::judge;
use crate::lab::{Judge, Tier};
use crate::rule::made::PAGE;
use crate::scenario::{Action, Point, Scenario};
use crate::verdict::Verdict;

const SEEDS: [u64; 3] = [0, 1, 0xfeed];

/// The scenario of this name, drawn from one seed.
fn scenario(lab: &Lab, name: &str) -> Scenario {
    let all = (lab.scenarios)(7, PAGE);
    let found = all.into_iter().find(|scenario| scenario.name == name);
    found.unwrap_or_else(|| panic!("{} has no scenario {name}", lab.slug))
}

/// The verdict of one check, also after a journey through JSON.
fn verdict(lab: &Lab, clause: u8, check: &str, observations: &[&Observation]) -> Verdict {
    let clause = &lab.clauses[usize::from(clause)];
    let check = clause.checks.iter().find(|c| c.name == check).unwrap();
    let judged = |observations: &mut dyn Iterator<Item = Cow<'_, Observation>>| {
        judge(lab, clause.number, check, observations, None)
    };
    let first = judged(&mut observations.iter().map(|&one| Cow::Borrowed(one)));
    let stored: Vec<String> = observations
        .iter()
        .map(|obs| serde_json::to_string(obs).unwrap())
        .collect();
    let again = stored.iter().map(|text| serde_json::from_str(text));
    assert_eq!(
        judged(&mut again.map(|obs| Cow::Owned(obs.unwrap()))),
        first
    );
    first
}

/// The code of the mistake that a check fails with; `passed` and the like for other verdicts.
fn told(lab: &Lab, clause: u8, check: &str, obs: &Observation) -> String {
    match verdict(lab, clause, check, &[obs]) {
        Verdict::Passed => "passed".to_owned(),
        Verdict::NotWritten { step, .. } => format!("step {}", step.unwrap_or(0)),
        Verdict::NotObservable { .. } => "not observable".to_owned(),
        Verdict::Blocked { .. } => "blocked".to_owned(),
        Verdict::Failed(diagnosis) => match diagnosis.mistake {
            Some(mistake) => mistake.code,
            None => format!("{}; {}", diagnosis.expected, diagnosis.observed),
        },
    }
}

#[test]
fn clauses_are_numbered_and_core_comes_first() {
    for lab in labs() {
        let numbers: Vec<u8> = lab.clauses.iter().map(|clause| clause.number).collect();
        let wanted: Vec<u8> = (0..numbers.len() as u8).collect();
        assert_eq!(numbers, wanted, "{}", lab.slug);
        let tiers = lab.clauses.iter().map(|clause| clause.tier);
        assert!(tiers.is_sorted_by_key(|tier| tier == Tier::Stretch));
        for clause in lab.clauses {
            let points = match (clause.number, clause.tier) {
                (0, _) => 2,
                (_, Tier::Core) => 10,
                (_, Tier::Stretch) => 5,
            };
            assert_eq!(clause.points, points);
            assert!(clause.after.iter().all(|before| *before < clause.number));
            assert!(!clause.checks.is_empty());
        }
    }
}

#[test]
fn promises_are_the_headings_of_the_chapter() {
    for lab in labs() {
        let book = Path::new(env!("CARGO_MANIFEST_DIR")).join("../book/src");
        let chapter = std::fs::read_to_string(book.join(format!("{}.md", lab.slug))).unwrap();
        let wanted: Vec<String> = lab
            .clauses
            .iter()
            .map(|c| format!("### Clause {0}: {1} {{#clause-{0}}}", c.number, c.promise))
            .collect();
        let found: Vec<&str> = chapter
            .lines()
            .filter(|l| l.starts_with("### Clause"))
            .collect();
        assert_eq!(found, wanted);
        for mistake in lab.mistakes {
            let (file, anchor) = mistake.section.split_once('#').unwrap();
            assert_eq!(file, format!("{}.md", lab.slug));
            assert!(
                chapter.contains(&format!("{{#{anchor}}}")),
                "{}",
                mistake.section
            );
        }
    }
}

#[test]
fn checks_name_scenarios_that_are_run_and_no_scenario_is_run_for_nothing() {
    for lab in labs() {
        for seed in SEEDS {
            for page in [4096, 16384, 65536] {
                let all = (lab.scenarios)(seed, page);
                let names: BTreeSet<&str> = all.iter().map(|s| s.name.as_str()).collect();
                assert_eq!(names.len(), all.len(), "{}: names are unique", lab.slug);
                let checks = lab.clauses.iter().flat_map(|clause| clause.checks);
                let used: BTreeSet<&str> =
                    checks.flat_map(|c| c.scenarios.iter().copied()).collect();
                assert_eq!(names, used, "{}", lab.slug);
                assert_eq!((lab.scenarios)(seed, page), all, "the seed replays");
            }
        }
    }
}

#[test]
fn what_scenarios_name_is_there() {
    for lab in labs() {
        for scenario in (lab.scenarios)(1, PAGE) {
            let rules: BTreeSet<&str> = scenario
                .rules
                .iter()
                .map(|rule| rule.name.as_str())
                .collect();
            assert_eq!(rules.len(), scenario.rules.len(), "{}", scenario.name);
            let actor = |name: &str| scenario.actors.iter().any(|actor| actor.name == name);
            for rule in &scenario.rules {
                let (Point::Call { actor: who, .. }
                | Point::Line { actor: who, .. }
                | Point::Input { actor: who }
                | Point::End { actor: who }
                | Point::Begin { actor: who, .. }) = &rule.at;
                assert!(actor(who));
                if let Point::Begin { behind, .. } = &rule.at {
                    assert!(rules.contains(behind.as_str()));
                }
                for action in &rule.then {
                    if let Action::Start(who) = action {
                        assert!(actor(who));
                    }
                }
            }
            // An argument of Linux holds 128 KiB.
            let words = scenario.actors.iter().flat_map(|actor| &actor.arguments);
            assert!(words.into_iter().all(|word| word.len() < 128 << 10));
        }
    }
}

#[test]
fn mistakes_have_codes_of_their_own_and_clauses_that_exist() {
    for lab in labs() {
        let codes: BTreeSet<&str> = lab.mistakes.iter().map(|mistake| mistake.code).collect();
        assert_eq!(codes.len(), lab.mistakes.len());
        for mistake in lab.mistakes {
            assert!(!mistake.clauses.is_empty(), "{}", mistake.code);
            assert!(
                mistake
                    .clauses
                    .iter()
                    .all(|n| usize::from(*n) < lab.clauses.len())
            );
        }
    }
}

#[test]
fn a_transcript_is_compared_line_by_line() {
    let lab = labs()[0];
    let mut checks = lab.clauses[1].checks.iter();
    let check = checks
        .find(|check| matches!(check.judge, Judge::Transcript(_)))
        .expect("a transcript in clause 1");
    let obs = |text: &str| {
        crate::rule::made::observation(scenario(lab, "transcript"))
            .print(text)
            .done()
    };
    let stored = "size: 28\ncontent: Hello Embedded Linux World!\\x0a";
    let told = |text: &str| {
        judge(
            lab,
            1,
            check,
            [Cow::Owned(obs(text))].into_iter(),
            Some(stored),
        )
    };
    assert_eq!(
        told("size: 28\ncontent: Hello Embedded Linux World!\\x0a\n"),
        Verdict::Passed
    );
    assert!(told("size: 28\ncontent: Hello\n").is_failure());
}

#[test]
fn a_scenario_that_cannot_be_set_up_is_not_judged() {
    let lab = labs()[2];
    let obs = crate::rule::made::observation(scenario(lab, "full-new"))
        .with(|obs| obs.evidence.unavailable = Some("no user namespaces".to_owned()))
        .done();
    assert_eq!(told(lab, 10, "full-disk", &obs), "not observable");
}
