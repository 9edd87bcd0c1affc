//! What decides the clauses of lab 4.

use crate::evidence::file::{FileState, FileStory};
use crate::evidence::trace::{Mmap, Open};
use crate::evidence::{Moment, Observation};
use crate::rule::finding::{broken, seen};
use crate::rule::mapping::of_file;
use crate::rule::moved::{self, Way};
use crate::rule::trace::{Step, Target, calls, events, target};
use crate::rule::{asked as mmap_asked, ending, exhibit, facts, file, refusal};
use crate::verdict::{Finding, Ruling, Spot};

use super::asked::{self, Answer, Window, Words};

/// The file cannot be used: an error with its name, nothing done.
pub fn bad_file(obs: &Observation) -> Ruling {
    refused(obs, &[Words::of(obs).file.unwrap_or_default()])
}

/// An error with one of these words, nothing done; facts that were printed before are told by name.
fn refused(obs: &Observation, words: &[&str]) -> Ruling {
    match refusal::of(obs, words) {
        Err(Finding::Broken(diagnosis, Some(_))) if asked::shown(obs, "page size").is_some() => {
            Err(Finding::Broken(diagnosis, Some("said-before-refused")))
        }
        other => other,
    }
}

/// What the contract answers: the facts and exit status 0, or a refusal.
pub fn answered(obs: &Observation) -> Ruling {
    match asked::answer(obs) {
        Answer::Refused(words) => refused(obs, &words),
        Answer::Shown(window) => {
            mapping_was_refused(obs)?;
            facts::are(obs, &asked::facts(obs, &window))?;
            file::all_unchanged(obs)?;
            ending::exits(obs, 0)
        }
    }
}

/// Nothing is printed, and the reason is a mapping that the kernel refused.
fn mapping_was_refused(obs: &Observation) -> Ruling {
    let Some(name) = Words::of(obs).file else {
        return Ok(());
    };
    let of = target(obs, name);
    let silent = obs.evidence.actors[0].stdout.text().is_empty();
    match silent && !mmap_asked::refused(obs, &of).is_empty() {
        true => mmap_asked::nothing_mapped(obs, &of, format!("the window of `{name}` is mapped")),
        false => Ok(()),
    }
}

/// Clause 1. A window is read for clause 4.
pub fn page_size(obs: &Observation) -> Ruling {
    if Words::of(obs).file.is_some() {
        return Ok(());
    }
    let fact = ("page size", obs.page_size().to_string());
    unless_asked_elsewhere(obs, facts::begin(obs, &[fact]))
}

/// Clause 4. Of a window, also that each of its mappings begins at one of the larger pages, by
/// whichever way it was asked for.
pub fn on_larger_pages(obs: &Observation) -> Ruling {
    let ruling = answered(obs).and_then(|()| match window_of(obs) {
        Some((name, window)) => begins_at_a_page(obs, name, &window),
        None => Ok(()),
    });
    unless_asked_elsewhere(obs, ruling)
}

/// The file and the window of a run of the second form that is not to be refused.
fn window_of(obs: &Observation) -> Option<(&str, Window)> {
    match (Words::of(obs).file, asked::answer(obs)) {
        (Some(name), Answer::Shown(window)) => Some((name, window)),
        _ => None,
    }
}

/// A program that was to believe other pages than the machine's is not told to be wrong if it asked
/// where nobody answers for them.
fn unless_asked_elsewhere(obs: &Observation, ruling: Ruling) -> Ruling {
    if !matches!(ruling, Err(Finding::Broken(..))) || obs.page_size() == obs.evidence.page_size {
        return ruling;
    }
    events(obs)?;
    let all = calls(obs)?;
    let shows = |path: &str| {
        let name = path.rsplit('/').next().unwrap_or_default();
        path.starts_with("/proc/") && ["auxv", "smaps", "smaps_rollup"].contains(&name)
    };
    let opened = all.iter().find_map(|step| {
        let file = step.call.file.as_ref().filter(|file| shows(&file.path))?;
        Open::of(step.call).map(|_| &file.path)
    });
    match opened {
        None => ruling,
        Some(path) => Err(Finding::Unobservable(format!(
            "the program asks `{path}` for the page size, and another one than the machine's can \
             be shown only to `sysconf`, `getpagesize` and `getauxval`"
        ))),
    }
}

/// The successful calls of mmap on a file.
fn mappings<'a>(obs: &'a Observation, of: &Target) -> Result<Vec<Step<'a>>, Finding> {
    let mut all = calls(obs)?;
    all.retain(|step| step.call.is(&["mmap"]) && step.call.succeeded() && of.in_call(step.call));
    Ok(all)
}

fn begins_at_a_page(obs: &Observation, name: &str, window: &Window) -> Ruling {
    let of = target(obs, name);
    for step in mappings(obs, &of)? {
        let offset = Mmap::of(step.call).map_or(0, |map| map.offset);
        if !offset.is_multiple_of(window.page) {
            return broken(
                format!(
                    "`{name}` is mapped from a multiple of {}, the page size",
                    window.page
                ),
                format!("it is mapped from {offset}"),
            )
            .at(Spot::Event { index: step.index })
            .show(exhibit::calls(obs, step.index, &[&offset.to_string()]))
            .code("page-size-known")
            .fail();
        }
    }
    Ok(())
}

/// Clause 5.
pub fn read_through_the_mapping(obs: &Observation) -> Ruling {
    let Some((name, _)) = window_of(obs) else {
        return answered(obs);
    };
    let of = target(obs, name);
    match moved::none(obs, &of, Way::Either, "moved-by-call") {
        // What the output says can be told without a trace.
        Err(Finding::Unobservable(reason)) => {
            return answered(obs).and(Err(Finding::Unobservable(reason)));
        }
        other => other?,
    }
    answered(obs)?;
    match mappings(obs, &of)?.is_empty() {
        true => mmap_asked::nothing_mapped(obs, &of, format!("`{name}` is mapped")),
        false => Ok(()),
    }
}

/// Clause 5. Whoever looks at the files while a program prints finds them as they were.
pub fn never_changed(obs: &Observation) -> Ruling {
    let moments = seen(&obs.evidence.moments)?;
    let mut pairs = moments.iter().flat_map(|moment| {
        let stories = obs.evidence.files.iter();
        stories.filter_map(move |story| Some((moment, story, story.before.as_ref()?)))
    });
    let is_changed = |(moment, story, was): &(&Moment, &FileStory, &FileState)| {
        let is = moment.file(&story.name);
        is.and_then(|is| was.same_bytes(is)) != Some(true)
    };
    let Some((moment, story, was)) = pairs.find(is_changed) else {
        return Ok(());
    };
    let name = &story.name;
    let is = moment.file(name).map_or_else(Vec::new, file::bytes);
    let what = format!("the file `{name}` while the program prints");
    broken(
        format!("`{name}` is never changed, not for a moment"),
        "it had other bytes while the program printed",
    )
    .at(Spot::Moment {
        rule: moment.rule.clone(),
    })
    .show_some(exhibit::bytes(&what, &file::bytes(was), &is))
    .fail()
}

/// Clause 6, of windows that other clauses are about: where the facts are wrong, those tell.
pub fn smallest_of_shown(obs: &Observation) -> Ruling {
    match answered(obs) {
        Ok(()) => smallest(obs),
        Err(_) => Ok(()),
    }
}

/// Clause 6.
pub fn smallest(obs: &Observation) -> Ruling {
    let Some((name, window)) = window_of(obs) else {
        return Ok(());
    };
    let of = target(obs, name);
    let expected = format!(
        "`{name}` is mapped once: from {} on, {} bytes, or up to {} in whole pages",
        window.aligned(),
        window.mapped(),
        window.whole_pages()
    );
    let made = mappings(obs, &of)?;
    let Some(first) = made.first() else {
        return mmap_asked::nothing_mapped(obs, &of, expected);
    };
    for step in &made {
        let Some(map) = Mmap::of(step.call) else {
            continue;
        };
        let fits = (window.mapped()..=window.whole_pages()).contains(&map.length);
        if map.offset == window.aligned() && fits {
            continue;
        }
        let seen = format!("from {} on, {} bytes are mapped", map.offset, map.length);
        let word = match map.offset == window.aligned() {
            true => map.length.to_string(),
            false => map.offset.to_string(),
        };
        let seen = broken(expected, seen)
            .at(Spot::Event { index: step.index })
            .show(exhibit::calls(obs, step.index, &[&word]));
        let end = map.offset.saturating_add(map.length);
        let is_part =
            window.aligned() <= map.offset && end <= window.aligned() + window.whole_pages();
        return match is_part && made.len() > 1 {
            true => seen.code("mapped-again").fail(),
            false => seen.fail(),
        };
    }
    if let Some(second) = made.get(1) {
        return broken(expected, format!("it is mapped {} times", made.len()))
            .at(Spot::Event {
                index: second.index,
            })
            .show(exhibit::calls(obs, second.index, &[]))
            .code("mapped-again")
            .fail();
    }
    let end = window.aligned() + window.whole_pages();
    let grown = of_file(obs, &of)?.into_iter().find(|m| m.range().to > end);
    match grown {
        None => Ok(()),
        Some(m) => broken(expected, format!("later it reached up to {}", m.range().to))
            .at(Spot::Event { index: m.made })
            .show(exhibit::calls(obs, first.index, &[]))
            .fail(),
    }
}

/// Clause 10.
pub fn gigabytes(obs: &Observation) -> Ruling {
    read_through_the_mapping(obs)?;
    ending::resident_at_most(obs, 64, Some("touched-every-page"))
}
