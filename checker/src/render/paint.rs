//! Colour, or none. The text is the same either way.

use std::io::IsTerminal;

use anstyle::{AnsiColor, Style};

/// Something kept.
pub(super) const GOOD: Style = AnsiColor::Green.on_default();
/// Something broken, and where.
pub(super) const BAD: Style = AnsiColor::Red.on_default().bold();
/// Something to know.
pub(super) const NOTE: Style = AnsiColor::Yellow.on_default();
/// Something to type or to open.
pub(super) const DO: Style = AnsiColor::Cyan.on_default();
/// What gives a page its shape.
pub(super) const HEAD: Style = Style::new().bold();
/// What matters less.
pub(super) const LESS: Style = Style::new().dimmed();

/// Whether text is coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Paint {
    colour: bool,
}

impl Paint {
    /// Text alone.
    pub const NONE: Paint = Paint { colour: false };

    /// Colour on a terminal that takes it, unless NO_COLOR is set and not empty
    /// (no-color.org).
    pub fn for_stdout() -> Paint {
        let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        Paint {
            colour: std::io::stdout().is_terminal() && !is_set("NO_COLOR") && !is_dumb,
        }
    }

    /// `text` in `style`.
    pub(super) fn put(self, style: Style, text: &str) -> String {
        if self.colour && !text.is_empty() {
            format!("{style}{text}{style:#}")
        } else {
            text.to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colour_only_surrounds_the_text() {
        let paint = Paint { colour: true };
        assert_eq!(paint.put(HEAD, "x"), "\x1b[1mx\x1b[0m");
        assert_eq!(Paint::NONE.put(HEAD, "x"), "x");
    }
}
