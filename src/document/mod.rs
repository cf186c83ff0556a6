//! A document with maths, built once and written as text, Markdown or LaTeX.
//!
//! Its prose is written as text with five marks: `$formula$` in the notation of [`crate::maths`], on a
//! line of its own between `$$`; `` `code` ``; `*lead*`, words that head a paragraph; `[@kingma2014; @graves2011]` cites entries of
//! [`crate::bibliography`]; `[#loss]` names a table. A backslash takes the meaning from the mark after it.

mod inline;
mod latex;
mod markdown;
mod render;
mod text;

pub use inline::{Inline, code, inlines, literal};

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
        Document {
            title: inlines(title),
            blocks: Vec::new(),
        }
    }

    /// Begins a section.
    pub fn heading(&mut self, text: &str) {
        self.blocks.push(Block::Heading(1, inlines(text)));
    }

    /// Begins a subsection.
    pub fn subheading(&mut self, text: &str) {
        self.blocks.push(Block::Heading(2, inlines(text)));
    }

    /// Adds prose: paragraphs with a blank line between them, formulas between `$$`.
    pub fn prose(&mut self, text: &str) {
        for paragraph in text.split("\n\n") {
            for (index, part) in paragraph.split("$$").enumerate() {
                let part = part.trim();
                match index % 2 {
                    _ if part.is_empty() => {}
                    0 => self.blocks.push(Block::Paragraph(inlines(part))),
                    _ => self.blocks.push(Block::Display(Maths::parse(part))),
                }
            }
        }
    }

    /// Adds a list.
    pub fn list(&mut self, items: &[String]) {
        let items = items.iter().map(|item| inlines(item)).collect();
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
        let row = |row: &Vec<String>| row.iter().map(|cell| inlines(cell)).collect();
        self.blocks.push(Block::Table(Table {
            label,
            caption: inlines(caption),
            columns: columns.to_vec(),
            rows: rows.iter().map(row).collect(),
        }));
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
        let mut cited = Vec::new();
        for inline in self.inlines() {
            if let Inline::Cite(references) = inline {
                cited.extend(references.iter().copied());
            }
        }
        REFERENCES
            .iter()
            .filter(|reference| cited.iter().any(|c| std::ptr::eq(*c, *reference)))
            .collect()
    }

    /// Whether it has a table of this label so far.
    pub fn has_table(&self, label: &str) -> bool {
        let mut blocks = self.blocks.iter();
        blocks.any(|block| matches!(block, Block::Table(table) if table.label == label))
    }

    /// The number of the table of a label, from 1.
    fn number(&self, label: &str) -> usize {
        let tables = self.blocks.iter().filter_map(|block| match block {
            Block::Table(table) => Some(table.label),
            _ => None,
        });
        tables.take_while(|other| *other != label).count() + 1
    }

    fn inlines(&self) -> impl Iterator<Item = &Inline> {
        self.title
            .iter()
            .chain(self.blocks.iter().flat_map(Block::inlines))
    }
}

impl Block {
    fn inlines(&self) -> Vec<&Inline> {
        match self {
            Block::Heading(_, text) | Block::Paragraph(text) => text.iter().collect(),
            Block::Display(_) => vec![],
            Block::List(items) => items.iter().flatten().collect(),
            Block::Table(table) => {
                let cells = table.rows.iter().flatten().flatten();
                table.caption.iter().chain(cells).collect()
            }
        }
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
