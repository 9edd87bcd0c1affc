//! Placeholder: the real room replaces this file.

use crate::evidence::Observation;
use crate::lab::{Check, Judge, Lab};
use crate::verdict::{Finding, Ruling, Verdict};

/// Decides one check.
pub fn judge(_: &Lab, check: &Check, seen: &[&Observation], _: Option<&str>) -> Verdict {
    let ruling: Ruling = match check.judge {
        Judge::Each(rule) => seen.iter().try_for_each(|one| rule(one)),
        Judge::Together(rule) => rule(seen),
        Judge::Transcript(_) => Ok(()),
    };
    match ruling {
        Ok(()) => Verdict::Passed,
        Err(Finding::Broken(diagnosis, _)) => Verdict::Failed(diagnosis),
        Err(Finding::NotWritten { step, place }) => Verdict::NotWritten { step, place },
        Err(Finding::Unobservable(reason)) => Verdict::NotObservable { reason },
    }
}
