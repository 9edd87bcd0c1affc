//! From observations to clauses with their verdicts. Pure: the same observations give the same
//! verdicts, today or from a file.

use std::collections::BTreeMap;

use crate::judge;
use crate::lab::{Check, Clause, Judge, Lab};
use crate::report::{CheckReport, ClauseReport};
use crate::rule::interleaving;
use crate::verdict::{Diagnosis, Exhibit, MistakeNote, TWO_TIMEOUTS, Verdict};

use super::Fault;
use super::shelf::Shelved;

/// After so many runs that were cut off, the rest of a lab is not tried.
pub(super) const TIMEOUTS: usize = 2;

/// Judges `clauses`. Observations that come after the second timeout are left aside, so that it
/// does not matter how many ran side by side.
pub(super) fn clauses(
    lab: &Lab,
    clauses: &[&'static Clause],
    seen: &[Shelved<'_>],
    transcripts: &BTreeMap<&'static str, String>,
    learner: bool,
) -> Result<Vec<ClauseReport>, Fault> {
    let mut timeouts = 0;
    let seen: Vec<&Shelved<'_>> = seen
        .iter()
        .take_while(|one| {
            let goes_on = timeouts < TIMEOUTS;
            timeouts += usize::from(one.is_timeout);
            goes_on
        })
        .collect();
    let seen_by = |check: &Check| -> Vec<&Shelved<'_>> {
        let named = check.scenarios.iter().map(|name| {
            let of_name = |one: &&&Shelved<'_>| one.scenario().name == *name;
            seen.iter().find(of_name).copied()
        });
        named.flatten().collect()
    };
    let verdict_of = |clause: u8, check: &Check| {
        let named = seen_by(check);
        let all_ran = named.len() == check.scenarios.len();
        let by_itself = matches!(check.judge, Judge::Each(_) | Judge::Runs(_)) && !named.is_empty();
        if !all_ran && !by_itself {
            return Ok(blocked_by(TWO_TIMEOUTS));
        }
        let transcript = match check.judge {
            Judge::Transcript(name) => transcripts.get(name).map(String::as_str),
            Judge::Each(_) | Judge::Runs(_) | Judge::Together(_) => None,
        };
        let mut lost = None;
        let observations = named.iter().map_while(|one| match one.observation() {
            Ok(observation) => Some(observation),
            Err(fault) => {
                lost = Some(fault);
                None
            }
        });
        let verdict = judge::judge(lab, clause, check, observations, transcript);
        if let Some(fault) = lost {
            return Err(fault);
        }
        Ok(match verdict {
            Verdict::NotWritten { place, .. } if !learner => panicked(lab, check, &named, place),
            // What did run decides only if it failed.
            verdict if !all_ran && !verdict.is_failure() => blocked_by(TWO_TIMEOUTS),
            verdict => verdict,
        })
    };
    let mut reports: Vec<ClauseReport> = Vec::new();
    for &clause in clauses {
        let obstacle = clause.after.iter().find_map(|number| {
            let before = reports.iter().find(|report| report.number == *number)?;
            match &before.verdict {
                Verdict::Failed(_) | Verdict::NotWritten { .. } => Some(format!("clause {number}")),
                Verdict::Blocked { by } => Some(by.clone()),
                Verdict::Passed | Verdict::NotObservable { .. } => None,
            }
        });
        let verdicts = match obstacle {
            Some(by) => untried(clause, &by),
            None => {
                let each = clause.checks.iter();
                let each = each.map(|check| verdict_of(clause.number, check));
                each.collect::<Result<_, Fault>>()?
            }
        };
        let mut report = report_on(lab, clause, verdicts);
        for (check, told) in clause.checks.iter().zip(&mut report.checks) {
            if told.verdict == Verdict::Passed {
                (told.notes, told.order) = notes(&seen_by(check))?;
            }
        }
        reports.push(report);
    }
    Ok(reports)
}

/// How far the searches came that found nothing wrong, and the order that was asked for.
fn notes(seen: &[&Shelved<'_>]) -> Result<(Vec<String>, Option<Exhibit>), Fault> {
    let (mut notes, mut order) = (Vec::new(), None);
    for one in seen.iter().filter(|one| one.scenario().explore.is_some()) {
        let obs = one.observation()?;
        notes.extend(interleaving::remark(&obs));
        order = order.or_else(|| interleaving::asked_for(&obs));
    }
    Ok((notes, order))
}

/// All `clauses` untried.
pub(super) fn blocked(lab: &Lab, clauses: &[&'static Clause], by: &str) -> Vec<ClauseReport> {
    let reports = clauses.iter();
    let reports = reports.map(|clause| report_on(lab, clause, untried(clause, by)));
    reports.collect()
}

fn untried(clause: &Clause, by: &str) -> Vec<Verdict> {
    vec![blocked_by(by); clause.checks.len()]
}

fn blocked_by(by: &str) -> Verdict {
    Verdict::Blocked { by: by.to_owned() }
}

/// The report on one clause, with the verdict of each check: the first that is not a pass is the
/// clause's own.
fn report_on(lab: &Lab, clause: &'static Clause, verdicts: Vec<Verdict>) -> ClauseReport {
    let own = verdicts.iter().find(|verdict| **verdict != Verdict::Passed);
    let own = own.cloned().unwrap_or(Verdict::Passed);
    let checks = clause.checks.iter().zip(verdicts);
    ClauseReport {
        number: clause.number,
        tier: clause.tier,
        promise: clause.promise.to_owned(),
        section: format!("{}.md#clause-{}", lab.slug, clause.number),
        points: clause.points,
        hint: clause.hint.to_owned(),
        verdict: own,
        checks: checks
            .map(|(check, verdict)| CheckReport {
                name: check.name.to_owned(),
                scenarios: check
                    .scenarios
                    .iter()
                    .map(|&name| name.to_owned())
                    .collect(),
                verdict,
                notes: Vec::new(),
                order: None,
            })
            .collect(),
    }
}

/// What a `todo!` is in any program but the learner's: a panic like others.
fn panicked(lab: &Lab, check: &Check, seen: &[&Shelved<'_>], place: String) -> Verdict {
    let first = seen.first().map(|one| one.scenario());
    let words = first.and_then(|scenario| scenario.actors.first());
    let words = words.map_or(&[] as &[String], |actor| &actor.arguments);
    let mistake = judge::named(lab, "panicked").map(|mistake| MistakeNote {
        code: mistake.code.to_owned(),
        says: mistake.says.to_owned(),
        hint: mistake.hint.to_owned(),
        section: mistake.section.to_owned(),
    });
    Verdict::Failed(Box::new(Diagnosis {
        expected: "the program does what the clause promises".to_owned(),
        observed: format!("it panicked at {place}: not yet implemented"),
        mistake,
        scenario: check
            .scenarios
            .first()
            .copied()
            .unwrap_or_default()
            .to_owned(),
        command: [lab.slug.to_owned()]
            .iter()
            .chain(words)
            .cloned()
            .collect::<Vec<_>>()
            .join(" "),
        ..Diagnosis::default()
    }))
}
