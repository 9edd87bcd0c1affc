//! What was observed, until it is judged: short evidence in memory, long evidence in a file.

use std::borrow::Cow;

use crate::evidence::ending::Ending;
use crate::evidence::{Evidence, Observation};
use crate::observe::Answer;
use crate::scenario::Scenario;

use super::Fault;

/// One scenario and what it showed.
pub(super) struct Shelved<'a> {
    held: Held<'a>,
    /// Whether a process did not come to its end and was cut off.
    pub(super) is_timeout: bool,
}

enum Held<'a> {
    Here(Box<Cow<'a, Observation>>),
    Away(Box<(Scenario, Answer)>),
}

impl<'a> Shelved<'a> {
    /// What was just answered.
    pub(super) fn answer(scenario: &Scenario, answer: Answer) -> Result<Shelved<'a>, Fault> {
        let scenario = scenario.clone();
        let held = match answer {
            Answer::Short(evidence) => {
                let evidence = *evidence;
                Held::Here(Box::new(Cow::Owned(Observation { scenario, evidence })))
            }
            long @ Answer::Long(_) => Held::Away(Box::new((scenario, long))),
        };
        let mut shelved = Shelved {
            held,
            is_timeout: false,
        };
        shelved.is_timeout = is_timeout(&shelved.observation()?.evidence);
        Ok(shelved)
    }

    /// An observation of before.
    pub(super) fn stored(observation: &'a Observation) -> Shelved<'a> {
        Shelved {
            held: Held::Here(Box::new(Cow::Borrowed(observation))),
            is_timeout: is_timeout(&observation.evidence),
        }
    }

    /// The scenario.
    pub(super) fn scenario(&self) -> &Scenario {
        match &self.held {
            Held::Here(observation) => &observation.scenario,
            Held::Away(away) => &away.0,
        }
    }

    /// The observation; long evidence is read each time.
    pub(super) fn observation(&self) -> Result<Cow<'_, Observation>, Fault> {
        match &self.held {
            Held::Here(observation) => Ok(Cow::Borrowed(observation.as_ref().as_ref())),
            Held::Away(away) => {
                let (scenario, answer) = away.as_ref();
                let evidence = answer.evidence();
                let evidence =
                    evidence.map_err(|error| Fault::Lost(scenario.name.clone(), error))?;
                Ok(Cow::Owned(Observation {
                    scenario: scenario.clone(),
                    evidence: evidence.into_owned(),
                }))
            }
        }
    }
}

/// Whether a run was cut off because a process did not come to an end.
pub fn is_timeout(evidence: &Evidence) -> bool {
    let cut_off = |ending: &Ending| {
        matches!(
            ending,
            Ending::TooMuchCpu { .. } | Ending::Stuck { .. } | Ending::TooLong { .. }
        )
    };
    evidence.actors.iter().any(|actor| cut_off(&actor.ending))
}
