//! The lines that a program prints: which, in which order, and at which event of the trace.

use crate::evidence::Observation;
use crate::evidence::trace::{Call, Stream};
use crate::verdict::{Finding, Ruling, Spot};

use super::exhibit;
use super::finding::broken;
use super::trace::calls;

/// Calls by which a line leaves a program.
const PRINTS: &[&str] = &["write", "writev", "pwrite64", "pwritev", "pwritev2"];

/// `name: value`; a value that is empty stands for no content.
pub type Fact = (&'static str, String);

/// Standard output of the subject is these facts, in this order, and nothing else.
pub fn are(obs: &Observation, expected: &[Fact]) -> Ruling {
    are_of(obs, 0, expected)
}

/// Standard output of an actor is these facts, in this order, and nothing else.
pub fn are_of(obs: &Observation, actor: usize, expected: &[Fact]) -> Ruling {
    same_lines(
        &lines_of(expected),
        &obs.evidence.actors[actor].stdout.text(),
    )
}

/// Standard output of the subject begins with these facts, whatever follows.
pub fn begin(obs: &Observation, expected: &[Fact]) -> Ruling {
    let output = obs.evidence.actors[0].stdout.text();
    let lines = output.split_inclusive('\n').take(expected.len());
    same_lines(&lines_of(expected), &lines.collect::<String>())
}

/// Standard output of the subject ends with these facts but for the first `n`, of which nothing is
/// asked but that they are there.
pub fn end(obs: &Observation, expected: &[Fact], n: usize) -> Ruling {
    let output = obs.evidence.actors[0].stdout.text();
    let mut wanted = lines_of(expected);
    for (line, found) in wanted[..n].iter_mut().zip(lines(&output)) {
        *line = found.to_owned();
    }
    same_lines(&wanted, &output)
}

/// Line `n` of standard output of the subject, counted from 0, is this fact, whatever the others
/// are.
pub fn nth_is(obs: &Observation, n: usize, fact: Fact) -> Ruling {
    let output = obs.evidence.actors[0].stdout.text();
    let lines = output.split_inclusive('\n').take(n + 1);
    let output: String = lines.collect();
    let before = output.split_terminator('\n').take(n).map(str::to_owned);
    let mut wanted: Vec<String> = before.collect();
    wanted.resize(n, String::new());
    wanted.extend(lines_of(&[fact]));
    same_from(n, &wanted, &output)
}

fn lines_of(facts: &[Fact]) -> Vec<String> {
    let line = |(name, value): &Fact| format!("{name}: {value}");
    facts.iter().map(line).collect()
}

/// A line ends with a newline and nothing else: a carriage return before it belongs to the line.
pub fn lines(output: &str) -> impl Iterator<Item = &str> {
    output.split_terminator('\n')
}

/// `output` is these lines; a space at the end of a line does not count.
pub fn same_lines(wanted: &[String], output: &str) -> Ruling {
    same_from(0, wanted, output)
}

/// The same from line `first` on.
fn same_from(first: usize, wanted: &[String], output: &str) -> Ruling {
    let lines: Vec<&str> = lines(output).collect();
    let show = || {
        let wanted: Vec<&str> = wanted.iter().map(|line| line.trim_end()).collect();
        exhibit::lines(
            "standard output",
            Some(wanted.join("\n") + "\n"),
            lines.iter().map(|line| pictured(line) + "\n").collect(),
        )
    };
    let spot = |number| Spot::Line {
        stream: Stream::Stdout,
        number,
    };
    for (n, line) in wanted.iter().enumerate().skip(first) {
        let expected = format!("line {} of standard output is `{}`", n + 1, line.trim_end());
        match lines.get(n) {
            Some(found) if same(line, found) => {}
            Some(found) => {
                let seen = broken(expected, format!("it is `{}`", pictured(found)))
                    .at(spot(n + 1))
                    .show(show());
                return match is_stray(&wanted[first..], found) {
                    true => seen.code(STRAY).fail(),
                    false => seen.fail(),
                };
            }
            None => {
                let seen = match lines.len() {
                    0 => "standard output is empty".to_owned(),
                    1 => "there is one line only".to_owned(),
                    n => format!("there are {n} lines only"),
                };
                return broken(expected, seen).at(spot(n + 1)).show(show()).fail();
            }
        }
    }
    if lines.len() > wanted.len() {
        let extra = pictured(lines[wanted.len()]);
        return broken(
            format!("{} on standard output, nothing else", count(wanted.len())),
            format!("there is another one: `{extra}`"),
        )
        .at(spot(wanted.len() + 1))
        .show(show())
        .code(STRAY)
        .fail();
    }
    if !wanted.is_empty() && !output.ends_with('\n') {
        return broken(
            "every fact is a line, and a line ends with a newline",
            "the last one has no newline at its end",
        )
        .at(spot(wanted.len()))
        .show(show())
        .fail();
    }
    Ok(())
}

const STRAY: &str = "stray-line";

/// Whether a line says nothing of any of the facts that are wanted.
fn is_stray(wanted: &[String], found: &str) -> bool {
    let name = |line: &str| line.split_once(':').map(|(name, _)| name.to_owned());
    let found = name(found);
    !wanted
        .iter()
        .any(|line| found.is_some() && name(line) == found)
}

/// A line with a picture for each control character: a byte 0x07 that was printed as it is and the
/// four characters `\x07` are not the same.
pub fn pictured(line: &str) -> String {
    let picture = |c: char| match c {
        '\0'..='\x1f' => char::from_u32(0x2400 + u32::from(c)).unwrap_or(c),
        '\x7f' => '\u{2421}',
        c => c,
    };
    line.chars().map(picture).collect()
}

fn count(lines: usize) -> String {
    match lines {
        0 => "no line".to_owned(),
        1 => "one line".to_owned(),
        n => format!("{n} lines"),
    }
}

/// Where there is no content, a space after the colon is allowed, and none needed.
fn same(wanted: &str, found: &str) -> bool {
    wanted == found || (wanted.ends_with(": ") && wanted.trim_end() == found)
}

/// No line of standard output of the subject begins so.
pub fn lacks(obs: &Observation, prefix: &str) -> Ruling {
    let output = obs.evidence.actors[0].stdout.text();
    let Some(n) = lines(&output).position(|line| line.starts_with(prefix)) else {
        return Ok(());
    };
    broken(
        format!("no line `{prefix}`"),
        format!("it was printed all the same, as line {}", n + 1),
    )
    .at(Spot::Line {
        stream: Stream::Stdout,
        number: n + 1,
    })
    .show(exhibit::lines("standard output", None, output.clone()))
    .fail()
}

/// The line that begins so leaves the program before anything comes on standard error.
pub fn before_the_error(obs: &Observation, prefix: &str) -> Ruling {
    let Some(said) = line_at(obs, 0, prefix)? else {
        return Ok(());
    };
    let is_error = |call: &Call| {
        let stream = call.file.as_ref().and_then(|file| file.stream.as_ref());
        call.is(PRINTS) && stream == Some(&Stream::Stderr)
    };
    let all = calls(obs)?;
    let mut errors = all.iter().filter(|step| step.actor == 0);
    let Some(early) = errors.find(|step| is_error(step.call) && step.index < said) else {
        return Ok(());
    };
    broken(
        format!("the line `{prefix}` is printed, and then the error"),
        "the error came first",
    )
    .at(Spot::Event { index: early.index })
    .show(exhibit::calls(obs, early.index, &[]))
    .fail()
}

/// The index of the call that completes the first line of standard output that begins so.
pub fn line_at(obs: &Observation, actor: usize, prefix: &str) -> Result<Option<usize>, Finding> {
    let mut line: Vec<u8> = Vec::new();
    for step in calls(obs)? {
        let to_stdout = step
            .call
            .file
            .as_ref()
            .is_some_and(|file| file.stream == Some(Stream::Stdout));
        let writes = step.call.is(PRINTS);
        if step.actor != actor || !to_stdout || !writes {
            continue;
        }
        let (Some(data), Some(written)) = (&step.call.data, step.call.result) else {
            continue;
        };
        let taken = data.0.len().min(usize::try_from(written).unwrap_or(0));
        for &byte in &data.0[..taken] {
            if byte != b'\n' {
                line.push(byte);
                continue;
            }
            if line.starts_with(prefix.as_bytes()) {
                return Ok(Some(step.index));
            }
            line.clear();
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::made;

    fn facts() -> Vec<Fact> {
        vec![("size", "0".to_owned()), ("content", String::new())]
    }

    fn ruling(output: &str) -> Ruling {
        let obs = made::observation(made::scenario(&["a"]))
            .print(output)
            .done();
        are(&obs, &facts())
    }

    #[test]
    fn an_empty_content_may_have_its_space() {
        assert_eq!(ruling("size: 0\ncontent:\n"), Ok(()));
        assert_eq!(ruling("size: 0\ncontent: \n"), Ok(()));
    }

    #[test]
    fn other_lines_more_lines_and_half_lines_are_not_the_facts() {
        for output in [
            "",
            "size: 0\n",
            "size: 1\ncontent:\n",
            "size: 0\ncontent:  \n",
            "size: 0\ncontent: \\x00\n",
            "size: 0\ncontent:\nmore\n",
            "size: 0\ncontent:",
            "size: 0\r\ncontent:\r\n",
            "content:\nsize: 0\n",
        ] {
            assert!(ruling(output).is_err(), "{output:?}");
        }
    }

    #[test]
    fn a_line_that_is_no_fact_is_a_stray_one() {
        let code = |output: &str| match ruling(output) {
            Err(Finding::Broken(_, code)) => code,
            other => panic!("{other:?}"),
        };
        assert_eq!(code("mapping f\nsize: 0\ncontent:\n"), Some(STRAY));
        assert_eq!(code("size: 0\ncontent:\ndone\n"), Some(STRAY));
        assert_eq!(code("size: 1\ncontent:\n"), None);
        assert_eq!(code("content:\nsize: 0\n"), None);
    }

    #[test]
    fn beginning_and_end_are_told_apart() {
        let both = |output: &str| {
            let obs = made::observation(made::scenario(&["a"]))
                .print(output)
                .done();
            let begins = begin(&obs, &facts()[..1]).is_ok();
            (begins, end(&obs, &facts(), 1).is_ok())
        };
        assert_eq!(both("size: 0\ncontent:\n"), (true, true));
        assert_eq!(both("size: 0\n"), (true, false));
        assert_eq!(both("size: 0\nnoise\ncontent:\n"), (true, false));
        assert_eq!(both("size: 0\ncontent:\nnoise\n"), (true, false));
        assert_eq!(both("size: 7\ncontent:\n"), (false, true));
        assert_eq!(both("size: 0"), (false, false));
        assert_eq!(both(""), (false, false));
    }

    #[test]
    fn a_line_is_where_its_newline_is_written() {
        let obs = made::observation(made::scenario(&["a"]))
            .print("size: 0\nsyn")
            .call("msync", &[0, 0, 4], 0)
            .print("ced: 3\n")
            .done();
        assert_eq!(line_at(&obs, 0, "size:"), Ok(Some(0)));
        assert_eq!(line_at(&obs, 0, "synced:"), Ok(Some(2)));
        assert_eq!(line_at(&obs, 0, "new size:"), Ok(None));
    }
}
