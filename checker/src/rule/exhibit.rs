//! What is shown of the evidence: a few calls with a mark, bytes around a difference, lines.

use crate::evidence::Observation;
use crate::evidence::bytes::Bytes;
use crate::evidence::trace::Call;
use crate::verdict::{CallLine, Exhibit};

use super::trace::{Step, calls_seen, is_inside};

/// How many calls are shown before the one that matters, and after it.
const AROUND: (usize, usize) = (3, 1);

/// The call at `index` and the few around it; the first of `words` that its text contains is
/// marked, else its name.
pub fn calls(obs: &Observation, index: usize, words: &[&str]) -> Exhibit {
    let all = calls_seen(obs);
    let Some(here) = all.iter().position(|step| step.index == index) else {
        return Exhibit::Calls { lines: Vec::new() };
    };
    let told = |step: &&Step<'_>| step.actor == all[here].actor && concerns(step.call);
    let mut before: Vec<_> = all[..here]
        .iter()
        .rev()
        .filter(told)
        .take(AROUND.0)
        .collect();
    before.reverse();
    let after = all[here + 1..].iter().filter(told).take(AROUND.1);
    let plain = |step: &Step<'_>| CallLine {
        text: step.call.to_string(),
        mark: None,
    };
    let mut lines: Vec<CallLine> = before.into_iter().map(plain).collect();
    lines.push(marked(all[here].call, words));
    lines.extend(after.map(plain));
    Exhibit::Calls { lines }
}

/// The last calls of an actor on files of the scenario, the last one marked nowhere.
pub fn last_calls(obs: &Observation, actor: usize) -> Option<Exhibit> {
    let all = calls_seen(obs);
    let told = |step: &&Step<'_>| step.actor == actor && concerns(step.call);
    let mut lines: Vec<CallLine> = all
        .iter()
        .rev()
        .filter(told)
        .take(AROUND.0 + 2)
        .map(|step| CallLine {
            text: step.call.to_string(),
            mark: None,
        })
        .collect();
    lines.reverse();
    (!lines.is_empty()).then_some(Exhibit::Calls { lines })
}

/// Calls that say something to one who looks for a mistake.
fn concerns(call: &Call) -> bool {
    call.is(&["msync"]) || call.file.iter().chain(&call.other).any(is_inside)
}

/// Stands among the words for the answer of the call.
pub const ANSWER: &str = "=";

fn marked(call: &Call, words: &[&str]) -> CallLine {
    let text = call.to_string();
    let found = words.iter().find_map(|word| {
        if *word == ANSWER {
            return text.rfind(" = ").map(|at| (at + 3, text.len()));
        }
        // The words stand among the arguments or in the answer, not in the call's own name.
        let from = call.name.len();
        let at = text.get(from..)?.find(word)? + from;
        Some((at, at + word.len()))
    });
    CallLine {
        mark: Some(found.unwrap_or((0, call.name.len()))),
        text,
    }
}

/// How many bytes are shown at most, and how many of them before the difference.
const SHOWN: usize = 48;
const LEAD: usize = 12;

/// The bytes around the first difference; `None` if there is none.
pub fn bytes(what: &str, expected: &[u8], observed: &[u8]) -> Option<Exhibit> {
    let same = |(a, b): (&u8, &u8)| a == b;
    let common = expected
        .iter()
        .zip(observed)
        .take_while(|&pair| same(pair))
        .count();
    if common == expected.len() && common == observed.len() {
        return None;
    }
    let from = common.saturating_sub(LEAD);
    let cut = |all: &[u8]| {
        let end = all.len().min(from + SHOWN);
        Bytes::from(all.get(from..end).unwrap_or_default())
    };
    Some(Exhibit::Bytes {
        what: what.to_owned(),
        offset: from as u64,
        expected: cut(expected),
        observed: cut(observed),
    })
}

/// Output as it should be and as it is.
pub fn lines(what: &str, expected: Option<String>, observed: String) -> Exhibit {
    Exhibit::Lines {
        what: what.to_owned(),
        expected,
        observed,
    }
}

/// A number of bytes in words, in MiB where that is exact.
pub fn size(bytes: u64) -> String {
    match bytes {
        1 => "1 byte".to_owned(),
        b if b >= 1 << 20 && b % (1 << 20) == 0 => format!("{} MiB", b >> 20),
        b => format!("{b} bytes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::made;

    #[test]
    fn the_flag_itself_is_marked() {
        let obs = made::observation(made::scenario(&["a", "b"]))
            .mmap("b", 4096, "PROT_READ|PROT_WRITE", "MAP_PRIVATE", 0x7000)
            .done();
        let Exhibit::Calls { lines } = calls(&obs, 0, &["MAP_PRIVATE"]) else {
            panic!("calls are shown as calls");
        };
        let (from, to) = lines[0].mark.unwrap();
        assert_eq!(&lines[0].text[from..to], "MAP_PRIVATE");
    }

    #[test]
    fn bytes_are_shown_around_the_first_difference() {
        let expected: Vec<u8> = (0..100).collect();
        let mut observed = expected.clone();
        observed[50] = 0;
        let Some(Exhibit::Bytes {
            offset,
            expected,
            observed,
            ..
        }) = bytes("x", &expected, &observed)
        else {
            panic!("they differ");
        };
        assert_eq!(offset, 38);
        assert_eq!((expected.0[12], observed.0[12]), (50, 0));
        assert_eq!(bytes("x", b"same", b"same"), None);
    }
}
