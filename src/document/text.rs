//! For a terminal.

use super::grid::grid;
use super::render::Format;
use super::{Align, Table};
use crate::maths::{Maths, Start};
use crate::words::wrapped;

/// Stands for a blank at which no line is broken; a character that no text has.
const FIXED: char = '\u{e000}';
/// Formulas up to this length are kept on one line.
const SHORT: usize = 30;
pub(super) struct Text {
    /// Columns of the terminal.
    pub(super) width: usize,
}

/// No sign has a meaning to a terminal: nothing is escaped.
impl Format for Text {
    fn words(&self, text: &str) -> String {
        text.into()
    }

    fn emphasis(&self, text: &str) -> String {
        text.into()
    }

    fn code(&self, text: &str) -> String {
        text.into()
    }

    fn maths(&self, maths: &Maths) -> String {
        let text = maths.plain();
        match text.chars().count() {
            0..=SHORT => text.replace(' ', &FIXED.to_string()),
            _ => text,
        }
    }

    fn table_number(&self, _: &str, number: usize) -> String {
        format!("Table{FIXED}{number}")
    }

    fn opening(&self, title: String) -> String {
        self.underlined(&title, "═")
    }

    fn heading(&self, level: usize, text: String) -> String {
        match level {
            1 => self.underlined(&text, "─"),
            _ => format!("{text}\n"),
        }
    }

    fn paragraph(&self, text: String) -> String {
        wrapped("", &text, self.width)
    }

    fn display(&self, maths: &Maths) -> String {
        let mut out = String::new();
        for line in maths.lines(self.width.saturating_sub(3), false) {
            let indent = if line.start == Start::Operator { 8 } else { 4 };
            let pieces: Vec<String> = line.clauses.iter().flatten().map(Maths::plain).collect();
            out += &format!("{:indent$}{}\n", "", pieces.join(" "));
        }
        out
    }

    fn list(&self, items: Vec<String>) -> String {
        let wrapped = |item: &String| wrapped("- ", item, self.width);
        items.iter().map(wrapped).collect()
    }

    fn table(&self, table: &Table, name: &str, caption: &str, rows: &[Vec<String>]) -> String {
        let mut out = wrapped("", &format!("{name}: {caption}"), self.width) + "\n";
        let columns: Vec<Align> = table.columns.iter().map(|(_, align)| *align).collect();
        out += &grid(rows, &columns, self.width, true);
        out
    }
}

impl Text {
    fn underlined(&self, text: &str, rule: &str) -> String {
        let rule = rule.repeat(text.chars().count().min(self.width));
        format!("{text}\n{rule}\n")
    }
}

/// Without the marks of blanks at which no line is broken.
pub(super) fn finished(text: &str) -> String {
    text.replace(FIXED, " ")
}
