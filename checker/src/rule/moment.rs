//! What another process saw at a moment.

use crate::evidence::ending::Ending;
use crate::evidence::file::FileState;
use crate::evidence::{Moment, Observation};
use crate::verdict::{Exhibit, Finding, Ruling, Spot};

use super::exhibit;
use super::file;
use super::finding::{Broken, broken, seen};
use super::trace::resolve;

/// The first moment that a rule asked for. `point` says in words which point that is.
pub fn first<'a>(obs: &'a Observation, rule: &'a str, point: &str) -> Result<&'a Moment, Finding> {
    seen(&obs.evidence.moments)?;
    obs.evidence.moments_of(rule).next().ok_or_else(|| {
        let ending = obs.evidence.actors.first().map(|actor| &actor.ending);
        // What else can end a run is told by itself.
        let observed = match ending {
            Some(Ending::Exited { code: 0 }) => {
                "it never did, and ended as if all were done, with exit status 0"
            }
            _ => "it never did",
        };
        broken(
            format!("the run comes to the point where {point}"),
            observed,
        )
        .at(Spot::Missing)
        .show_some(exhibit::last_calls(obs, 0))
        .finding()
    })
}

fn spot(moment: &Moment) -> Spot {
    Spot::Moment {
        rule: moment.rule.clone(),
    }
}

/// A file at a moment by its inode, whatever its name is by then.
pub fn state<'a>(moment: &'a Moment, file: &FileState) -> Option<&'a FileState> {
    let mut states = moment.files.iter().filter_map(|(_, state)| state.as_ref());
    states.find(|state| state.is_same_file(file))
}

/// The inode of a file is nowhere in the folder at this moment.
pub fn gone(moment: &Moment, name: &str) -> Broken {
    broken(
        format!("`{name}` keeps its name and its inode while it is changed"),
        "there was a moment at which it was nowhere in its folder",
    )
    .at(spot(moment))
}

/// At this moment the file has exactly these bytes, as read(2) shows them.
pub fn file_has(
    obs: &Observation,
    moment: &Moment,
    name: &str,
    expected: &[u8],
    when: &str,
) -> Ruling {
    let name = resolve(obs, name);
    match moment.file(&name) {
        Some(state) => file::state_has_bytes(state, &name, expected, when),
        None => broken(format!("`{name}` is there {when}"), "there is no such file")
            .at(spot(moment))
            .fail(),
    }
}

/// At this moment the witness, which mapped the file before, sees these bytes from its start on.
pub fn witness_sees(
    obs: &Observation,
    moment: &Moment,
    name: &str,
    expected: &[u8],
    when: &str,
) -> Ruling {
    let name = resolve(obs, name);
    let Some(view) = moment.view(&name) else {
        return Err(Finding::Unobservable(format!(
            "no other process had `{name}` mapped"
        )));
    };
    let seen = &view.bytes.0;
    let wanted = &expected[..expected.len().min(seen.len())];
    let seen = &seen[..wanted.len()];
    if wanted == seen {
        return Ok(());
    }
    let what = format!("`{name}` through another process's mapping");
    let is_old = file::old_bytes(obs, &name).starts_with(seen);
    broken(
        format!("a process that had `{name}` mapped before sees the promised bytes {when}"),
        match is_old {
            true => "it still sees the old ones",
            false => "it sees others",
        },
    )
    .at(spot(moment))
    .show_some(exhibit::bytes(&what, wanted, seen))
    .fail()
}

/// At every moment, what lies behind the end of the file in its last page is zero, as the witness
/// sees it. Whoever stores past the end leaves a trace there.
pub fn nothing_past_the_end(obs: &Observation, name: &str) -> Ruling {
    let name = resolve(obs, name);
    for moment in seen(&obs.evidence.moments)? {
        let Some(view) = moment.view(&name) else {
            continue;
        };
        // What the witness has mapped is the file that was there before.
        let Some(was) = file::before(obs, &name) else {
            continue;
        };
        let Some(state) = state(moment, was) else {
            return gone(moment, &name).fail();
        };
        let mapped = view.bytes.0.len() as u64;
        let inside = usize::try_from(state.length.saturating_sub(mapped)).unwrap_or(usize::MAX);
        let tail = view.tail.0.get(inside..).unwrap_or_default();
        let Some(at) = tail.iter().position(|&byte| byte != 0) else {
            continue;
        };
        let zeros = vec![0; tail.len()];
        let what = format!("the last page of `{name}`, behind the end of the file");
        let mut show = exhibit::bytes(&what, &zeros, tail);
        if let Some(Exhibit::Bytes { offset, .. }) = &mut show {
            *offset += mapped + inside as u64;
        }
        return broken(
            format!("nothing is stored behind byte {} of `{name}`, its end", state.length),
            format!(
                "a byte was stored at offset {}, in the rest of the last page: it is no part of the file",
                mapped + inside as u64 + at as u64
            ),
        )
        .at(spot(moment))
        .show_some(show)
        .code("store-past-end")
        .fail();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::made;

    #[test]
    fn a_store_behind_the_end_is_seen() {
        let clean = made::observation(made::scenario(&["abc"]))
            .moment("m", Some(("abc", b"abc", &[0; 9])))
            .done();
        assert_eq!(nothing_past_the_end(&clean, "abc"), Ok(()));
        let tail = [b'x', 0, 0];
        let stored = made::observation(made::scenario(&["abc"]))
            .moment("m", Some(("abc", b"abc", &tail)))
            .done();
        assert!(nothing_past_the_end(&stored, "abc").is_err());
        let grown = made::observation(made::scenario(&["abc"]))
            .holds("abc", b"abcx")
            .moment("m", Some(("abc", b"abc", &tail)))
            .done();
        assert_eq!(nothing_past_the_end(&grown, "abc"), Ok(()));
    }
}
