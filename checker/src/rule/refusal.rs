//! A command that is refused: exit status, an error, nothing done.

use crate::evidence::Observation;
use crate::evidence::errno;
use crate::verdict::{Finding, Ruling, Spot};

use super::finding::broken;
use super::trace::calls_seen;
use super::{ending, exhibit, facts, file};

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

/// What is said of a run in which the checker made a call fail: which call, and with which error.
pub fn on_purpose(obs: &Observation, ruling: Ruling) -> Ruling {
    let all = calls_seen(obs);
    let made_up = all
        .iter()
        .find(|step| step.call.injected && step.call.errno().is_some());
    let (Err(Finding::Broken(mut diagnosis, code)), Some(step)) = (ruling.clone(), made_up) else {
        return ruling;
    };
    let errno = errno::name(step.call.errno().unwrap_or(0));
    diagnosis.expected = format!(
        "the checker makes `{}` fail with {errno}; then: {}",
        step.call.name, diagnosis.expected
    );
    diagnosis.exhibit = Some(exhibit::calls(obs, step.index, &[exhibit::ANSWER]));
    Err(Finding::Broken(diagnosis, code))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::Facet;
    use crate::evidence::ending::Ending;
    use crate::evidence::trace::What;
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
    fn a_call_that_was_made_to_fail_is_named() {
        let obs = made::observation(made::scenario(&["f"]))
            .on("rename", "f", &[], -5)
            .with(|obs| {
                if let Facet::Seen(events) = &mut obs.evidence.trace
                    && let Some(What::Call(call)) = events.last_mut().map(|event| &mut event.what)
                {
                    call.injected = true;
                }
            })
            .done();
        let Err(Finding::Broken(told, _)) = on_purpose(&obs, broken("an error", "none").fail())
        else {
            panic!("it stays broken");
        };
        let wanted = "the checker makes `rename` fail with EIO; then: an error";
        assert_eq!(told.expected, wanted);
        assert!(told.exhibit.is_some());
        assert_eq!(on_purpose(&obs, Ok(())), Ok(()));
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
