//! Text that may be shown on any terminal, whatever a program under test wrote into it.
//!
//! Control characters, and characters that change the direction or the width of what stands
//! beside them, are shown by their number. Nothing else is changed.

/// `text` with every character that a terminal would act upon shown as `\xhh` or `\u{…}`. Line
/// ends are kept where `keeps_lines` says so.
pub fn printable(text: &str, keeps_lines: bool) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        push(&mut shown, c, keeps_lines);
    }
    shown
}

/// As [`printable`] for one line, with a byte range carried over to the changed text. A range
/// that does not lie on characters of the text is widened to those it touches.
pub fn printable_marked(text: &str, mark: (usize, usize)) -> (String, (usize, usize)) {
    let mut shown = String::with_capacity(text.len());
    let (mut from, mut to) = (None, 0);
    for (at, c) in text.char_indices() {
        let before = shown.len();
        push(&mut shown, c, false);
        if at + c.len_utf8() > mark.0 && at < mark.1 {
            from.get_or_insert(before);
            to = shown.len();
        }
    }
    let from = from.unwrap_or(shown.len());
    (shown, (from, to.max(from)))
}

fn push(shown: &mut String, c: char, keeps_lines: bool) {
    match c {
        '\n' if keeps_lines => shown.push(c),
        '\t' if keeps_lines => shown.push_str("    "),
        c if c.is_control() && (c as u32) < 0x100 => {
            shown.push_str(&format!("\\x{:02x}", c as u32));
        }
        c if is_invisible(c) => shown.push_str(&format!("\\u{{{:x}}}", c as u32)),
        c => shown.push(c),
    }
}

/// Characters without a place of their own: zero width, joiners, direction marks, tags, and the
/// line and paragraph separators (Unicode Standard, chapter 23).
fn is_invisible(c: char) -> bool {
    matches!(c as u32,
        0xad | 0x300..=0x36f | 0x61c | 0x115f..=0x1160 | 0x180e | 0x200b..=0x200f
        | 0x2028..=0x202e | 0x2060..=0x206f | 0x3164 | 0xfe00..=0xfe0f | 0xfeff
        | 0xfff0..=0xfffb | 0xe0000..=0xe0fff)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_a_terminal_acts_upon_is_left() {
        assert_eq!(printable("\x1b[2Ja\rb\n", false), "\\x1b[2Ja\\x0db\\x0a");
        assert_eq!(printable("\u{9b}31m", true), "\\x9b31m");
        assert_eq!(printable("a\u{202e}b", true), "a\\u{202e}b");
        assert_eq!(printable("a\nb\tc ü", true), "a\nb    c ü");
    }

    #[test]
    fn a_mark_moves_with_its_text() {
        assert_eq!(
            printable_marked("\x1bab", (1, 2)),
            ("\\x1bab".to_owned(), (4, 5))
        );
        assert_eq!(printable_marked("ab", (7, 9)), ("ab".to_owned(), (2, 2)));
        assert_eq!(printable_marked("aüb", (2, 3)).1, (1, 3));
    }
}
