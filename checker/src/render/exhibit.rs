//! Evidence as it is shown: calls, bytes and output, each with carets under the part that
//! matters. The carets stand under their part whatever has to be folded or left out.

mod bytes;
mod calls;
mod lines;
mod timeline;

use crate::verdict::Exhibit;

/// Columns before every line of an exhibit.
const MARGIN: usize = 4;
/// Columns before the text beside the labels `expected` and `observed`.
const LABEL: usize = 10;
/// Columns for that text.
const ROOM: usize = super::WIDTH - MARGIN - LABEL;

/// One line of an exhibit.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Row {
    /// Evidence.
    Text(String),
    /// Carets under the line before.
    Carets(String),
}

/// The lines of an exhibit.
pub(super) fn rows(exhibit: &Exhibit) -> Vec<Row> {
    let (what, rows) = match exhibit {
        Exhibit::Calls { lines } => (None, calls::rows(lines)),
        Exhibit::Bytes {
            what,
            offset,
            expected,
            observed,
        } => (
            Some(format!("{what}, from byte {offset}")),
            bytes::rows(*offset, &expected.0, &observed.0),
        ),
        Exhibit::Lines {
            what,
            expected,
            observed,
        } => (
            Some(what.clone()),
            lines::rows(expected.as_deref(), observed),
        ),
        Exhibit::Timeline { processes, steps } => (None, timeline::rows(processes, steps)),
    };
    let what = what.map(|what| {
        let what = crate::printable::printable(&what, false);
        let room = super::WIDTH - MARGIN - 1;
        Row::Text(format!("{}:", super::fold::shorten(&what, room)))
    });
    what.into_iter()
        .chain(rows)
        .map(|row| row.indented())
        .collect()
}

impl Row {
    fn indented(self) -> Row {
        let indent = " ".repeat(MARGIN);
        match self {
            Row::Text(text) => Row::Text(format!("{indent}{text}")),
            Row::Carets(text) => Row::Carets(format!("{indent}{text}")),
        }
    }

    /// Evidence beside a label.
    fn labelled(label: &str, text: &str) -> Row {
        Row::Text(format!("{label:<LABEL$}{text}"))
    }

    /// A caret at a column of the text beside a label, and a note that fits behind it.
    fn caret(column: usize, note: &str) -> Row {
        let indent = " ".repeat(LABEL + column);
        let note_fits = column + 2 + note.chars().count() <= ROOM;
        let note = if note_fits {
            format!(" {note}")
        } else {
            String::new()
        };
        Row::Carets(format!("{indent}^{note}"))
    }
}
