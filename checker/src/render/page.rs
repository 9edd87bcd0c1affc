//! A page under construction: lines of at most [`WIDTH`] columns.

use anstyle::Style;

use super::WIDTH;
use super::fold::{shorten, wrap};
use super::paint::{LESS, Paint};
use crate::printable::printable;

/// Columns before the text of a field.
const INDENT: usize = 12;

/// Lines of text, with or without colour.
pub(super) struct Page {
    paint: Paint,
    text: String,
}

impl Page {
    /// An empty page.
    pub fn new(paint: Paint) -> Page {
        Page {
            paint,
            text: String::new(),
        }
    }

    /// The text so far.
    pub fn finish(self) -> String {
        self.text
    }

    /// An empty line, unless the page begins here.
    pub fn gap(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
    }

    /// A line, cut at the width.
    pub fn line(&mut self, style: Style, text: &str) {
        let text = shorten(&printable(text, false), WIDTH);
        self.put(&[(style, text.trim_end())]);
    }

    /// A line of several parts, which the caller has made fit.
    pub fn put(&mut self, parts: &[(Style, &str)]) {
        for (style, text) in parts {
            self.text.push_str(&self.paint.put(*style, text));
        }
        self.text.push('\n');
    }

    /// A paragraph without indentation.
    pub fn paragraph(&mut self, style: Style, text: &str) {
        for line in wrap(&printable(text, false), WIDTH, usize::MAX) {
            self.put(&[(style, &line)]);
        }
    }

    /// A label, and text beside it in at most `lines` lines.
    pub fn field(&mut self, label: &str, style: Style, text: &str, lines: usize) {
        let text = printable(text, false);
        let mut label = format!("  {label:<width$}", width = INDENT - 2);
        for line in wrap(&text, WIDTH - INDENT, lines) {
            self.put(&[(LESS, &label), (style, &line)]);
            label = " ".repeat(INDENT);
        }
    }

    /// A label and a command line, which goes on behind a backslash where it is too long.
    pub fn command(&mut self, label: &str, style: Style, command: &str) {
        let command = printable(command, false);
        let mut label = format!("  {label:<width$}", width = INDENT - 2);
        let lines = wrap(&command, WIDTH - INDENT - 2, usize::MAX);
        for (n, line) in lines.iter().enumerate() {
            let more = if n + 1 < lines.len() { " \\" } else { "" };
            self.put(&[(LESS, &label), (style, line), (style, more)]);
            label = " ".repeat(INDENT);
        }
    }
}
