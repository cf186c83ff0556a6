//! The order of the rows of a sequence or time series.

use super::Layout;
use crate::data::look::Kind;
use crate::data::sheet::{Cell, Column, Sheet};
use crate::data::{coding, dates, look};
use crate::diagnostic::{Diagnostic, Result};
use std::path::Path;

/// What is wrong with a row.
pub(super) fn at(path: &Path, sheet: &Sheet, row: usize, what: &str) -> Diagnostic {
    let title = format!("{}:{}: the row {what}", path.display(), sheet.lines[row]);
    Diagnostic::error("E0515", title)
}

impl Layout {
    /// Puts the rows of each series in the order of `time`.
    pub(super) fn sort(&mut self, path: &Path, sheet: &Sheet, time: &Column) -> Result<()> {
        let is_dates = look::look(time, &[]).kind == Kind::Date;
        let moment = |row: usize| match time.cell(row) {
            Cell::Number(value) if !is_dates => Ok(value),
            Cell::Text(text) if is_dates && dates::days(text).is_some() => {
                Ok(dates::days(text).unwrap_or_default())
            }
            cell => {
                let expected = match is_dates {
                    true => "a date",
                    false => "a number or a date",
                };
                let found = coding::name(cell);
                let what = format!("has no time in `{}`", time.name);
                Err(at(path, sheet, row, &what)
                    .note(format!("expected {expected}, found `{found}`"))
                    .note(format!("dates are {}", dates::FORMS)))
            }
        };
        let moments: std::result::Result<Vec<f64>, _> = (0..sheet.rows()).map(moment).collect();
        let moments = moments?;
        let mut uneven = None;
        for series in 0..self.series.len() {
            self.series[series].sort_by(|a, b| moments[*a].total_cmp(&moments[*b]));
            let rows = &self.series[series];
            let gaps = || {
                rows.windows(2)
                    .map(|pair| moments[pair[1]] - moments[pair[0]])
            };
            if let Some(place) = gaps().position(|gap| gap == 0.0) {
                let (one, other) = (rows[place], rows[place + 1]);
                return Err(at(
                    path,
                    sheet,
                    other,
                    &format!("has the time of line {}", sheet.lines[one]),
                )
                .note(format!(
                    "both rows of {} have `{}` in `{}`",
                    self.name_of(series),
                    coding::name(time.cell(other)),
                    time.name
                ))
                .help(match self.steps.sequence {
                    None => "`sequence` names the column that tells several series apart",
                    Some(_) => "leave one of the rows out, or write the times at which they were: each step has its own",
                })
                .into());
            }
            let [least, most] = gaps().fold([f64::INFINITY, 0.0], |[low, high], gap| {
                [low.min(gap), high.max(gap)]
            });
            // A date is rounded to some microseconds; months have 28 to 31 days.
            if most > 1.2 * least {
                uneven.get_or_insert((series, [least, most]));
            }
        }
        if let (Some((series, [least, most])), Some(_)) = (uneven, self.steps.window) {
            let (unit, times) = match least {
                _ if !is_dates => ("", 1.0),
                days if days > 0.99 => (" days", 1.0),
                days if days > 0.99 / 24.0 => (" hours", 24.0),
                days if days > 0.99 / 1440.0 => (" minutes", 1440.0),
                _ => (" seconds", 86_400.0),
            };
            let told = |gap: f64| match is_dates {
                true => ((gap * times * 1000.0).round() / 1000.0).to_string(),
                false => crate::words::short(gap),
            };
            self.remarks.push(format!(
                "a window counts rows, and the rows of {} are from {} to {}{unit} apart in `{}`",
                self.name_of(series),
                told(least),
                told(most),
                time.name
            ));
        }
        Ok(())
    }
}
