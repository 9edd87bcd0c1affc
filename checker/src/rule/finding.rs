//! How a rule says no: a finding, put together step by step.

use crate::evidence::schedule::Schedule;
use crate::evidence::{Facet, Observation};
use crate::verdict::{Diagnosis, Exhibit, Finding, Ruling, Spot};

/// A broken promise in the making.
#[derive(Debug)]
pub struct Broken {
    diagnosis: Diagnosis,
    code: Option<&'static str>,
}

/// What should have been seen, and what was seen instead. The spot is the ending until
/// [`Broken::at`] says otherwise.
pub fn broken(expected: impl Into<String>, observed: impl Into<String>) -> Broken {
    Broken {
        diagnosis: Diagnosis {
            expected: expected.into(),
            observed: observed.into(),
            ..Diagnosis::default()
        },
        code: None,
    }
}

/// What can be told without a trace is told, whatever became of the trace.
pub fn also(by_trace: Ruling, rest: impl FnOnce() -> Ruling) -> Ruling {
    match by_trace {
        Err(Finding::Unobservable(reason)) => rest().and(Err(Finding::Unobservable(reason))),
        Ok(()) => rest(),
        other => other,
    }
}

impl Broken {
    /// Where.
    #[must_use]
    pub fn at(mut self, spot: Spot) -> Broken {
        self.diagnosis.spot = spot;
        self
    }

    /// The evidence to be shown.
    #[must_use]
    pub fn show(mut self, exhibit: Exhibit) -> Broken {
        self.diagnosis.exhibit = Some(exhibit);
        self
    }

    /// The evidence to be shown, if there is any.
    #[must_use]
    pub fn show_some(mut self, exhibit: Option<Exhibit>) -> Broken {
        self.diagnosis.exhibit = exhibit;
        self
    }

    /// The code of the mistake, where the rule itself knows it.
    #[must_use]
    pub fn code(mut self, code: &'static str) -> Broken {
        self.code = Some(code);
        self
    }

    /// The scenario, for rules that see several.
    #[must_use]
    pub fn within(mut self, obs: &Observation) -> Broken {
        self.diagnosis.scenario = obs.scenario.name.clone();
        self
    }

    /// The order of steps in which it was seen.
    #[must_use]
    pub fn under(mut self, schedule: &Schedule) -> Broken {
        self.diagnosis.schedule = Some(schedule.clone());
        self
    }

    /// The finding.
    pub fn finding(self) -> Finding {
        Finding::Broken(Box::new(self.diagnosis), self.code)
    }

    /// The ruling.
    pub fn fail(self) -> Ruling {
        Err(self.finding())
    }
}

/// What a facet holds, or the finding that this machine does not show it.
pub fn seen<T>(facet: &Facet<T>) -> Result<&T, Finding> {
    match facet {
        Facet::Seen(value) => Ok(value),
        Facet::Unseen(reason) => Err(Finding::Unobservable(reason.clone())),
    }
}
