//! The labs from outside: references, stubs, a lab that does not compile, kept evidence, machines
//! that refuse what the checker would like to have, and the words of whole reports.
//!
//! The learner's crates in labs/ are left alone: stubs are generated into the target folder.

mod golden;
mod interrupted;
mod kept;
mod pages;
mod place;
mod refused;
mod stubs;
mod traces;

use checker::course;
use checker::report::{Outcome, Report};
use checker::verdict::Verdict;

/// The verdicts that are not a pass, by clause.
fn open(report: &Report) -> Vec<(u8, &Verdict)> {
    let clauses = report.clauses.iter();
    let open = clauses.filter(|one| one.verdict != Verdict::Passed);
    open.map(|one| (one.number, &one.verdict)).collect()
}

#[test]
fn references_pass_all_clauses() {
    for lab in course::labs() {
        let args = [lab.slug, "--solution", "--stretch", "--json"];
        let (status, report) = place::report(&mut place::checker(&args));
        let dark = |one: &(u8, &Verdict)| matches!(one.1, Verdict::NotObservable { .. });
        let mut open = open(&report);
        open.retain(|one| !dark(one));
        assert_eq!(open, [], "{}, seed {}", lab.slug, report.seed);
        assert_eq!((status, report.outcome), (Some(0), Outcome::Passed));
        assert_eq!(report.clauses.len(), lab.clauses.len());
    }
}
