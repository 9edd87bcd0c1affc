//! Calls of a trace, the way strace users know them.

use super::{MARGIN, Row};
use crate::printable::printable_marked;
use crate::render::WIDTH;
use crate::verdict::CallLine;

/// How many calls are shown at most.
const CALLS: usize = 5;
/// How many lines one call is folded into at most.
const FOLDS: usize = 4;
/// Columns for a call.
const ROOM: usize = WIDTH - MARGIN;
/// Columns by which the rest of a folded call is indented.
const HANG: usize = 4;

/// The calls with carets under the marked parts.
pub(super) fn rows(lines: &[CallLine]) -> Vec<Row> {
    let shown = choose(lines);
    let mut rows = Vec::new();
    let mut before = None;
    for index in shown {
        if before.map_or(index > 0, |before| index > before + 1) {
            rows.push(Row::Text("...".to_owned()));
        }
        rows.extend(call(&lines[index]));
        before = Some(index);
    }
    if before.is_some_and(|before| before + 1 < lines.len()) {
        rows.push(Row::Text("...".to_owned()));
    }
    rows
}

/// Which calls are shown: the marked ones first, then those closest before and after them.
fn choose(lines: &[CallLine]) -> Vec<usize> {
    let marked: Vec<usize> = (0..lines.len())
        .filter(|&n| lines[n].mark.is_some())
        .collect();
    let distance = |n: usize| {
        marked
            .iter()
            .map(|&mark| mark.abs_diff(n))
            .min()
            .unwrap_or(n)
    };
    let mut nearest: Vec<usize> = (0..lines.len()).collect();
    nearest.sort_by_key(|&n| (distance(n), n));
    nearest.truncate(CALLS);
    nearest.sort_unstable();
    nearest
}

fn call(line: &CallLine) -> Vec<Row> {
    let nothing = (usize::MAX, usize::MAX);
    let (text, mark) = printable_marked(&line.text, line.mark.unwrap_or(nothing));
    let mark = if line.mark.is_some() { mark } else { nothing };
    let touches = |&(from, to): &(usize, usize)| mark.0 < to && mark.1 > from;
    let mut pieces = fold(&text);
    let all = pieces.len();
    if all > FOLDS {
        let mut n = 0;
        pieces.retain(|piece| {
            n += 1;
            n == 1 || n == all || touches(piece)
        });
    }
    let mut rows = Vec::new();
    let mut end = 0;
    for piece @ (from, to) in pieces {
        let left_out = from > end;
        let indent = if from == 0 { 0 } else { HANG };
        if left_out {
            rows.push(Row::Text(format!("{}...", " ".repeat(HANG))));
        }
        let shown = text[from..to].trim_end();
        rows.push(Row::Text(format!("{}{shown}", " ".repeat(indent))));
        if touches(&piece) {
            let start = mark.0.max(from);
            let stop = mark.1.min(from + shown.len()).max(start);
            let column = indent + text[from..start].chars().count();
            let width = text[start..stop].chars().count().max(1);
            let carets = format!("{}{}", " ".repeat(column), "^".repeat(width));
            rows.push(Row::Carets(carets));
        }
        end = to;
    }
    rows
}

/// Byte ranges of the lines into which a call is folded, behind a comma where there is one.
fn fold(text: &str) -> Vec<(usize, usize)> {
    let mut pieces = Vec::new();
    let mut from = 0;
    while from < text.len() {
        let room = if from == 0 { ROOM } else { ROOM - HANG };
        let rest = &text[from..];
        let to = match rest.char_indices().nth(room) {
            None => text.len(),
            Some((cut, _)) => from + rest[..cut].rfind(", ").map_or(cut, |comma| comma + 2),
        };
        pieces.push((from, to));
        from = to;
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marked(text: &str, part: &str) -> CallLine {
        let from = text.find(part).expect("the part is in the text");
        CallLine {
            text: text.to_owned(),
            mark: Some((from, from + part.len())),
        }
    }

    /// The text that the carets point at.
    fn pointed_at(rows: &[Row]) -> String {
        let mut found = String::new();
        for pair in rows.windows(2) {
            if let [Row::Text(text), Row::Carets(carets)] = pair {
                let characters = text.chars().zip(carets.chars());
                found.extend(
                    characters
                        .filter(|(_, caret)| *caret == '^')
                        .map(|(c, _)| c),
                );
            }
        }
        found
    }

    #[test]
    fn the_carets_stand_under_the_mark_wherever_the_line_is_folded() {
        let long = "x".repeat(30);
        for before in 0..12 {
            let text = format!(
                "{}mmap(NULL, 8211, \"\u{fc}{long}\", MAP_PRIVATE, 4</tmp/{long}>, 0) = 0x7f",
                "a, ".repeat(before)
            );
            let rows = rows(&[marked(&text, "MAP_PRIVATE")]);
            assert_eq!(pointed_at(&rows), "MAP_PRIVATE");
            for row in &rows {
                let (Row::Text(text) | Row::Carets(text)) = row;
                assert!(text.chars().count() <= ROOM, "{text}");
            }
        }
    }

    #[test]
    fn a_mark_over_a_fold_has_carets_on_both_lines() {
        let text = format!("write({}, {})", "a".repeat(60), "b".repeat(60));
        let rows = rows(&[marked(&text, &text)]);
        assert_eq!(pointed_at(&rows).replace(' ', ""), text.replace(' ', ""));
    }

    #[test]
    fn a_mark_beyond_the_text_or_an_empty_call_does_no_harm() {
        for mark in [(0, 0), (3, 3), (2, 90), (90, 99), (5, 1)] {
            let line = CallLine {
                text: "abc".to_owned(),
                mark: Some(mark),
            };
            assert_eq!(rows(&[line])[0], Row::Text("abc".to_owned()));
        }
        let empty = CallLine {
            text: String::new(),
            mark: Some((0, 1)),
        };
        assert_eq!(rows(&[empty]), []);
    }

    #[test]
    fn of_many_calls_the_marked_ones_are_shown() {
        let mut lines = vec![
            CallLine {
                text: "other()".to_owned(),
                mark: None
            };
            20
        ];
        lines[12] = marked("munmap(1)", "munmap");
        let rows = rows(&lines);
        assert_eq!(pointed_at(&rows), "munmap");
        assert!(rows.len() <= CALLS + 3);
        assert_eq!(rows.first(), Some(&Row::Text("...".to_owned())));
        assert_eq!(rows.last(), Some(&Row::Text("...".to_owned())));
    }
}
