//! Tables for the terminal.

/// A table: two blanks before each column, numbers to the right. Where it is wider than `width`, the
/// widest column is cut until it fits: a name in its middle, since names differ at their ends; a text at its end.
pub fn table(rows: &[Vec<String>], right: &[usize], width: usize) -> String {
    let mut widths = widths(rows);
    while whole(&widths) > width {
        let widest = widths.iter_mut().max().expect("a column");
        if *widest <= 8 {
            break;
        }
        *widest -= 1;
    }
    let mut out = String::new();
    for row in rows {
        let mut line = String::new();
        for (c, (cell, width)) in row.iter().zip(&widths).enumerate() {
            let cell = match right.contains(&c) || cell.contains(' ') {
                true => cut(cell, *width),
                false => cut_middle(cell, *width),
            };
            match right.contains(&c) {
                true => line += &format!("  {cell:>width$}"),
                false => line += &format!("  {cell:<width$}"),
            }
        }
        out += line.trim_end();
        out.push('\n');
    }
    out
}

/// The longest cell of each column.
fn widths(rows: &[Vec<String>]) -> Vec<usize> {
    let mut widths = vec![0; rows.iter().map(Vec::len).max().unwrap_or(0)];
    for row in rows {
        let lengths = row.iter().map(|cell| cell.chars().count());
        widths
            .iter_mut()
            .zip(lengths)
            .for_each(|(width, length)| *width = length.max(*width));
    }
    widths
}

/// The characters of a line.
fn whole(widths: &[usize]) -> usize {
    widths.iter().map(|width| width + 2).sum()
}

/// The beginning of a text that is longer than `width`, and an ellipsis.
fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.into();
    }
    text.chars().take(width - 1).chain(['…']).collect()
}

/// The beginning and the end of a name that is longer than `width`, and an ellipsis between them.
fn cut_middle(name: &str, width: usize) -> String {
    let length = name.chars().count();
    if length <= width {
        return name.into();
    }
    let begin = (width - 1) / 2;
    let end = name.chars().skip(length - (width - 1 - begin));
    name.chars().take(begin).chain(['…']).chain(end).collect()
}

/// The characters that a column can have in a table of `width`, at least `least`.
pub fn room(rows: &[Vec<String>], column: usize, least: usize, width: usize) -> usize {
    let widths = widths(rows);
    let lacking = whole(&widths).saturating_sub(width);
    widths[column].saturating_sub(lacking).max(least)
}

/// Cuts the ends of one column, down to `least` characters, until the table is within `width`. A mark ` *` at the
/// end of a cell stays.
pub fn shorten(rows: &mut [Vec<String>], column: usize, least: usize, width: usize) {
    let room = room(rows, column, least, width);
    for row in rows {
        let cell = &mut row[column];
        if cell.chars().count() > room {
            let mark = if cell.ends_with(" *") { " *" } else { "" };
            *cell = cut(cell, room - mark.len()) + mark;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_differ_at_their_ends_are_told_apart() {
        let name = |what| {
            vec![
                format!("neg_log_prior(dense_1.{what})"),
                "a text that is longer".into(),
            ]
        };
        let text = table(&[name("kernel"), name("bias")], &[], 40);
        assert_eq!(
            text,
            "  neg_log_…1.kernel)  a text that is lo…\n  neg_log_…e_1.bias)  a text that is lo…\n"
        );
    }

    #[test]
    fn a_table_fits_its_width() {
        let rows = [["a".repeat(50), "b".repeat(20)], ["c".into(), "1".into()]];
        let text = table(&rows.map(Vec::from), &[1], 40);
        assert!(text.lines().all(|line| line.chars().count() <= 40));
    }
}
