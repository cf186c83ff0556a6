//! Tables whose cells may be broken into lines.

use super::Align;
use crate::words::wrap;

/// The least width of a column whose cells are broken.
const NARROWEST: usize = 10;

/// Rows under each other, within `width` columns where that is possible; a rule below the first if it is a heading.
pub(super) fn grid(rows: &[Vec<String>], columns: &[Align], width: usize, heading: bool) -> String {
    let mut out = String::new();
    let widths = widths(rows, columns, width);
    for (index, row) in rows.iter().enumerate() {
        let cells = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| wrap(cell, *width));
        let cells: Vec<Vec<String>> = cells.collect();
        for at in 0..cells.iter().map(Vec::len).max().unwrap_or(0) {
            let mut text = String::new();
            for ((cell, &width), align) in cells.iter().zip(&widths).zip(columns) {
                let part = cell.get(at).map_or("", String::as_str);
                text += &match align {
                    Align::Right => format!("  {part:>width$}"),
                    _ => format!("  {part:<width$}"),
                };
            }
            out += &format!("{}\n", text.trim_end());
        }
        if heading && index == 0 {
            out += &format!("  {}\n", "─".repeat(whole(&widths).saturating_sub(2)));
        }
    }
    out
}

/// Whether the table is within `width` columns without a word that sticks out of its column.
pub(super) fn fits(rows: &[Vec<String>], columns: &[Align], width: usize) -> bool {
    let widths = widths(rows, columns, width);
    let sticks_out = |(cell, width): (&String, &usize)| {
        wrap(cell, *width)
            .iter()
            .any(|line| line.chars().count() > *width)
    };
    whole(&widths) <= width
        && !rows
            .iter()
            .any(|row| row.iter().zip(&widths).any(sticks_out))
}

fn whole(widths: &[usize]) -> usize {
    widths.iter().map(|width| width + 2).sum()
}

/// The columns' widths: as wide as their longest cells, then columns that may be broken made narrower
/// until the table fits.
fn widths(rows: &[Vec<String>], columns: &[Align], width: usize) -> Vec<usize> {
    let longest = |c: usize| {
        let lengths = rows.iter().map(|row| row[c].chars().count());
        lengths.max().unwrap_or(0)
    };
    let mut widths: Vec<usize> = (0..columns.len()).map(longest).collect();
    while whole(&widths) > width {
        let broken = widths.iter_mut().zip(columns);
        let broken = broken.filter(|(_, align)| **align == Align::Wrap);
        match broken.map(|(width, _)| width).max() {
            Some(widest) if *widest > NARROWEST => *widest -= 1,
            _ => break,
        }
    }
    widths
}
