//! `checker author bless`: stores what the references print as the transcripts of their labs.

use anyhow::{Context, bail};

use super::print;
use crate::course;
use crate::exit::End;
use crate::lab::{Judge, Lab};
use crate::observe;
use crate::scratch::Scratch;
use crate::snapshot;
use crate::subject::{self, Built, Origin};
use crate::transcript::masked;
use crate::workspace::Workspace;

/// Blesses every lab and prints which files were written.
pub(crate) fn run() -> anyhow::Result<End> {
    let workspace = Workspace::find()?;
    for lab in course::labs() {
        bless(&workspace, lab).with_context(|| format!("in {}", lab.slug))?;
    }
    Ok(End::Done)
}

fn bless(workspace: &Workspace, lab: &Lab) -> anyhow::Result<()> {
    let checks = lab.clauses.iter().flat_map(|clause| clause.checks);
    let wanted: Vec<(&str, &str)> = checks
        .filter_map(|check| match (check.judge, check.scenarios) {
            (Judge::Transcript(name), [scenario, ..]) => Some((name, *scenario)),
            _ => None,
        })
        .collect();
    if wanted.is_empty() {
        return Ok(());
    }
    let subject = match subject::build(workspace, lab.slug, lab.beside, Origin::Reference)? {
        Built::Ready(subject) => subject,
        Built::Broken(error) => bail!("the reference does not compile:\n{}", error.error),
    };
    let scratch = Scratch::new(false)?;
    for (name, wanted) in wanted {
        let scenarios = (lab.scenarios)(0, observe::page_size());
        let scenario = scenarios.iter().find(|scenario| scenario.name == wanted);
        let scenario = scenario.with_context(|| format!("there is no scenario `{wanted}`"))?;
        let folder = scratch.scenario(&scenario.name)?;
        let answer = observe::observe(&subject.program, &subject.beside, scenario, &folder)?;
        let evidence = answer.evidence()?;
        let first = evidence.actors.first();
        let text = first.context("no process was started")?.stdout.text();
        scratch.clear(&scenario.name);
        let text = masked(text.strip_suffix('\n').unwrap_or(&text));
        let path = snapshot::store(workspace, lab.slug, name, &text)?;
        print(&format!("{}\n", path.display()))?;
    }
    Ok(())
}
