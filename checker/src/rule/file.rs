//! What became of files: bytes, length, inode, mode.

use crate::evidence::Observation;
use crate::evidence::file::{FileState, FileStory};
use crate::verdict::{Ruling, Spot};

use super::exhibit;
use super::finding::broken;
use super::trace::resolve;

/// Bytes above this are not put together in one piece.
const WHOLE: u64 = 1 << 26;

/// The file before any process started, links followed.
pub fn before<'a>(obs: &'a Observation, name: &str) -> Option<&'a FileState> {
    let story = obs.evidence.file(&resolve(obs, name));
    story.and_then(|story| story.before.as_ref())
}

/// The file after every process had ended, links followed.
pub fn after<'a>(obs: &'a Observation, name: &str) -> Option<&'a FileState> {
    let story = obs.evidence.file(&resolve(obs, name));
    story.and_then(|story| story.after.as_ref())
}

/// The bytes that a file had before; none if it was not there.
pub fn old_bytes(obs: &Observation, name: &str) -> Vec<u8> {
    before(obs, name).map_or_else(Vec::new, bytes)
}

/// The bytes of a file that is not huge.
pub fn bytes(state: &FileState) -> Vec<u8> {
    state
        .content
        .range(0, usize::try_from(state.length.min(WHOLE)).unwrap_or(0))
}

/// Where a property of a file is at fault.
pub fn spot(name: &str) -> Spot {
    Spot::File {
        file: name.to_owned(),
    }
}

/// The file is there in the end and has exactly these bytes.
pub fn has_bytes(obs: &Observation, name: &str, expected: &[u8]) -> Ruling {
    let Some(state) = after(obs, name) else {
        return broken(
            format!(
                "`{name}` is there and has {}",
                exhibit::size(expected.len() as u64)
            ),
            "there is no such file",
        )
        .at(spot(name))
        .fail();
    };
    state_has_bytes(state, name, expected, "afterwards")
}

/// One state of a file has exactly these bytes. `when` is a phrase such as `afterwards`.
pub fn state_has_bytes(state: &FileState, name: &str, expected: &[u8], when: &str) -> Ruling {
    let found = bytes(state);
    // Most are, and seen to be so at once.
    if state.length == expected.len() as u64 && found == expected {
        return Ok(());
    }
    let show = exhibit::bytes(&format!("the file `{name}` {when}"), expected, &found);
    let length = expected.len() as u64;
    if state.length != length {
        return broken(
            format!("`{name}` is {} long {when}", exhibit::size(length)),
            format!("it is {} long", exhibit::size(state.length)),
        )
        .at(spot(name))
        .show_some(show)
        .fail();
    }
    let Some(at) = expected.iter().zip(&found).position(|(a, b)| a != b) else {
        return Ok(());
    };
    let differ = expected.iter().zip(&found).filter(|(a, b)| a != b).count();
    broken(
        format!("the bytes of `{name}` {when} are those that the clause promises"),
        match differ {
            1 => format!("the byte at offset {at} differs"),
            n => format!("{n} bytes differ, the first at offset {at}"),
        },
    )
    .at(Spot::Byte {
        file: name.to_owned(),
        offset: at as u64,
    })
    .show_some(show)
    .fail()
}

/// The file is in the end what it was: there or not, the same inode, kind, length, mode, bytes.
pub fn unchanged(obs: &Observation, name: &str) -> Ruling {
    let name = resolve(obs, name);
    match obs.evidence.file(&name) {
        Some(story) => story_unchanged(story),
        None => Ok(()),
    }
}

/// A symbolic link is in the end what it was, whatever became of its target.
pub fn unchanged_link(obs: &Observation, name: &str) -> Ruling {
    obs.evidence.file(name).map_or(Ok(()), story_unchanged)
}

/// Every file of the scenario is what it was, and no other was made.
pub fn all_unchanged(obs: &Observation) -> Ruling {
    obs.evidence.files.iter().try_for_each(story_unchanged)
}

fn story_unchanged(story: &FileStory) -> Ruling {
    let name = &story.name;
    let (was, is) = match (&story.before, &story.after) {
        (Some(was), Some(is)) => (was, is),
        (None, None) => return Ok(()),
        (None, Some(is)) => {
            return broken(
                format!("there is no file `{name}`, before or after"),
                format!("it was created, {} long", exhibit::size(is.length)),
            )
            .at(spot(name))
            .fail();
        }
        (Some(_), None) => {
            return broken(format!("`{name}` stays as it was"), "it is gone")
                .at(spot(name))
                .fail();
        }
    };
    let says = |seen: String| broken(format!("`{name}` stays as it was"), seen).at(spot(name));
    let differ = || exhibit::bytes(&format!("the file `{name}`"), &bytes(was), &bytes(is));
    if was.kind != is.kind {
        return says("it is another kind of file now".to_owned()).fail();
    }
    if was.length != is.length {
        let (was, is) = (exhibit::size(was.length), exhibit::size(is.length));
        return says(format!("it was {was} long and is {is} long"))
            .show_some(differ())
            .fail();
    }
    if let Some(offset) = was.content.first_difference(&is.content) {
        return says(format!("the byte at offset {offset} has changed"))
            .at(Spot::Byte {
                file: name.clone(),
                offset,
            })
            .show_some(differ())
            .fail();
    }
    if !was.is_same_file(is) {
        return says("another file has its name now".to_owned()).fail();
    }
    if was.mode != is.mode {
        let modes = format!(
            "its permission bits were {:04o} and are {:04o}",
            was.mode, is.mode
        );
        return says(modes).fail();
    }
    Ok(())
}

/// A file that was there is still the same inode with as many names.
pub fn keeps_identity(obs: &Observation, name: &str) -> Ruling {
    let (Some(was), Some(is)) = (before(obs, name), after(obs, name)) else {
        return Ok(());
    };
    let expected = format!("`{name}` stays the same file: its inode and its other names");
    if !was.is_same_file(is) {
        return broken(expected, "another inode has its name now")
            .at(spot(name))
            .fail();
    }
    if was.links != is.links {
        let names = format!("it had {} names and has {}", was.links, is.links);
        return broken(expected, names).at(spot(name)).fail();
    }
    Ok(())
}

/// A file has these permission bits in the end.
pub fn has_mode(obs: &Observation, name: &str, mode: u32) -> Ruling {
    let expected = format!("the permission bits of `{name}` are {mode:04o}");
    match after(obs, name) {
        None => broken(expected, "there is no such file")
            .at(spot(name))
            .fail(),
        Some(is) if is.mode != mode => broken(expected, format!("they are {:04o}", is.mode))
            .at(spot(name))
            .fail(),
        Some(_) => Ok(()),
    }
}

/// A file has allocated no more than this in the end.
pub fn allocates_at_most(obs: &Observation, name: &str, limit: u64) -> Ruling {
    let allocated = after(obs, name).map_or(0, |state| state.blocks * 512);
    if allocated <= limit {
        return Ok(());
    }
    broken(
        format!(
            "`{name}` stays a hole: at most {} allocated",
            exhibit::size(limit)
        ),
        format!("{} are allocated", exhibit::size(allocated)),
    )
    .at(spot(name))
    .fail()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::made;

    #[test]
    fn a_changed_byte_is_found_and_shown() {
        let obs = made::observation(made::scenario(&["abc"]))
            .holds("abc", b"abd")
            .done();
        assert!(has_bytes(&obs, "abc", b"abd").is_ok());
        assert!(has_bytes(&obs, "abc", b"abc").is_err());
        assert!(has_bytes(&obs, "abc", b"abdd").is_err());
        assert!(all_unchanged(&obs).is_err());
    }

    #[test]
    fn a_new_file_is_a_change() {
        let same = made::observation(made::scenario(&["a"])).done();
        assert_eq!(all_unchanged(&same), Ok(()));
        let more = made::observation(made::scenario(&["a"]))
            .holds("new", b"")
            .done();
        assert!(all_unchanged(&more).is_err());
        assert_eq!(unchanged(&more, "a"), Ok(()));
    }
}
