//! Evidence to verdicts: runs a check's rule, and where a promise was broken, looks for the reason
//! that says most.
//!
//! Pure: the same evidence gives the same verdict, whenever and wherever it is judged.

use std::borrow::Cow;

use crate::evidence::Observation;
use crate::evidence::ending::Ending;
use crate::lab::{Check, Clue, Judge, Lab, Mistake};
use crate::rule::ending::{self, Trouble, trouble};
use crate::rule::{facts, generic};
use crate::transcript::masked;
use crate::verdict::{Diagnosis, Finding, MistakeNote, Ruling, Spot, Verdict};

/// Judges one check of a clause. `observations` are those of [`Check::scenarios`], in their order:
/// each is let go before the next is taken, unless the rule needs them together. `snapshot` is the
/// stored text for [`Judge::Transcript`].
pub fn judge<'a>(
    lab: &Lab,
    clause: u8,
    check: &Check,
    observations: impl Iterator<Item = Cow<'a, Observation>>,
    snapshot: Option<&str>,
) -> Verdict {
    match check.judge {
        Judge::Each(rule) => {
            each(observations.map(|one| ruled(lab, clause, &[&one], |_| rule(&one))))
        }
        Judge::Runs(rule) => each(observations.flat_map(|all| {
            let runs = 0..all.scenario.actors.len();
            runs.map(move |n| {
                let one = all.alone(n);
                ruled(lab, clause, &[&one], |_| rule(&one))
            })
        })),
        Judge::Together(rule) => together(lab, clause, observations, rule),
        Judge::Transcript(name) => together(lab, clause, observations, |all| {
            transcript(name, all, snapshot)
        }),
    }
}

/// The first scenario that breaks the promise decides; else the first that could not be told.
fn each(verdicts: impl Iterator<Item = Verdict>) -> Verdict {
    let mut unseen = Verdict::Passed;
    for verdict in verdicts {
        match verdict {
            Verdict::Passed => {}
            Verdict::NotObservable { .. } if unseen == Verdict::Passed => unseen = verdict,
            Verdict::NotObservable { .. } => {}
            decided => return decided,
        }
    }
    unseen
}

fn together<'a>(
    lab: &Lab,
    clause: u8,
    observations: impl Iterator<Item = Cow<'a, Observation>>,
    rule: impl FnOnce(&[&Observation]) -> Ruling,
) -> Verdict {
    let observations: Vec<_> = observations.collect();
    let all: Vec<&Observation> = observations.iter().map(Cow::as_ref).collect();
    ruled(lab, clause, &all, rule)
}

/// What a rule says of observations, unless one of them could not be made, or shows a program that
/// looks who is watching or leaves too much to look at. Nothing is kept in a run that was ended
/// because it went on without end.
fn ruled(
    lab: &Lab,
    clause: u8,
    observations: &[&Observation],
    rule: impl FnOnce(&[&Observation]) -> Ruling,
) -> Verdict {
    let unavailable = |obs: &&Observation| obs.evidence.unavailable.clone();
    if let Some(reason) = observations.iter().find_map(unavailable) {
        return Verdict::NotObservable { reason };
    }
    let looked = observations
        .iter()
        .try_for_each(|obs| generic::does_not_look_back(obs).and(generic::was_looked_at(obs)));
    let to_the_end = || {
        observations
            .iter()
            .try_for_each(|obs| generic::was_seen_to_its_end(obs))
    };
    match looked
        .and_then(|()| rule(observations))
        .and_then(|()| to_the_end())
    {
        Ok(()) => Verdict::Passed,
        Err(Finding::NotWritten { step, place }) => Verdict::NotWritten { step, place },
        Err(Finding::Unobservable(reason)) => Verdict::NotObservable { reason },
        Err(Finding::Broken(diagnosis, code)) => {
            let named = observations
                .iter()
                .find(|obs| obs.scenario.name == diagnosis.scenario);
            match named.or(observations.first()) {
                Some(obs) => explain(lab, clause, obs, *diagnosis, code),
                None => Verdict::Failed(diagnosis),
            }
        }
    }
}

fn transcript(name: &str, observations: &[&Observation], snapshot: Option<&str>) -> Ruling {
    let Some(snapshot) = snapshot else {
        let reason = format!("the stored transcript `{name}` is missing");
        return Err(Finding::Unobservable(reason));
    };
    let wanted: Vec<String> = snapshot.lines().map(str::to_owned).collect();
    observations.iter().try_for_each(|obs| {
        let printed = obs.evidence.actors[0].stdout.text();
        facts::same_lines(&wanted, &masked(&printed))
    })
}

/// What is expected of a program whose own end is what was observed instead.
const BY_ITSELF: &str = "the program comes to its end by itself, with an exit status";

/// Puts the reason to a broken promise. An event of the trace that broke it explains more than the
/// end of a run that followed; what is missing or wrong in the end explains less than a `todo!`, a
/// panic or a limit that cut the run short.
fn explain(
    lab: &Lab,
    clause: u8,
    obs: &Observation,
    mut diagnosis: Diagnosis,
    code: Option<&'static str>,
) -> Verdict {
    diagnosis.scenario = obs.scenario.name.clone();
    diagnosis.command = command(lab, obs, actor_of(obs, &diagnosis.spot));
    let told_by_event = matches!(diagnosis.spot, Spot::Event { .. });
    let trouble = trouble(obs).filter(|_| !told_by_event);
    match trouble {
        Some(Trouble::NotWritten { step, place }) => return Verdict::NotWritten { step, place },
        Some(Trouble::Mistake {
            code,
            observed,
            exhibit,
        }) => {
            // A memory fault has a reason that a lab may know by a better name, and so has an access
            // that the given code found to be outside of a mapping.
            let by_signal = matches!(code, "store-past-end" | "killed");
            let by_given = code == "panicked" && observed.contains("/given.rs:");
            let better = if by_signal || by_given {
                recognised(lab, clause, obs)
            } else {
                None
            };
            // An order of steps tells itself who came to which end.
            let is_told = diagnosis.schedule.is_some();
            match better {
                Some((mistake, mut clue)) => {
                    if !is_told {
                        clue.observed.get_or_insert(observed);
                    }
                    note(&mut diagnosis, mistake, clue);
                }
                None if is_told => {
                    if let Some(mistake) = named(lab, code) {
                        note(&mut diagnosis, mistake, Clue::default());
                    }
                }
                None => {
                    diagnosis.spot = Spot::Ending;
                    let clue = Clue {
                        expected: Some(BY_ITSELF.to_owned()),
                        observed: Some(observed),
                        exhibit,
                    };
                    if let Some(mistake) = named(lab, code) {
                        note(&mut diagnosis, mistake, clue);
                    }
                }
            }
        }
        None => {
            let by_name = code.and_then(|code| named(lab, code));
            let found = by_name
                .map(|mistake| (mistake, Clue::default()))
                .or_else(|| recognised(lab, clause, obs));
            if let Some((mistake, clue)) = found {
                note(&mut diagnosis, mistake, clue);
            }
        }
    }
    if obs.page_size() != obs.evidence.page_size {
        let kib = obs.page_size() >> 10;
        diagnosis.expected = format!("where pages have {kib} KiB: {}", diagnosis.expected);
    }
    read_here(&mut diagnosis, lab, clause);
    if !told_by_event && diagnosis.spot != Spot::Ending {
        add_last_words(&mut diagnosis, obs);
    }
    Verdict::Failed(Box::new(diagnosis))
}

/// A mistake may be explained at an earlier clause than the one that failed; one explained at a
/// later clause is read at the one that failed.
fn read_here(diagnosis: &mut Diagnosis, lab: &Lab, clause: u8) {
    let chapter = format!("{}.md#clause-", lab.slug);
    let Some(mistake) = &mut diagnosis.mistake else {
        return;
    };
    let number = mistake.section.strip_prefix(&chapter);
    if number
        .and_then(|number| number.parse::<u8>().ok())
        .is_some_and(|n| n > clause)
    {
        mistake.section = format!("{chapter}{clause}");
    }
}

/// Where something is missing or wrong in the end, how the program ended and what it said of it.
fn add_last_words(diagnosis: &mut Diagnosis, obs: &Observation) {
    let Some(actor) = obs.evidence.actors.first() else {
        return;
    };
    if !matches!(actor.ending, Ending::Exited { code } if code != 0) {
        return;
    }
    let words = ending::words(obs, actor);
    let said = actor.stderr.text();
    let said = said.lines().next().unwrap_or_default();
    let said = match said {
        "" => ", and it said nothing".to_owned(),
        said => format!(", and it said: {said}"),
    };
    diagnosis.observed.push_str(&format!("; {words}{said}"));
}

/// The mistake of this code: the lab's own, or the one that every lab knows.
pub fn named(lab: &Lab, code: &str) -> Option<&'static Mistake> {
    let generic = || {
        generic::MISTAKES
            .iter()
            .find(|mistake| mistake.code == code)
    };
    lab.mistake(code).or_else(generic)
}

/// The first of the lab's mistakes that can be the reason for this clause and shows in `obs`.
fn recognised(lab: &Lab, clause: u8, obs: &Observation) -> Option<(&'static Mistake, Clue)> {
    let mut candidates = lab.mistakes.iter().filter(|m| m.clauses.contains(&clause));
    candidates.find_map(|mistake| Some((mistake, (mistake.recognise)(obs)?)))
}

fn note(diagnosis: &mut Diagnosis, mistake: &Mistake, clue: Clue) {
    if let Some(expected) = clue.expected {
        diagnosis.expected = expected;
    }
    if let Some(observed) = clue.observed {
        diagnosis.observed = observed;
    }
    if clue.exhibit.is_some() {
        diagnosis.exhibit = clue.exhibit;
    }
    diagnosis.mistake = Some(MistakeNote {
        code: mistake.code.to_owned(),
        says: mistake.says.to_owned(),
        hint: mistake.hint.to_owned(),
        section: mistake.section.to_owned(),
    });
}

/// The actor whose event it was, else the first.
fn actor_of(obs: &Observation, spot: &Spot) -> usize {
    match (spot, &obs.evidence.trace) {
        (Spot::Event { index }, crate::evidence::Facet::Seen(events)) => {
            events.get(*index).map_or(0, |event| event.actor)
        }
        _ => 0,
    }
}

/// A command line that can be typed into a shell.
fn command(lab: &Lab, obs: &Observation, actor: usize) -> String {
    let mut line = lab.slug.to_owned();
    let Some(actor) = obs.scenario.actors.get(actor) else {
        return line;
    };
    for word in &actor.arguments {
        line.push(' ');
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=,:+".contains(c);
        if !word.is_empty() && word.chars().all(plain) {
            line.push_str(word);
        } else {
            line.push_str(&format!("'{}'", word.replace('\'', "'\\''")));
        }
    }
    line
}
