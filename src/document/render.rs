//! The one walk over a document. A format says only how it writes each piece.

use super::{Block, Document, Inline, Table};
use crate::bibliography::Reference;
use crate::maths::Maths;

/// How a format writes the pieces of a document. Text that is handed over as `String` is written already.
pub(super) trait Format {
    /// Words, none of whose signs has a meaning to the format.
    fn words(&self, text: &str) -> String;
    /// Words that stand out.
    fn emphasis(&self, text: &str) -> String;
    fn code(&self, text: &str) -> String;
    /// A formula within a sentence.
    fn maths(&self, maths: &Maths) -> String {
        format!("${}$", maths.latex())
    }
    fn table_number(&self, label: &str, number: usize) -> String;

    /// Whether a blank line would end the sentence that a formula of its own line belongs to.
    fn blank_line_ends_paragraph(&self) -> bool {
        false
    }

    /// What stands before the first block.
    fn opening(&self, title: String) -> String;
    fn heading(&self, level: usize, text: String) -> String;
    fn paragraph(&self, text: String) -> String {
        format!("{text}\n")
    }
    /// A formula on lines of its own.
    fn display(&self, maths: &Maths) -> String;
    fn list(&self, items: Vec<String>) -> String;
    /// A table; `name` is how the text calls it, and the first of its rows holds the columns' titles.
    fn table(&self, table: &Table, name: &str, caption: &str, rows: &[Vec<String>]) -> String;

    /// Publications within a sentence.
    fn cite(&self, references: &[&Reference]) -> String {
        let labels: Vec<&str> = references.iter().map(|reference| reference.label).collect();
        format!("({})", labels.join("; "))
    }

    /// The publications that are cited, and what ends the document.
    fn closing(&self, document: &Document) -> String {
        let references = document.references();
        if references.is_empty() {
            return String::new();
        }
        let item = |r: &&Reference| {
            let before = format!("{} ({}). {} ", r.authors, r.year, r.sentence());
            self.words(&before) + &self.emphasis(r.place) + "."
        };
        let items = references.iter().map(item).collect();
        format!(
            "\n{}\n{}",
            self.heading(1, "References".into()),
            self.list(items)
        )
    }
}

/// The whole document.
pub(super) fn render(document: &Document, format: &impl Format) -> String {
    let line = |parts: &[Inline]| line(document, format, parts);
    let mut out = format.opening(line(&document.title));
    let mut before = None;
    for block in &document.blocks {
        if !(format.blank_line_ends_paragraph() && within_sentence(before, block)) {
            out.push('\n');
        }
        out += &match block {
            Block::Heading(level, text) => format.heading(*level, line(text)),
            Block::Paragraph(text) => format.paragraph(line(text)),
            Block::Display(maths) => format.display(maths),
            Block::List(items) => format.list(items.iter().map(|item| line(item)).collect()),
            Block::Table(table) => {
                let titles = table.columns.iter().map(|(title, _)| format.words(title));
                let mut rows: Vec<Vec<String>> = vec![titles.collect()];
                rows.extend(
                    table
                        .rows
                        .iter()
                        .map(|row| row.iter().map(|cell| line(cell)).collect()),
                );
                let name = format.table_number(table.label, document.number(table.label));
                format.table(table, &name, &line(&table.caption), &rows)
            }
        };
        before = Some(block);
    }
    out + &format.closing(document)
}

/// Whether `block` is in the same sentence as the one before: a formula, or the small letter after one.
fn within_sentence(before: Option<&Block>, block: &Block) -> bool {
    match (before, block) {
        (Some(Block::Paragraph(_)), Block::Display(_)) => true,
        (Some(Block::Display(_)), Block::Paragraph(text)) => {
            matches!(text.first(), Some(Inline::Text(text)) if text.starts_with(char::is_lowercase))
        }
        _ => false,
    }
}

/// Parts of a line, one after the other.
pub(super) fn line(document: &Document, format: &impl Format, parts: &[Inline]) -> String {
    let write = |part: &Inline| match part {
        Inline::Text(text) => format.words(text),
        Inline::Lead(text) => format.emphasis(text),
        Inline::Code(text) => format.code(text),
        Inline::Maths(maths) => format.maths(maths),
        Inline::Cite(references) => format.cite(references),
        Inline::Table(label) => format.table_number(label, document.number(label)),
    };
    parts.iter().map(write).collect()
}
