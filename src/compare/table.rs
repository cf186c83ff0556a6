//! Columns as tables: for a terminal as many below each other as its width asks for, or one in Markdown.

use crate::report::table::table;

/// A column.
#[derive(Debug, Clone)]
pub struct Column {
    /// Its heading.
    pub title: String,
    /// Whether its cells are numbers, which stand to the right.
    pub right: bool,
    /// A cell for each run.
    pub cells: Vec<String>,
}

impl Column {
    /// Of numbers.
    pub fn numbers(title: impl Into<String>, cells: Vec<String>) -> Column {
        Column {
            title: title.into(),
            right: true,
            cells,
        }
    }

    /// Of text.
    pub fn words(title: impl Into<String>, cells: Vec<String>) -> Column {
        Column {
            title: title.into(),
            right: false,
            cells,
        }
    }

    fn width(&self) -> usize {
        let cells = self.cells.iter().chain([&self.title]);
        2 + cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    }
}

/// The widest lead beside columns that have not got enough room.
const LEAD: usize = 30;

/// Tables of these columns within `width`, each behind the lead, which says which run a row is of.
pub fn aligned(lead: &Column, columns: &[Column], width: usize) -> String {
    let mut out = String::new();
    let mut rest = columns;
    while let Some(first) = rest.first() {
        let least = lead.width().min(LEAD);
        let mut used = least + first.width();
        let mut count = 1;
        for column in &rest[1..] {
            used += column.width();
            if used > width {
                break;
            }
            count += 1;
        }
        if !out.is_empty() {
            out.push('\n');
        }
        out += &one(lead, &rest[..count], width);
        rest = &rest[count..];
    }
    out
}

fn one(lead: &Column, columns: &[Column], width: usize) -> String {
    let others: usize = columns.iter().map(Column::width).sum();
    let room = width.saturating_sub(others + 2).max(LEAD - 2);
    let mut lead = lead.clone();
    lead.cells = lead.cells.iter().map(|cell| cut(cell, room)).collect();
    let all: Vec<&Column> = [&lead].into_iter().chain(columns).collect();
    let titles = all.iter().map(|column| column.title.clone()).collect();
    let row = |row: usize| all.iter().map(|column| column.cells[row].clone()).collect();
    let rows: Vec<Vec<String>> = [titles]
        .into_iter()
        .chain((0..lead.cells.len()).map(row))
        .collect();
    let right = all.iter().enumerate().filter(|(_, column)| column.right);
    table(
        &rows,
        &right.map(|(place, _)| place).collect::<Vec<_>>(),
        width,
    )
}

/// The end of a long name, which tells paths apart better than the beginning.
fn cut(text: &str, room: usize) -> String {
    let length = text.chars().count();
    if length <= room {
        return text.into();
    }
    // Numbers stand to the right, behind blanks.
    let blanks = text.len() - text.trim_start().len();
    let number = text[blanks..].find(' ').map_or(0, |end| blanks + end);
    let (number, name) = (&text[..number], text[number..].trim_start());
    let kept = room.saturating_sub(number.chars().count() + 2).max(1);
    let skipped = name.chars().count().saturating_sub(kept);
    format!(
        "{number} …{}",
        name.chars().skip(skipped).collect::<String>()
    )
}

/// One table in Markdown.
pub fn markdown(columns: &[Column]) -> String {
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let escaped = |text: &String| text.replace('|', "\\|").replace('\n', " ");
    let mut out = line(columns.iter().map(|c| escaped(&c.title)).collect());
    let rule = |column: &Column| if column.right { "---:" } else { "---" }.to_owned();
    out += &line(columns.iter().map(rule).collect());
    for row in 0..columns.first().map_or(0, |column| column.cells.len()) {
        out += &line(columns.iter().map(|c| escaped(&c.cells[row])).collect());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_that_do_not_fit_stand_in_a_table_of_their_own() {
        let lead = Column::words(
            "run",
            vec![
                " 1 a".into(),
                " 2 a/long/path/".to_owned() + &"x".repeat(60),
            ],
        );
        let columns: Vec<Column> = (0..12)
            .map(|n| Column::numbers(format!("score{n}"), vec!["1.0000".into(), "2".into()]))
            .collect();
        let text = aligned(&lead, &columns, 80);
        assert!(
            text.lines().all(|line| line.chars().count() <= 80),
            "{text}"
        );
        for n in 0..12 {
            assert_eq!(
                text.matches(&format!("score{n} ")).count()
                    + text.matches(&format!("score{n}\n")).count(),
                1,
                "{text}"
            );
        }
        let tables = text.split("\n\n").count();
        assert_eq!(text.matches("2 …").count(), tables, "{text}");
    }

    #[test]
    fn cells_of_markdown_are_cells() {
        let columns = [
            Column::words("a|b", vec!["x|y".into()]),
            Column::numbers("n", vec!["1".into()]),
        ];
        assert_eq!(
            markdown(&columns),
            "| a\\|b | n |\n| --- | ---: |\n| x\\|y | 1 |\n"
        );
    }
}
