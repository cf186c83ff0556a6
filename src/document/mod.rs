//! A document with maths, built once and written as text, Markdown or LaTeX.
//!
//! Its prose is written as text with five marks: `$formula$` in the notation of [`crate::maths`], on a
//! line of its own between `$$`; `` `code` ``; `*lead*`, words that head a paragraph; `[@kingma2014; @graves2011]` cites entries of
//! [`crate::bibliography`]; `[#loss]` names a table. A backslash takes the meaning from the mark after it.

mod grid;
mod inline;
mod latex;
mod markdown;
mod page;
mod render;
mod text;

pub use inline::{Inline, code, inlines, literal};
pub use page::page;

use crate::bibliography::{REFERENCES, Reference};
use crate::maths::Maths;
use latex::Latex;
use markdown::Markdown;
use render::render;
use text::Text;

/// A document.
#[derive(Debug, Clone, Default)]
pub struct Document {
    /// Its title.
    pub title: Vec<Inline>,
    /// What stands in it, in order.
    pub blocks: Vec<Block>,
    /// What it cites so far.
    cited: Vec<&'static Reference>,
    /// The labels of its tables so far.
    tables: Vec<&'static str>,
}

/// A part of a document.
#[derive(Debug, Clone)]
pub enum Block {
    /// The heading of a section, of level 1, or of a subsection, of level 2.
    Heading(usize, Vec<Inline>),
    /// Prose.
    Paragraph(Vec<Inline>),
    /// A formula on a line of its own.
    Display(Maths),
    /// Items without an order.
    List(Vec<Vec<Inline>>),
    /// A table.
    Table(Table),
}

/// A table with a caption.
#[derive(Debug, Clone)]
pub struct Table {
    /// What it is called by `[#label]`.
    pub label: &'static str,
    /// What it shows.
    pub caption: Vec<Inline>,
    /// Its columns.
    pub columns: Vec<Column>,
    /// A cell for each column.
    pub rows: Vec<Vec<Vec<Inline>>>,
}

/// A column: its heading, and how its cells stand.
pub type Column = (&'static str, Align);

/// How the cells of a column stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// From the left, on one line.
    Left,
    /// To the right: numbers.
    Right,
    /// From the left, over as many lines as it takes.
    Wrap,
}

impl Document {
    /// A document of this title.
    pub fn new(title: &str) -> Self {
        let mut document = Document::default();
        document.title = document.inlines(title);
        document
    }

    /// Begins a section.
    pub fn heading(&mut self, text: &str) {
        let text = self.inlines(text);
        self.blocks.push(Block::Heading(1, text));
    }

    /// Begins a subsection.
    pub fn subheading(&mut self, text: &str) {
        let text = self.inlines(text);
        self.blocks.push(Block::Heading(2, text));
    }

    /// Adds prose: paragraphs with a blank line between them, formulas between `$$`.
    pub fn prose(&mut self, text: &str) {
        for paragraph in text.split("\n\n") {
            for (index, part) in paragraph.split("$$").enumerate() {
                let block = match part.trim() {
                    "" => continue,
                    part if index % 2 == 0 => Block::Paragraph(self.inlines(part)),
                    part => Block::Display(Maths::parse(part)),
                };
                self.blocks.push(block);
            }
        }
    }

    /// Adds a list.
    pub fn list(&mut self, items: &[String]) {
        let items = items.iter().map(|item| self.inlines(item)).collect();
        self.blocks.push(Block::List(items));
    }

    /// Adds a table; each cell is text with marks.
    pub fn table(
        &mut self,
        label: &'static str,
        caption: &str,
        columns: &[Column],
        rows: &[Vec<String>],
    ) {
        self.tables.push(label);
        let mut row = |row: &Vec<String>| row.iter().map(|cell| self.inlines(cell)).collect();
        let rows = rows.iter().map(&mut row).collect();
        let table = Table {
            label,
            caption: self.inlines(caption),
            columns: columns.to_vec(),
            rows,
        };
        self.blocks.push(Block::Table(table));
    }

    /// As text within `width` columns.
    pub fn text(&self, width: usize) -> String {
        text::finished(&render(self, &Text { width }))
    }

    /// As Markdown with formulas between dollars.
    pub fn markdown(&self) -> String {
        render(self, &Markdown)
    }

    /// As a whole LaTeX file.
    pub fn latex(&self) -> String {
        render(self, &Latex { document: self })
    }

    /// What it cites, in the order of [`REFERENCES`].
    pub fn references(&self) -> Vec<&'static Reference> {
        let cited = |r: &&Reference| self.cited.iter().any(|cited| std::ptr::eq(*cited, *r));
        REFERENCES.iter().filter(cited).collect()
    }

    /// Whether it has a table of this label so far.
    pub fn has_table(&self, label: &str) -> bool {
        self.tables.contains(&label)
    }

    /// The number of the table of a label, from 1.
    fn number(&self, label: &str) -> usize {
        self.tables
            .iter()
            .take_while(|other| **other != label)
            .count()
            + 1
    }

    /// The parts of a text with marks. What they cite is kept.
    fn inlines(&mut self, text: &str) -> Vec<Inline> {
        let parts = inlines(text);
        for part in &parts {
            if let Inline::Cite(references) = part {
                self.cited.extend(references);
            }
        }
        parts
    }
}

impl Reference {
    /// Who, without the year.
    fn names(&self) -> &'static str {
        self.label
            .rsplit_once(", ")
            .map_or(self.label, |(names, _)| names)
    }

    /// The title, with a full stop unless it is a question.
    fn sentence(&self) -> String {
        let stop = if self.title.ends_with('?') { "" } else { "." };
        format!("{}{stop}", self.title)
    }
}

#[cfg(test)]
mod tests;
