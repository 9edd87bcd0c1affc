//! What a learner meets who has written nothing yet, or something that does not compile.

use std::fs;

use checker::course;
use checker::report::Outcome;
use checker::verdict::Verdict;

use crate::place;

#[test]
fn stubs_fail_every_clause_but_the_given_one_and_kindly() {
    let course = place::course();
    for lab in course::labs() {
        let mut run = place::checker(&[lab.slug, "--stretch", "--json"]);
        let (status, report) = place::report(run.current_dir(&*course));
        assert_eq!((status, report.outcome), (Some(1), Outcome::Failed));
        for clause in &report.clauses {
            let number = clause.number;
            let kind = match &clause.verdict {
                Verdict::Passed => number == 0,
                Verdict::NotWritten { .. } | Verdict::NotObservable { .. } => number != 0,
                Verdict::Blocked { by } => by.starts_with("clause "),
                Verdict::Failed(_) => false,
            };
            assert!(kind, "{} clause {number}: {:?}", lab.slug, clause.verdict);
        }
    }
}

#[test]
fn stubs_greet_with_the_place_of_the_first_step() {
    let course = place::course();
    for lab in course::labs() {
        let (status, page, words) = place::said(place::checker(&[lab.slug]).current_dir(&*course));
        assert_eq!(status, Some(1), "{page}{words}");
        let file = format!("labs/{}/src/lib.rs", lab.slug);
        let text = fs::read_to_string(course.join(&file)).expect("the stub");
        let is_first = |line: &str| line.contains("todo!(\"step 1: ");
        let line = 1 + text.lines().position(is_first).expect("step 1");
        let greeting = format!("not written yet: step 1, {file}:{line}");
        assert!(page.contains(&greeting), "no `{greeting}` in:\n{page}");
        for scary in ["backtrace", "panicked", "RUST_BACKTRACE"] {
            assert!(
                !page.contains(scary) && !words.contains(scary),
                "{page}{words}"
            );
        }
    }
}

#[test]
fn a_todo_of_the_learners_own_is_met_kindly() {
    let course = place::course();
    let lab = course::labs()[0];
    let file = format!("labs/{}/src/lib.rs", lab.slug);
    let text = fs::read_to_string(course.join(&file)).expect("the stub");
    let line = text.lines().find(|line| line.contains("todo!(\"step 1: "));
    let own = text.replace(line.expect("step 1"), "    todo!(\"look\")");
    fs::write(course.join(&file), own).expect("a file");
    let (status, page, _) = place::said(place::checker(&[lab.slug]).current_dir(&*course));
    assert_eq!(status, Some(1), "{page}");
    assert!(
        page.contains(&format!("not written yet: {file}:")),
        "{page}"
    );
    assert!(!page.contains("panicked"), "{page}");
}

#[test]
fn a_lab_that_does_not_compile_shows_the_compilers_first_error() {
    let course = place::course();
    let lab = course::labs()[0];
    let lib = course.join("labs").join(lab.slug).join("src/lib.rs");
    let mut text = fs::read_to_string(&lib).expect("the stub");
    text.push_str("\nfn one() -> u32 {\n    \"one\"\n}\n\nfn two() -> u32 {\n    \"two\"\n}\n");
    fs::write(&lib, text).expect("a file");
    let mut run = place::checker(&[lab.slug]);
    let (status, page, _) = place::said(run.current_dir(&*course));
    assert_eq!(status, Some(3), "{page}");
    assert!(page.contains("error[E0308]: mismatched types"), "{page}");
    assert!(
        page.contains("\"one\"") && !page.contains("\"two\""),
        "{page}"
    );
    let mut run = place::checker(&[lab.slug, "--json"]);
    let (status, report) = place::report(run.current_dir(&*course));
    assert_eq!((status, report.outcome), (Some(3), Outcome::DoesNotCompile));
    let blocked = |verdict: &Verdict| matches!(verdict, Verdict::Blocked { .. });
    assert!(report.clauses.iter().all(|one| blocked(&one.verdict)));
}
