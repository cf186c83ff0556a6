//! Markdown as GitHub shows it: formulas between dollars, tables with strokes.

use super::render::Format;
use super::{Align, Table};
use crate::maths::Maths;

pub(super) struct Markdown;

impl Format for Markdown {
    fn words(&self, text: &str) -> String {
        let mut out = String::new();
        for c in text.chars() {
            if matches!(c, '\\' | '`' | '*' | '_' | '<' | '$' | '|' | '#') {
                out.push('\\');
            }
            out.push(if c == '\n' { ' ' } else { c });
        }
        out
    }

    fn emphasis(&self, text: &str) -> String {
        format!("*{}*", self.words(text))
    }

    fn code(&self, text: &str) -> String {
        format!("`{text}`")
    }

    fn table_number(&self, _: &str, number: usize) -> String {
        format!("Table {number}")
    }

    fn opening(&self, title: String) -> String {
        format!("# {title}\n")
    }

    fn heading(&self, level: usize, text: String) -> String {
        format!("#{} {text}\n", "#".repeat(level))
    }

    /// `\cr` ends a line, since Markdown would leave one stroke of `\\`.
    fn display(&self, maths: &Maths) -> String {
        let lines = super::latex::lines(maths);
        let formula = match &lines[..] {
            [only] => only.replace('&', ""),
            _ => format!(
                "\\begin{{aligned}}\n{}\n\\end{{aligned}}",
                lines.join(" \\cr\n")
            ),
        };
        format!("$$\n{formula}\n$$\n")
    }

    fn list(&self, items: Vec<String>) -> String {
        items.iter().map(|item| format!("- {item}\n")).collect()
    }

    fn table(&self, table: &Table, name: &str, caption: &str, rows: &[Vec<String>]) -> String {
        let rule = table.columns.iter().map(|(_, align)| match align {
            Align::Right => "---:".to_string(),
            _ => "---".to_string(),
        });
        let mut lines = rows.to_vec();
        lines.insert(1, rule.collect());
        let row = |cells: &Vec<String>| format!("| {} |\n", cells.join(" | "));
        let lines: String = lines.iter().map(row).collect();
        format!("**{name}.** {caption}\n\n{lines}")
    }
}
