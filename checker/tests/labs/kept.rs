//! Evidence that `--keep` stored gives the same verdicts when it is judged again.

use std::fs;
use std::path::Path;

use checker::course;
use checker::evidence::Observation;
use checker::runner::{self, Request};
use checker::snapshot;

use crate::place;

/// Judges a program, and again what was kept of the run.
fn judged_twice(slug: &str, program: &Path) {
    let temporary = tempfile::tempdir().expect("a temporary folder");
    let mut run = place::checker(&[slug, "--stretch", "--keep", "--json", "--program"]);
    let (_, report) = place::report(run.arg(program).env("TMPDIR", temporary.path()));
    let kept = report.kept.as_deref().expect("a kept folder");
    assert!(Path::new(kept).starts_with(temporary.path()), "{kept}");
    let folders = fs::read_dir(kept).expect("the kept folder").flatten();
    let observations: Vec<Observation> = folders
        .map(|folder| fs::read(folder.path().join("evidence.json")).expect("evidence"))
        .map(|stored| serde_json::from_slice(&stored).expect("an observation"))
        .collect();
    let lab = course::labs().iter().find(|lab| lab.slug == slug);
    let lab = lab.expect("the lab");
    let request = Request {
        seed: report.seed,
        only: None,
        stretch: true,
        ..Request::default()
    };
    let workspace = place::workspace();
    let stored = |name: &str| snapshot::load(&workspace, slug, name);
    let again = runner::rejudge(lab, &observations, &report.subject, &request, &stored);
    assert_eq!(again.expect("verdicts"), report.clauses);
}

#[test]
fn kept_evidence_of_references_gives_the_same_verdicts() {
    for lab in course::labs() {
        judged_twice(lab.slug, &place::reference(lab.slug));
    }
}

#[test]
fn kept_evidence_of_a_wrong_program_gives_the_same_verdicts() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let name = "lab3-copy/mistakes/private-destination";
    if let Some(program) = place::known(name, folder.path()) {
        judged_twice("lab3-copy", &program);
    }
}
