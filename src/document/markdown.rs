//! Markdown as GitHub shows it: formulas between dollars, tables with strokes.

use super::{Align, Block, Document, Inline, Table};
use crate::maths::Maths;

pub(super) fn write(document: &Document) -> String {
    let mut out = format!("# {}\n", line(document, &document.title));
    for block in &document.blocks {
        out.push('\n');
        match block {
            Block::Heading(text) => out += &format!("## {}\n", line(document, text)),
            Block::Subheading(text) => out += &format!("### {}\n", line(document, text)),
            Block::Paragraph(text) => out += &format!("{}\n", line(document, text)),
            Block::Display(maths) => out += &format!("$$\n{}\n$$\n", display(maths)),
            Block::List(items) => {
                for item in items {
                    out += &format!("- {}\n", line(document, item));
                }
            }
            Block::Table(found) => table(document, found, &mut out),
        }
    }
    let references = document.references();
    if !references.is_empty() {
        out += "\n## References\n\n";
    }
    for r in references {
        let stop = if r.title.ends_with('?') { "" } else { "." };
        out += &format!(
            "- {} ({}). {}{stop} *{}*.\n",
            r.authors, r.year, r.title, r.place
        );
    }
    out
}

fn line(document: &Document, parts: &[Inline]) -> String {
    let mut out = String::new();
    for part in parts {
        match part {
            Inline::Text(text) => out += &escape(text),
            Inline::Lead(text) => out += &format!("*{}*", escape(text)),
            Inline::Code(text) => out += &format!("`{text}`"),
            Inline::Maths(maths) => out += &format!("${}$", maths.latex()),
            Inline::Cite(references) => {
                let labels: Vec<&str> = references.iter().map(|r| r.label).collect();
                out += &format!("({})", labels.join("; "));
            }
            Inline::Table(label) => out += &format!("Table {}", document.number(label)),
        }
    }
    out
}

/// Words of which no sign has a meaning of its own.
fn escape(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if matches!(c, '\\' | '`' | '*' | '_' | '<' | '$' | '|' | '#') {
            out.push('\\');
        }
        out.push(if c == '\n' { ' ' } else { c });
    }
    out
}

/// `\cr` ends a line: of `\\` Markdown leaves one.
fn display(maths: &Maths) -> String {
    let lines = super::latex::lines(maths);
    match &lines[..] {
        [only] => only.replace('&', ""),
        _ => format!(
            "\\begin{{aligned}}\n{}\n\\end{{aligned}}",
            lines.join(" \\cr\n")
        ),
    }
}

fn table(document: &Document, table: &Table, out: &mut String) {
    let row = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let caption = line(document, &table.caption);
    *out += &format!("**Table {}.** {caption}\n\n", document.number(table.label));
    *out += &row(table
        .columns
        .iter()
        .map(|column| column.title.to_string())
        .collect());
    let marks = table.columns.iter().map(|column| match column.align {
        Align::Right => "---:".to_string(),
        _ => "---".to_string(),
    });
    *out += &row(marks.collect());
    for cells in &table.rows {
        *out += &row(cells.iter().map(|cell| line(document, cell)).collect());
    }
}
