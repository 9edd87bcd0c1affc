//! Fits text into columns. A column is a character: what has none of its own was replaced
//! before (see [`crate::printable`]).

/// Folds `text` at spaces into lines of at most `width` columns; a word that is longer is broken.
/// At most `lines` lines, the last of them ending in an ellipsis if something is left out.
pub(super) fn wrap(text: &str, width: usize, lines: usize) -> Vec<String> {
    let mut folded: Vec<String> = vec![String::new()];
    let mut column = 0;
    for word in text.split_whitespace() {
        let mut word: Vec<char> = word.chars().collect();
        if column > 0 && column + 1 + word.len() > width {
            folded.push(String::new());
            column = 0;
        }
        while column == 0 && word.len() > width {
            let rest = word.split_off(width);
            folded.pop();
            folded.extend([word.iter().collect(), String::new()]);
            word = rest;
        }
        let line = folded.last_mut().expect("there is always a line");
        if column > 0 {
            line.push(' ');
            column += 1;
        }
        line.extend(&word);
        column += word.len();
    }
    if folded.len() > lines {
        folded.truncate(lines);
        if let Some(last) = folded.last_mut() {
            *last = shorten(&format!("{last} …"), width);
        }
    }
    folded
}

/// `text` cut to `width` columns, an ellipsis at its end if something is left out.
pub(super) fn shorten(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let kept = text.chars().take(width.saturating_sub(1));
    kept.chain(['…']).collect()
}

/// The `width` columns of `text` around column `at`, with ellipses for what is left out, and the
/// column at which `at` is shown.
pub(super) fn around(text: &str, at: usize, width: usize) -> (String, usize) {
    let characters: Vec<char> = text.chars().collect();
    let start = if characters.len() <= width || at < width * 2 / 3 {
        0
    } else {
        (at - width / 3).min(characters.len().saturating_sub(width / 2))
    };
    let mut shown: String = characters[start..].iter().collect();
    if start > 0 {
        shown = format!("…{}", shown.chars().skip(1).collect::<String>());
    }
    (shorten(&shown, width), at.min(characters.len()) - start)
}

/// The first column in which the two differ.
pub(super) fn difference(one: &str, other: &str) -> usize {
    let pairs = one.chars().zip(other.chars());
    pairs.take_while(|(one, other)| one == other).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stay_whole_where_they_can() {
        assert_eq!(wrap("a bb  ccc", 4, 9), ["a bb", "ccc"]);
        assert_eq!(wrap("abcdefghij k", 4, 9), ["abcd", "efgh", "ij k"]);
        assert_eq!(wrap("x abcdefgh", 4, 9), ["x", "abcd", "efgh"]);
        assert_eq!(wrap("", 4, 9), [""]);
    }

    #[test]
    fn what_is_left_out_is_told() {
        assert_eq!(wrap("a b c d e f", 3, 2), ["a b", "c …"]);
        assert_eq!(shorten("abcdef", 4), "abc…");
        assert_eq!(shorten("abcd", 4), "abcd");
    }

    #[test]
    fn the_place_stays_in_sight() {
        let text: String = ('a'..='z').collect();
        for at in 0..=26 {
            let (shown, column) = around(&text, at, 12);
            assert!(shown.chars().count() <= 12, "{shown}");
            if at < 26 {
                let there = shown.chars().nth(column);
                assert_eq!(there, text.chars().nth(at), "{shown} at {at}");
            }
        }
    }
}
