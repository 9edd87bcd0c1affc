//! A command that is refused: exit status, an error, nothing done.

use crate::evidence::Observation;
use crate::verdict::{Ruling, Spot};

use super::finding::broken;
use super::{ending, facts, file};

/// A wrong command line: a usage line on standard error, nothing on standard output, exit status 2,
/// no file touched.
pub fn usage(obs: &Observation) -> Ruling {
    ending::exits(obs, 2)?;
    if obs.evidence.actors[0].stderr.text().trim().is_empty() {
        return broken("a usage line on standard error", "standard error is empty")
            .at(Spot::Ending)
            .fail();
    }
    facts::are(obs, &[])?;
    file::all_unchanged(obs)
}

/// An error that contains one of these names, exit status 1, every file as it was, and nothing on
/// standard output.
pub fn of(obs: &Observation, names: &[&str]) -> Ruling {
    silent_or_not(obs, names)?;
    facts::are(obs, &[])
}

/// The same, whatever stands on standard output.
pub fn silent_or_not(obs: &Observation, names: &[&str]) -> Ruling {
    file::all_unchanged(obs)?;
    ending::exits(obs, 1)?;
    ending::complains(obs, names)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::ending::Ending;
    use crate::rule::made;

    #[test]
    fn usage_is_a_line_on_standard_error_alone() {
        let wrong = |line: &str| {
            made::observation(made::scenario(&[]))
                .complain(line)
                .ends(Ending::Exited { code: 2 })
        };
        assert_eq!(usage(&wrong("usage: f\n").done()), Ok(()));
        assert!(usage(&wrong("\n").done()).is_err());
        assert!(usage(&wrong("usage: f\n").print("usage: f\n").done()).is_err());
    }

    #[test]
    fn a_refusal_has_a_status_a_name_and_no_traces() {
        let refused = || {
            made::observation(made::scenario(&["f"]))
                .complain("cannot open f\n")
                .ends(Ending::Exited { code: 1 })
        };
        assert_eq!(of(&refused().done(), &["f"]), Ok(()));
        assert!(of(&refused().done(), &["g"]).is_err());
        assert!(of(&refused().print("size: 1\n").done(), &["f"]).is_err());
        assert!(of(&refused().holds("f", b"other").done(), &["f"]).is_err());
        assert!(usage(&refused().done()).is_err());
    }
}
