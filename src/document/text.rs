//! For a terminal.

use super::{Align, Block, Document, Inline, Table};
use crate::maths::Maths;

/// A blank at which no line is broken.
const FIXED: char = '\u{a0}';
/// Formulas up to this length are kept on one line.
const SHORT: usize = 30;
/// The least width of a column whose cells are broken.
const NARROWEST: usize = 10;

pub(super) fn write(document: &Document, width: usize) -> String {
    let title = line(document, &document.title);
    let mut out = format!(
        "{title}\n{}\n",
        "═".repeat(title.chars().count().min(width))
    );
    for block in &document.blocks {
        out.push('\n');
        match block {
            Block::Heading(text) => {
                let text = line(document, text);
                out += &format!("{text}\n{}\n", "─".repeat(text.chars().count().min(width)));
            }
            Block::Subheading(text) => out += &format!("{}\n", line(document, text)),
            Block::Paragraph(text) => paragraph("", &line(document, text), width, &mut out),
            Block::Display(maths) => display(maths, width, &mut out),
            Block::List(items) => {
                for item in items {
                    paragraph("- ", &line(document, item), width, &mut out);
                }
            }
            Block::Table(found) => table(document, found, width, &mut out),
        }
    }
    let references = document.references();
    if !references.is_empty() {
        out += "\nReferences\n──────────\n\n";
    }
    for r in references {
        let text = format!("{} ({}). {}. {}.", r.authors, r.year, r.title, r.place);
        let text = text.replace("?.", "?");
        paragraph("- ", &text, width, &mut out);
    }
    out.replace(FIXED, " ")
}

/// Inline parts as one line.
fn line(document: &Document, parts: &[Inline]) -> String {
    let mut out = String::new();
    for part in parts {
        match part {
            Inline::Text(text) | Inline::Lead(text) | Inline::Code(text) => out += text,
            Inline::Maths(maths) => {
                let text = maths.plain();
                out += &match text.chars().count() <= SHORT {
                    true => text.replace(' ', &FIXED.to_string()),
                    false => text,
                };
            }
            Inline::Cite(references) => {
                let labels: Vec<&str> = references.iter().map(|r| r.label).collect();
                out += &format!("({})", labels.join("; "));
            }
            Inline::Table(label) => out += &format!("Table{FIXED}{}", document.number(label)),
        }
    }
    out
}

/// Words within `width` columns, further lines under the first.
fn paragraph(head: &str, text: &str, width: usize, out: &mut String) {
    let indent = head.chars().count();
    for (index, line) in wrap(text, width.saturating_sub(indent)).iter().enumerate() {
        let head = if index == 0 { head } else { "" };
        *out += format!("{head:indent$}{line}").trim_end();
        out.push('\n');
    }
}

fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut length = 0;
    for word in text.split([' ', '\n']).filter(|word| !word.is_empty()) {
        let word_length = word.chars().count();
        let last = lines.last_mut().expect("there is a first line");
        if length == 0 || length + 1 + word_length <= width {
            if length > 0 {
                last.push(' ');
                length += 1;
            }
            last.push_str(word);
            length += word_length;
        } else {
            lines.push(word.into());
            length = word_length;
        }
    }
    lines
}

/// A formula, broken at its commas, relations and sums where it is too long.
fn display(maths: &Maths, width: usize, out: &mut String) {
    let mut lines = vec![String::from("    ")];
    for clause in maths.clauses() {
        let whole: usize = clause
            .iter()
            .map(|piece| piece.plain().chars().count() + 1)
            .sum();
        for (index, piece) in clause.iter().enumerate() {
            let piece = piece.plain();
            let last = lines.last_mut().expect("there is a first line");
            let needed = if index == 0 {
                whole
            } else {
                piece.chars().count() + 1
            };
            if last.trim().is_empty() {
                *last += &piece;
            } else if last.chars().count() + needed <= width {
                *last += &format!(" {piece}");
            } else if index == 0 {
                lines.push(format!("    {piece}"));
            } else {
                lines.push(format!("        {piece}"));
            }
        }
    }
    for line in lines {
        *out += &line;
        out.push('\n');
    }
}

fn table(document: &Document, table: &Table, width: usize, out: &mut String) {
    let caption = format!(
        "Table{FIXED}{}: {}",
        document.number(table.label),
        line(document, &table.caption)
    );
    paragraph("", &caption, width, out);
    out.push('\n');
    let titles = table
        .columns
        .iter()
        .map(|column| column.title.to_string())
        .collect();
    let mut rows: Vec<Vec<String>> = vec![titles];
    let cells = |row: &Vec<Vec<Inline>>| row.iter().map(|cell| line(document, cell)).collect();
    rows.extend(table.rows.iter().map(cells));
    let widths = widths(table, &rows, width);
    let rule = format!(
        "  {}\n",
        "─".repeat(
            widths
                .iter()
                .map(|w| w + 2)
                .sum::<usize>()
                .saturating_sub(2)
        )
    );
    for (index, row) in rows.iter().enumerate() {
        let cells: Vec<Vec<String>> = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| wrap(cell, *width))
            .collect();
        let height = cells.iter().map(Vec::len).max().unwrap_or(0);
        for at in 0..height {
            let mut text = String::new();
            for ((cell, &width), column) in cells.iter().zip(&widths).zip(&table.columns) {
                let part = cell.get(at).map_or("", String::as_str);
                text += &match column.align {
                    Align::Right => format!("  {part:>width$}"),
                    _ => format!("  {part:<width$}"),
                };
            }
            *out += text.trim_end();
            out.push('\n');
        }
        if index == 0 {
            *out += &rule;
        }
    }
}

/// The columns' widths: what their cells take, those whose cells may be broken made narrower until all fit.
fn widths(table: &Table, rows: &[Vec<String>], width: usize) -> Vec<usize> {
    let natural = |c: usize| {
        let cells = rows.iter().filter_map(|row| row.get(c));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let mut widths: Vec<usize> = (0..table.columns.len()).map(natural).collect();
    while widths.iter().map(|w| w + 2).sum::<usize>() > width {
        let broken = widths.iter_mut().zip(&table.columns);
        let broken = broken.filter(|(_, column)| column.align == Align::Wrap);
        match broken.map(|(width, _)| width).max() {
            Some(widest) if *widest > NARROWEST => *widest -= 1,
            _ => break,
        }
    }
    widths
}
