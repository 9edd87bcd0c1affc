//! Clause 10 of lab 1: a huge file is not walked.

use crate::evidence::Observation;
use crate::evidence::bytes::escape;
use crate::evidence::ending::Ending;
use crate::evidence::trace::{FileRef, Stream};
use crate::rule::mapping::of_file;
use crate::rule::trace::{calls, events, target};
use crate::rule::{ending, exhibit, facts, file, finding::broken};
use crate::verdict::{Ruling, Spot};

use super::rules::no_call_moves;
use super::{command, name, text};

/// The change is made without touching more of the file than the text needs.
pub fn not_walked(obs: &Observation) -> Ruling {
    const BLOCKS: u64 = 1 << 20;
    let size = file::before(obs, name(obs)).map_or(0, |state| state.length);
    let text = text(obs).as_bytes();
    let append = command(obs) == "append";
    let added = text.len() as u64;
    let (from, to) = match append {
        true => (size, size + added),
        false => (0, size),
    };
    events(obs)?;
    no_call_moves(obs, &target(obs, name(obs)))?;
    comes_to_its_end(obs)?;
    ending::exits(obs, 0)?;
    let state = file::after(obs, name(obs));
    let length = state.map_or(0, |state| state.length);
    let found = state.map_or_else(Vec::new, |state| state.content.range(from, text.len()));
    if length != to || found != text {
        return broken(
            format!(
                "`{}` is {} long, with the text at offset {from}",
                name(obs),
                exhibit::size(to)
            ),
            format!(
                "it is {} long, with `{}` there",
                exhibit::size(length),
                escape(&found)
            ),
        )
        .at(file::spot(name(obs)))
        .fail();
    }
    let n = added.to_string();
    let facts = match append {
        true => vec![
            ("size", size.to_string()),
            ("appended", n.clone()),
            ("synced", n),
            ("new size", to.to_string()),
        ],
        false => vec![
            ("size", size.to_string()),
            ("written", n.clone()),
            ("cut", "0".to_owned()),
            ("synced", n),
        ],
    };
    facts::are(obs, &facts)?;
    file::allocates_at_most(obs, name(obs), BLOCKS)?;
    ending::resident_at_most(obs, 64, Some("file-walked"))
}

/// The size of a file that 32 bits do not measure. Who keeps all lines until the content is ready
/// says nothing in time, and nothing is said of that here.
pub fn size_is_said(obs: &Observation) -> Ruling {
    let size = file::before(obs, name(obs)).map_or(0, |state| state.length);
    let expected = format!("size: {size}");
    let mut text = String::new();
    let said = calls(obs)?.into_iter().find_map(|step| {
        let is_said = |file: &FileRef| file.stream == Some(Stream::Stdout);
        let data = step.call.data.as_ref();
        let data = data.filter(|_| step.call.file.as_ref().is_some_and(is_said))?;
        text.push_str(&String::from_utf8_lossy(&data.0));
        let (line, _) = text.split_once('\n')?;
        Some((step.index, line.to_owned()))
    });
    match said {
        Some((index, line)) if line != expected => broken(
            format!("the first line is `{expected}`"),
            format!("it is `{line}`"),
        )
        .at(Spot::Event { index })
        .show(exhibit::calls(obs, index, &[]))
        .fail(),
        _ => Ok(()),
    }
}

/// Who walks the file runs out of time, in a mapping of it.
fn comes_to_its_end(obs: &Observation) -> Ruling {
    let actor = &obs.evidence.actors[0];
    let mappings = of_file(obs, &target(obs, name(obs)))?;
    let (Ending::TooMuchCpu { .. } | Ending::TooLong { .. }, Some(last)) =
        (&actor.ending, mappings.last())
    else {
        return Ok(());
    };
    let seen = format!(
        "{}, with {} MiB of memory resident at most",
        ending::words(obs, actor),
        actor.peak_rss_kib >> 10
    );
    broken("the program comes to its end, whatever the size", seen)
        .at(Spot::Event { index: last.made })
        .show(exhibit::calls(obs, last.made, &[]))
        .code("file-walked")
        .fail()
}
