//! Tables for the terminal.

/// A table: two blanks before each column, numbers to the right. Where it is wider than `width`, the
/// widest column is cut until it fits, an ellipsis at the end.
pub fn table(rows: &[Vec<String>], right: &[usize], width: usize) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let length = |text: &String| text.chars().count();
    let mut widths: Vec<usize> = (0..columns)
        .map(|c| {
            rows.iter()
                .filter_map(|row| row.get(c))
                .map(length)
                .max()
                .unwrap_or(0)
        })
        .collect();
    while widths.iter().map(|w| w + 2).sum::<usize>() > width {
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
            let cell = cut(cell, *width);
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

fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.into();
    }
    text.chars().take(width - 1).chain(['…']).collect()
}

/// The characters that a column can have in a table of `width`, at least `least`.
pub fn room(rows: &[Vec<String>], column: usize, least: usize, width: usize) -> usize {
    let length = |c: usize| rows.iter().map(move |row| row[c].chars().count());
    let widest = |c: usize| length(c).max().unwrap_or(0);
    let whole: usize = (0..rows[0].len()).map(|c| widest(c) + 2).sum();
    let lacking = whole.saturating_sub(width);
    widest(column).saturating_sub(lacking).max(least)
}

/// Cuts the ends of one column, down to `least` characters, until the table is within `width`. A mark ` *` at the
/// end of a cell stays.
pub fn shorten(rows: &mut [Vec<String>], column: usize, least: usize, width: usize) {
    let room = room(rows, column, least, width);
    for row in rows {
        let cell = &mut row[column];
        if cell.chars().count() > room {
            let mark = if cell.ends_with(" *") { " *" } else { "" };
            let kept = cell.chars().take(room - 1 - mark.len()).collect::<String>();
            *cell = format!("{kept}…{mark}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_fits_its_width() {
        let rows = vec![
            vec!["a".repeat(50), "b".repeat(20)],
            vec!["c".into(), "1".into()],
        ];
        assert!(
            table(&rows, &[1], 40)
                .lines()
                .all(|line| line.chars().count() <= 40)
        );
    }
}
