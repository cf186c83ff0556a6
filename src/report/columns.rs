//! What became of a table's columns, where something had to be decided: all but plain numbers.

use super::table::table as aligned;
use crate::data::{Code, Columns, Steps, shortened};
use crate::words::{plural, short};

/// The most columns that are listed.
const SHOWN: usize = 12;

/// A column's name, what it holds, and what it becomes.
pub type Row = [String; 3];

/// The columns that are not simply inputs of plain numbers.
pub fn decided(columns: &Columns) -> Vec<Row> {
    let row = |name: &str, kind: &str, becomes: String| [name.to_owned(), kind.into(), becomes];
    let coding = &columns.coding;
    let mut rows = vec![];
    if !coding.classes.is_empty() {
        let classes = coding.classes.iter().enumerate();
        let classes: Vec<String> = classes
            .map(|(label, name)| format!("{name} = {label}"))
            .collect();
        let target = columns.targets.first().map_or("target", String::as_str);
        rows.push(row(target, "classes", shortened(&classes)));
    }
    let steps = columns.inputs.iter();
    let steps = steps.filter(|name| matches!(coding.inputs.get(*name), Some(Code::Step)));
    let steps: Vec<String> = steps.cloned().collect();
    if !steps.is_empty() {
        let becomes = "a sequence; empty cells at its end are padding".into();
        rows.push(row(&shortened(&steps), "steps", becomes));
    }
    for name in columns.inputs.iter().filter(|name| !steps.contains(name)) {
        if let Some(code) = coding.inputs.get(name) {
            rows.push(row(name, code.kind(), code.words()));
        } else if let Some(value) = coding.fills.get(name) {
            let text = format!("itself; none missing, elsewhere {} for it", short(*value));
            rows.push(row(name, "number", text));
        }
    }
    if let Some(name) = &columns.weights {
        let becomes = "how many times its row occurs".into();
        rows.push(row(name, "count", becomes));
    }
    for name in &columns.identifiers {
        rows.push(row(
            name,
            "identifier",
            "no input; `predict` copies it".into(),
        ));
    }
    rows
}

/// Lines that say which columns of a table are taken and, of rows that are steps, what an example is made of.
pub fn lines(columns: &Columns) -> Vec<String> {
    let steps = columns.steps.iter().map(Steps::sentence);
    std::iter::once(columns.to_string()).chain(steps).collect()
}

/// Where a further target is read from, in lines: its columns with what became of them, or its array.
pub fn of_other_target(
    columns: Option<&Columns>,
    taken: &[String],
    indent: &str,
    width: usize,
) -> String {
    let Some(columns) = columns else {
        let lines = taken.iter().take(1);
        return lines
            .map(|line| crate::words::wrapped(indent, line, width))
            .collect();
    };
    let own = |row: &Row| columns.targets.contains(&row[0]);
    let rows: Vec<Row> = decided(columns).into_iter().filter(own).collect();
    let line = format!("target {}", shortened(&columns.targets));
    crate::words::wrapped(indent, &line, width) + &table(&rows, indent, width)
}

/// These rows as a table, within `width` columns and a screen; empty where there are none.
pub fn table(rows: &[Row], indent: &str, width: usize) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let heading = ["column", "kind", "becomes"].map(String::from);
    let shown = rows.iter().take(SHOWN).map(|row| row.to_vec());
    let cells: Vec<Vec<String>> = std::iter::once(heading.to_vec()).chain(shown).collect();
    let text = aligned(&cells, &[], width.saturating_sub(indent.len()));
    let mut out: String = text
        .lines()
        .map(|line| format!("{indent}{line}\n"))
        .collect();
    if rows.len() > SHOWN {
        let more = plural(rows.len() - SHOWN, "more column");
        out += &format!("{indent}  … {more}: `bnnc data look` lists all\n");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_columns_end_in_a_count_and_long_texts_are_cut() {
        let row = |i: usize| [format!("c{i}"), "category".into(), "x".repeat(100)];
        let rows: Vec<Row> = (0..SHOWN + 3).map(row).collect();
        let text = table(&rows, "  ", 60);
        assert_eq!(text.lines().count(), SHOWN + 2);
        assert!(
            text.lines().all(|line| line.chars().count() <= 60),
            "{text}"
        );
        assert!(text.ends_with("… 3 more columns: `bnnc data look` lists all\n"));
        assert_eq!(table(&[], "  ", 60), "");
    }
}
