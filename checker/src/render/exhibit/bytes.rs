//! The same range of bytes as it should be and as it is.

use super::{ROOM, Row};
use crate::evidence::bytes::escape;

/// Columns before the first difference that are shown at most.
const BEFORE: usize = 24;

/// Two rows of bytes from `offset`, and a caret under the first that differs.
pub(super) fn rows(offset: u64, expected: &[u8], observed: &[u8]) -> Vec<Row> {
    let pairs = expected.iter().zip(observed);
    let same = pairs.take_while(|(one, other)| one == other).count();
    let differ = same < expected.len() || same < observed.len();
    let start = if differ { start(&observed[..same]) } else { 0 };
    let mut rows = vec![
        Row::labelled("expected", &row(expected, start)),
        Row::labelled("observed", &row(observed, start)),
    ];
    if differ {
        let column = usize::from(start > 0) + escape(&observed[start..same]).len();
        let place = offset + same as u64;
        let note = if same == observed.len() {
            format!("byte {place}: it ends here")
        } else if same == expected.len() {
            format!("byte {place}: it should end here")
        } else {
            format!("byte {place}")
        };
        rows.push(Row::caret(column, &note));
    }
    rows
}

/// The first byte to be shown, given those before the difference.
fn start(same: &[u8]) -> usize {
    let mut start = same.len();
    let mut columns = 0;
    while start > 0 {
        columns += escape(&same[start - 1..start]).len();
        if columns > BEFORE {
            break;
        }
        start -= 1;
    }
    start
}

/// The bytes from `start` on, as many as fit, with ellipses for what is left out.
fn row(bytes: &[u8], start: usize) -> String {
    let mut row = if start > 0 { "…" } else { "" }.to_owned();
    let mut columns = row.chars().count();
    let rest = bytes.get(start..).unwrap_or_default();
    for (n, byte) in rest.iter().enumerate() {
        let shown = escape(&[*byte]);
        let more = usize::from(n + 1 < rest.len());
        if columns + shown.len() + more > ROOM {
            row.push('…');
            break;
        }
        columns += shown.len();
        row.push_str(&shown);
    }
    row
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What stands over the caret, in both rows.
    fn over_the_caret(rows: &[Row]) -> [Option<char>; 2] {
        let [
            Row::Text(expected),
            Row::Text(observed),
            Row::Carets(carets),
        ] = rows
        else {
            panic!("not two rows and a caret: {rows:?}");
        };
        let column = carets.find('^').expect("a caret");
        for row in [expected, observed, carets] {
            assert!(row.chars().count() <= super::super::LABEL + ROOM, "{row}");
        }
        [expected, observed].map(|row| row.chars().nth(column))
    }

    #[test]
    fn the_caret_stands_under_the_first_difference() {
        let mut expected: Vec<u8> = (0..255).collect();
        let observed = expected.clone();
        for at in 0..255 {
            let old = std::mem::replace(&mut expected[at], b'!');
            if old != b'!' {
                let shown = over_the_caret(&rows(0, &expected, &observed));
                let real = escape(&[old]).chars().next();
                assert_eq!(shown, [Some('!'), real], "at {at}");
            }
            expected[at] = old;
        }
    }

    #[test]
    fn an_end_too_early_or_too_late_is_told() {
        let carets = |expected: &[u8], observed: &[u8]| match rows(8, expected, observed).pop() {
            Some(Row::Carets(carets)) => carets.trim_start().to_owned(),
            _ => String::new(),
        };
        assert_eq!(carets(b"abc", b"ab"), "^ byte 10: it ends here");
        assert_eq!(carets(b"", b"\0"), "^ byte 8: it should end here");
        assert_eq!(carets(b"abc", b"abd"), "^ byte 10");
        assert_eq!(carets(b"abc", b"abc"), "");
    }
}
