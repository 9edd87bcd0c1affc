//! What a lab is made of, compared with what is there: files, chapter, declarations.

use std::collections::BTreeSet;
use std::fs;

use crate::lab::{Judge, Lab};
use crate::observe;
use crate::snapshot;
use crate::workspace::Workspace;

/// Every part that is missing or contradicts another, a sentence each.
pub(crate) fn faults(workspace: &Workspace, lab: &Lab) -> Vec<String> {
    let mut faults = files(workspace, lab);
    faults.extend(chapter(workspace, lab));
    faults.extend(declaration(lab));
    faults.extend(transcripts(workspace, lab));
    faults
}

/// Every transcript that a check compares with is stored.
fn transcripts(workspace: &Workspace, lab: &Lab) -> Vec<String> {
    let checks = lab.clauses.iter().flat_map(|clause| clause.checks);
    checks
        .filter_map(|check| match check.judge {
            Judge::Transcript(name) => Some(name),
            Judge::Each(_) | Judge::Runs(_) | Judge::Together(_) => None,
        })
        .filter_map(|name| match snapshot::load(workspace, lab.slug, name) {
            Ok(Some(_)) => None,
            Ok(None) => Some(format!(
                "the transcript `{name}` is not stored: run `author bless`"
            )),
            Err(fault) => Some(fault.to_string()),
        })
        .collect()
}

fn files(workspace: &Workspace, lab: &Lab) -> Vec<String> {
    let crates = [workspace.lab(lab.slug), workspace.solution(lab.slug)];
    let inside = ["Cargo.toml", "src/lib.rs", "src/given.rs", "src/main.rs"];
    crates
        .iter()
        .flat_map(|folder| inside.map(|file| folder.join(file)))
        .filter(|path| !path.is_file())
        .map(|path| format!("`{}` is missing", path.display()))
        .collect()
}

/// The chapter has a heading for every clause, in the words of its promise, and for no other.
fn chapter(workspace: &Workspace, lab: &Lab) -> Vec<String> {
    let path = workspace.chapter(lab.slug);
    let Ok(text) = fs::read_to_string(&path) else {
        return vec![format!("`{}` is missing", path.display())];
    };
    let heading =
        |number: u8, promise: &str| format!("### Clause {number}: {promise} {{#clause-{number}}}");
    let mut faults = Vec::new();
    for clause in lab.clauses {
        let wanted = heading(clause.number, clause.promise);
        if !text.lines().any(|line| line == wanted) {
            faults.push(format!("the chapter lacks the heading `{wanted}`"));
        }
    }
    let headings = text.lines().filter(|line| line.starts_with("### Clause "));
    if headings.count() != lab.clauses.len() {
        faults.push("the chapter has another number of clauses".to_owned());
    }
    let summary = workspace.root().join("book/src/SUMMARY.md");
    let entry = format!("({}.md)", lab.slug);
    if !fs::read_to_string(summary).is_ok_and(|text| text.contains(&entry)) {
        faults.push("the chapter is not in book/src/SUMMARY.md".to_owned());
    }
    faults
}

/// Names are unique, and what is named exists.
fn declaration(lab: &Lab) -> Vec<String> {
    let mut faults = Vec::new();
    let scenarios = (lab.scenarios)(1, observe::page_size());
    let mut known = BTreeSet::new();
    for scenario in &scenarios {
        if !known.insert(scenario.name.as_str()) {
            faults.push(format!("two scenarios are called `{}`", scenario.name));
        }
    }
    let mut checks = BTreeSet::new();
    let mut numbers = BTreeSet::new();
    let mut used = BTreeSet::new();
    for clause in lab.clauses {
        for after in clause
            .after
            .iter()
            .filter(|after| !numbers.contains(*after))
        {
            let number = clause.number;
            faults.push(format!(
                "clause {number} is after {after}, which is not before it"
            ));
        }
        if !numbers.insert(clause.number) {
            faults.push(format!("there are two clauses {}", clause.number));
        }
        if clause.checks.is_empty() {
            faults.push(format!("clause {} has no check", clause.number));
        }
        for check in clause.checks {
            if !checks.insert(check.name) {
                faults.push(format!("two checks are called `{}`", check.name));
            }
            used.extend(check.scenarios);
        }
    }
    for missing in used.iter().filter(|name| !known.contains(**name)) {
        faults.push(format!("there is no scenario `{missing}`"));
    }
    for unused in known.iter().filter(|name| !used.contains(**name)) {
        faults.push(format!("no check reads the scenario `{unused}`"));
    }
    for mistake in lab.mistakes {
        let mut clauses = mistake.clauses.iter();
        if let Some(number) = clauses.find(|number| !numbers.contains(*number)) {
            let code = mistake.code;
            faults.push(format!(
                "the mistake `{code}` names clause {number}, which is not there"
            ));
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::course;
    use crate::lab::{Check, Clause, Tier};
    use crate::scenario::Scenario;

    const fn clause(number: u8, after: &'static [u8], checks: &'static [Check]) -> Clause {
        Clause {
            number,
            tier: Tier::Core,
            promise: "a promise",
            points: 1,
            after,
            hint: "",
            checks,
        }
    }

    #[test]
    fn a_contradiction_is_a_sentence() {
        const CHECK: Check = Check {
            name: "one",
            scenarios: &["there", "nowhere"],
            judge: Judge::Each(|_| Ok(())),
        };
        const CLAUSES: &[Clause] = &[clause(0, &[1], &[CHECK]), clause(1, &[], &[CHECK])];
        let lab = Lab {
            number: 9,
            slug: "lab9-test",
            title: "",
            minutes: 1,
            clauses: CLAUSES,
            beside: &[],
            scenarios: |_, _| ["there", "unread"].map(|n| Scenario::new(n, &[])).to_vec(),
            mistakes: &[],
        };
        let found = [
            "clause 0 is after 1, which is not before it",
            "two checks are called `one`",
            "there is no scenario `nowhere`",
            "no check reads the scenario `unread`",
        ];
        assert_eq!(declaration(&lab), found);
    }

    #[test]
    fn every_lab_is_complete() {
        let workspace = Workspace::find().expect("the course");
        for lab in course::labs() {
            assert_eq!(faults(&workspace, lab), [""; 0], "{}", lab.slug);
        }
    }
}
