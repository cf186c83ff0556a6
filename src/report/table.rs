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

/// `163,840`
pub fn thousands(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Four significant digits: `23.00`, `0.2430`, `1.381e6`.
pub fn short(value: f64) -> String {
    let magnitude = value.abs();
    if value == 0.0 {
        return "0".into();
    }
    if !(1e-4..1e6).contains(&magnitude) {
        return format!("{value:.3e}");
    }
    let digits = (3 - magnitude.log10().floor() as i32).clamp(0, 7) as usize;
    format!("{value:.digits$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_four_digits() {
        assert_eq!(short(22.9998), "23.00");
        assert_eq!(short(0.24298), "0.2430");
        assert_eq!(short(1_379_988.0), "1.380e6");
        assert_eq!(thousands(163_840), "163,840");
        assert_eq!(thousands(64), "64");
    }

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
