//! Messages about the cells and columns of a table that cannot be taken as they are.

use super::coding::Fault;
use super::error::MOST_SHOWN;
use super::look::{Kind, Look, is_missing};
use super::names::{for_shell, written};
use super::sheet::{Cell, Column, Sheet, is_digits};
use crate::diagnostic::Diagnostic;
use crate::words::count;
use std::path::Path;

/// Words by which a last row is known for a footer.
const FOOTERS: [&str; 5] = ["total", "sum", "mean", "average", "count"];

/// What to do about values that are missing in a time series from which windows are cut.
pub(super) const IN_WINDOWS: &str = "rows at the end of a series, whose values are not known yet, may be left out (`bnnc predict RUN --split future` predicts \
     what comes next); elsewhere fill the values in: a window counts rows, and is not to reach over a hole";

/// A column that is not taken as it is.
pub(super) struct Refused {
    pub(super) place: usize,
    pub(super) found: Look,
    pub(super) is_target: bool,
}

/// The message about all columns of a table that cannot be taken as they are: a line each, and one line of what to do.
/// `in_windows` where the rows are those of time series from which windows are cut.
pub(super) fn refuse(
    path: &Path,
    sheet: &Sheet,
    refused: &[Refused],
    marks: &[String],
    in_windows: bool,
) -> Diagnostic {
    let place = path.display();
    let title = match refused {
        [only] => {
            let name = &sheet.columns[only.place].name;
            format!("`{place}`: column `{name}` cannot be taken as it is")
        }
        all => format!(
            "`{place}`: {} columns cannot be taken as they are",
            all.len()
        ),
    };
    let mut message = Diagnostic::error("E0505", title);
    for one in refused.iter().take(MOST_SHOWN) {
        message = message.note(line(sheet, one, marks));
    }
    if refused.len() > MOST_SHOWN {
        message = message.note(format!(
            "{MOST_SHOWN} of {} such columns are shown",
            refused.len()
        ));
    }
    if let Some(help) = not_an_example(sheet, refused) {
        return message.help(help);
    }
    helps(sheet, refused, in_windows)
        .into_iter()
        .fold(message, Diagnostic::help)
}

/// What is wrong with a column.
fn line(sheet: &Sheet, one: &Refused, marks: &[String]) -> String {
    let column = &sheet.columns[one.place];
    let found = &one.found;
    let what = match (found.kind, one.is_target) {
        (Kind::Empty, _) => "empty".to_owned(),
        (Kind::Mixed, _) => {
            let cells: usize = found.strays.iter().map(|(_, n)| n).sum();
            let shown: Vec<String> = found
                .strays
                .iter()
                .take(3)
                .map(|stray| stray_in(sheet, column, stray))
                .collect();
            let more = if found.strays.len() > 3 { ", …" } else { "" };
            format!(
                "number, but for {} of text: {}{more}",
                count(cells, "cell", "cells"),
                shown.join(", ")
            )
        }
        (kind @ (Kind::Identifier | Kind::FreeText), _) => {
            let several = if found.distinct < column.len() {
                ""
            } else {
                "all different"
            };
            let example = column.iter().find(|cell| !is_missing(*cell, marks));
            let example =
                example.map_or(String::new(), |cell| format!(", as `{}`", shortened(cell)));
            let text = match several {
                "" => format!(
                    "{kind}, {} or more different values{example}",
                    found.distinct
                ),
                _ => format!("{kind}, {several}{example}"),
            };
            match sheet.columns[one.place]
                .iter()
                .find(|cell| matches!(cell, Cell::Text(t) if is_long_number(t)))
            {
                Some(_) => {
                    format!("{text}: whole numbers above 2^53, which float64 does not tell apart")
                }
                None => text,
            }
        }
        (kind, _) => match found.percent {
            [Some(with), Some(without)] => format!(
                "{kind}, with `%` in line {} and without in line {}",
                sheet.lines[with], sheet.lines[without]
            ),
            _ => kind.to_string(),
        },
    };
    let missing = found.first_missing.map_or(String::new(), |row| {
        let cell = match shortened(column.cell(row)) {
            cell if cell.is_empty() => "the first".to_owned(),
            cell => format!("`{cell}`"),
        };
        let (missing, all, line) = (found.missing, column.len(), sheet.lines[row]);
        format!(", {missing} of {all} values missing ({cell} in line {line})")
    });
    let role = if one.is_target { "the target, " } else { "" };
    format!("`{}`: {role}{what}{missing}", column.name)
}

fn is_long_number(text: &str) -> bool {
    text.len() > 15 && is_digits(text)
}

/// A text among numbers, and the first line that has it.
fn stray_in(sheet: &Sheet, column: &Column, (text, n): &(String, usize)) -> String {
    let row = column
        .iter()
        .position(|cell| cell == Cell::Text(text))
        .unwrap_or(0);
    let line = sheet.lines[row];
    let text = shortened(Cell::Text(text));
    match n {
        1 => format!("`{text}` in line {line}"),
        n => format!("`{text}` {n} times, first in line {line}"),
    }
}

/// At most 40 characters of a cell.
fn shortened(cell: Cell) -> String {
    super::coding::name(cell).chars().take(40).collect()
}

/// Of a table with rows that are no examples, what they are: the header again, or a footer.
fn not_an_example(sheet: &Sheet, refused: &[Refused]) -> Option<String> {
    let last = sheet.rows() - 1;
    let mut read = sheet.columns.iter().filter(|column| column.len() > last);
    let footer = read.find_map(|column| match column.cell(last) {
        Cell::Text(text)
            if FOOTERS
                .iter()
                .any(|word| text.to_lowercase().starts_with(word)) =>
        {
            Some(text)
        }
        _ => None,
    });
    let in_last_alone = |one: &Refused| {
        let cells: usize = one.found.strays.iter().map(|(_, n)| n).sum();
        let is_text = !matches!(sheet.columns[one.place].cell(last), Cell::Number(_));
        one.found.missing + cells == 1 && is_text
    };
    if let Some(text) = footer.filter(|_| refused.iter().any(in_last_alone)) {
        let line = sheet.lines[last];
        return Some(format!(
            "line {line}, `{}`, is a footer and no example: leave it out",
            shortened(Cell::Text(text))
        ));
    }
    let repeats = |one: &Refused| {
        let column = &sheet.columns[one.place];
        let name = Cell::Text(&column.name);
        column
            .iter()
            .position(|cell| cell == name && !column.name.is_empty())
    };
    let row = refused.iter().find_map(repeats)?;
    Some(format!(
        "line {} is the header again: leave it out, or keep the two tables in files of their own",
        sheet.lines[row]
    ))
}

/// What to do about the columns, as flags to paste.
fn helps(sheet: &Sheet, refused: &[Refused], in_windows: bool) -> Vec<String> {
    let name = |one: &Refused| written(&sheet.columns[one.place].name);
    let is_useless = |one: &&Refused| {
        !one.is_target
            && matches!(
                one.found.kind,
                Kind::Identifier | Kind::FreeText | Kind::Empty
            )
    };
    let drop: Vec<String> = refused.iter().filter(is_useless).map(name).collect();
    let is_filled = |one: &&Refused| !one.is_target && !is_useless(one) && one.found.missing > 0;
    let missing: Vec<String> = refused
        .iter()
        .filter(is_filled)
        .map(|one| match one.found.kind {
            Kind::Category | Kind::Boolean => format!("{}=category", name(one)),
            _ => format!("{}=mean", name(one)),
        })
        .collect();
    let flags = [("drop", &drop), ("missing", &missing)];
    let flags: Vec<(&str, String)> = flags
        .into_iter()
        .filter(|(_, names)| !names.is_empty())
        .map(|(flag, names)| (flag, names.join(",")))
        .collect();
    let mut helps = vec![];
    if !flags.is_empty() {
        let typed: Vec<String> = flags
            .iter()
            .map(|(flag, list)| format!("--{flag} {}", for_shell(list)))
            .collect();
        let in_file: Vec<String> = flags
            .iter()
            .map(|(key, list)| format!("`{key} = {list:?}`"))
            .collect();
        helps.push(format!(
            "`{}`, or {} under [data] of the run file or in the data's .toml",
            typed.join(" "),
            in_file.join(" and ")
        ));
    }
    let strays = refused.iter().filter(|one| one.found.kind == Kind::Mixed);
    let stray: Option<&(String, usize)> = strays.flat_map(|one| one.found.strays.first()).next();
    if let Some((text, _)) = stray {
        let flag = for_shell(&written(text));
        helps.push(format!(
            "put numbers in these cells or leave their rows out; `--missing-values {flag}` takes `{}` for a missing value",
            shortened(Cell::Text(text))
        ));
    }
    if refused.iter().any(|one| one.found.is_half_percent()) {
        helps.push("write all numbers of a column with `%`, or none".into());
    }
    let targets = refused
        .iter()
        .any(|one| one.is_target && one.found.missing > 0);
    if targets {
        helps.push(match in_windows {
            true => IN_WINDOWS.into(),
            false => "leave out the rows whose target is missing: they say nothing".into(),
        });
    }
    let text_targets = refused
        .iter()
        .any(|one| one.is_target && !matches!(one.found.kind, Kind::Number | Kind::Mixed));
    if text_targets {
        helps.push("`--target NAME` names the target column: a number, or a class".into());
    }
    helps
}

/// A cell that has no number; `needless` is what to do instead where its column need not be there, or is read wrongly.
pub(super) fn no_number(
    path: &Path,
    sheet: &Sheet,
    (row, place): (usize, usize),
    fault: Fault,
    needless: Option<&str>,
) -> Diagnostic {
    let column = &sheet.columns[place];
    let cell = shortened(column.cell(row));
    let (found, help) = match fault {
        Fault::Missing => (
            match cell.is_empty() {
                true => "a missing value".to_owned(),
                false => format!("a missing value, `{cell}`"),
            },
            needless.unwrap_or("leave out the rows with missing values, or fill them in: the run keeps nothing that stands for them"),
        ),
        Fault::Other => (format!("the text `{cell}`"), needless.unwrap_or("put there what the column's other cells are, or leave the row out")),
        Fault::Unlisted => (
            format!("`{cell}`, which is not in the list of the column's values"),
            "leave the row out, or train with a list that has it",
        ),
        Fault::Unseen => (format!("`{cell}`, which training never saw"), "leave the row out, or train with rows that have it"),
    };
    let title = format!(
        "{}:{}: column `{}` holds no number",
        path.display(),
        sheet.lines[row],
        column.name
    );
    Diagnostic::error("E0505", title)
        .note(format!("expected a number, found {found}"))
        .help(help)
}

/// A column of numbers `found` a percent sign, where the run's was `expected` one: `with` or `without`.
pub(super) fn otherwise_than_the_run(
    path: &Path,
    line: u32,
    column: &str,
    [found, expected]: [&str; 2],
) -> Diagnostic {
    let title = format!(
        "{}:{line}: column `{column}` is written otherwise than the run's was",
        path.display()
    );
    Diagnostic::error("E0505", title)
        .note(format!(
            "expected a number {expected} `%`, found one {found}"
        ))
        .help("write the numbers as in the table that the run was trained on: 12.5% is 0.125")
}
