//! Output as it should be and as it is.

use super::{ROOM, Row};
use crate::printable::printable;
use crate::render::fold::{around, difference, shorten};

/// Lines before and after the first difference.
const CONTEXT: usize = 2;
/// Lines of output that nothing is expected of.
const LINES: usize = 6;

/// The output around the first line that differs, with a caret under the first difference; or
/// its first lines, if nothing certain is expected.
pub(super) fn rows(expected: Option<&str>, observed: &str) -> Vec<Row> {
    let observed: Vec<&str> = observed.split_inclusive('\n').collect();
    let Some(expected) = expected else {
        return block("observed", &observed, 0, LINES, None);
    };
    let expected: Vec<&str> = expected.split_inclusive('\n').collect();
    let pairs = expected.iter().zip(&observed);
    let same = pairs.take_while(|(one, other)| one == other).count();
    if same == expected.len() && same == observed.len() {
        return block("observed", &observed, 0, LINES, None);
    }
    let from = same.saturating_sub(CONTEXT);
    let count = same - from + 1 + CONTEXT;
    let [should, is] = [&expected, &observed].map(|all| all.get(same).copied());
    let column = difference(&shown(should.unwrap_or("")), &shown(is.unwrap_or("")));
    let note = match (should, is) {
        (Some(should), Some(is)) if should.strip_suffix('\n') == Some(is) => {
            "the line end is missing".to_owned()
        }
        (Some(should), Some(is)) if is.strip_suffix('\n') == Some(should) => {
            "a line end too many".to_owned()
        }
        (None, _) => format!("line {}: one too many", same + 1),
        (_, None) => format!("line {} is missing", same + 1),
        _ => format!("line {}", same + 1),
    };
    let mut rows = block(
        "expected",
        &expected,
        from,
        count,
        Some((same, column, None)),
    );
    rows.extend(block(
        "observed",
        &observed,
        from,
        count,
        Some((same, column, Some(&note))),
    ));
    rows
}

/// A line without its end, safe to show.
fn shown(line: &str) -> String {
    printable(line.strip_suffix('\n').unwrap_or(line), false)
}

/// `count` lines from line `from` on. The line at `mark.0` is shown around column `mark.1`, with a
/// caret and a note if there is one.
fn block(
    label: &str,
    lines: &[&str],
    from: usize,
    count: usize,
    mark: Option<(usize, usize, Option<&str>)>,
) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut label = label;
    let mut push = |rows: &mut Vec<Row>, text: &str| {
        rows.push(Row::labelled(label, text));
        label = "";
    };
    if from > 0 {
        push(&mut rows, "...");
    }
    let end = lines.len().min(from + count);
    for index in from..end.max(mark.map_or(0, |(line, ..)| line + 1)) {
        let text = lines.get(index).map(|line| shown(line));
        match mark {
            Some((line, column, note)) if line == index => {
                let nothing = if index == 0 { "(nothing)" } else { "(no more)" };
                let text = text.unwrap_or_else(|| nothing.to_owned());
                let (text, column) = around(&text, column, ROOM - 1);
                push(&mut rows, &text);
                if let Some(note) = note {
                    rows.push(Row::caret(column, note));
                }
            }
            _ => push(&mut rows, &shorten(&text.unwrap_or_default(), ROOM)),
        }
    }
    if rows.is_empty() {
        push(&mut rows, "(nothing)");
    }
    if end < lines.len() {
        push(&mut rows, "...");
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(rows: &[Row]) -> String {
        let line = |row: &Row| match row {
            Row::Text(text) | Row::Carets(text) => format!("{}\n", text.trim_end()),
        };
        rows.iter().map(line).collect()
    }

    #[test]
    fn the_first_difference_is_in_sight() {
        let expected = "size: 8211\ncopied: 8211\n";
        let found = text(&rows(Some(expected), "size: 8211\ncopied: 0\n"));
        let wanted = "expected  size: 8211
          copied: 8211
observed  size: 8211
          copied: 0
                  ^ line 2
";
        assert_eq!(found, wanted);
    }

    #[test]
    fn a_missing_line_end_is_told() {
        let found = text(&rows(Some("size: 1\n"), "size: 1"));
        assert!(found.ends_with("          size: 1\n") || found.contains("line end is missing"));
        assert!(text(&rows(Some("a\n"), "")).contains("(nothing)"));
        assert!(text(&rows(Some("a\n"), "a\nb\n")).contains("one too many"));
        assert!(text(&rows(Some("a\nb\n"), "a\n")).contains("line 2 is missing"));
    }

    #[test]
    fn a_difference_far_to_the_right_is_in_sight() {
        let long = "x".repeat(200);
        let found = rows(Some(&format!("{long}a\n")), &format!("{long}b\n"));
        let found = text(&found);
        assert!(found.contains("xa\n") && found.contains("xb\n"), "{found}");
        assert!(found.lines().all(|line| line.chars().count() <= 76));
    }

    #[test]
    fn output_without_expectation_is_shown_from_its_start() {
        let found = text(&rows(None, &"line\n".repeat(20)));
        assert_eq!(found.lines().count(), LINES + 1);
        assert_eq!(text(&rows(None, "")), "observed  (nothing)\n");
    }
}
