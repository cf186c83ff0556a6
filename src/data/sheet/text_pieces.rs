//! A text table that is read some rows at a time: how it is read is found first, as [`csv::parse`] finds it.
//!
//! Of a file the first reading goes over all of it, as any cell may say which mark the decimals have. What comes on
//! standard input can be read once: there, the rows that have come by then decide.

use super::csv::{Filled, Layout, Rows, UNITS, fill, header, said};
use super::decimals::{Evidence, decide, said_of_numbers};
use super::dialect::Dialect;
use super::header::is_units;
use super::notation::{Decimal, Met, number};
use super::text::Text;
use super::{Column, Pieces, Role, Sheet};
use crate::data::error::{Faults, corrupt};
use crate::diagnostic::Result;
use std::path::{Path, PathBuf};

/// As many bytes of a file are looked at to find rows in.
const ROOM: usize = 1 << 22;

/// A table that is read some rows at a time.
pub(super) struct TextPieces {
    path: PathBuf,
    text: Text,
    layout: Layout,
    /// Rows that are not as long as the header.
    faults: Faults,
    met: Met,
    comments: usize,
    /// Whether the first row is of units, and it has not been read.
    drops_first: bool,
    drops_next: bool,
}

/// How a table is read, and how many rows it has.
#[derive(Clone)]
pub(super) struct Found {
    layout: Layout,
    drops_first: bool,
    pub(super) rows: u64,
}

impl Found {
    pub(super) fn header(&self) -> &[String] {
        &self.layout.header
    }

    pub(super) fn roles(&mut self) -> &mut [Role] {
        &mut self.layout.roles
    }
}

/// Finds how the table in the file at `path` is read; `None` where it has to be read whole: it is not UTF-8, or has no
/// rows.
///
/// # Errors
///
/// A file that cannot be read; a mark of decimals that the table does not tell.
pub(super) fn find(path: &Path, roles: &dyn Fn(&[String]) -> Vec<Role>) -> Result<Option<Found>> {
    let mut text = Text::of_file(path)?;
    let Ok(Some((dialect, header, _))) = begin(path, &mut text) else {
        return Ok(None);
    };
    let roles = roles(&header);
    let mut look = Looked::new(header.len());
    loop {
        let end = records(text.read(), dialect.separator, usize::MAX, text.ended).0;
        look.at(path, &text, end, &dialect)?;
        text.take(end);
        match text.more() {
            Ok(_) if text.ended && text.read().is_empty() => break,
            Ok(_) => {}
            // The reader of whole tables says what is wrong, or knows the encoding.
            Err(_) => return Ok(None),
        }
    }
    if look.rows == 0 {
        return Ok(None);
    }
    look.found(path, dialect, header, roles).map(Some)
}

/// Goes to the row below the header: how cells are separated, their names, and comments before them. `None` where there
/// is no header, or nothing below it yet.
fn begin(path: &Path, text: &mut Text) -> Result<Option<(Dialect, Vec<String>, usize)>> {
    let has_rows = |text: &Text| {
        let lines = text.read().split_inclusive('\n');
        let whole = lines.filter(|line| line.ends_with('\n') && !line.trim().is_empty());
        whole.filter(|line| !line.starts_with('#')).nth(1).is_some()
    };
    while !text.ended && (!has_rows(text) || !text.is_pipe() && text.read().len() < ROOM / 4) {
        text.more()?;
    }
    let dialect = Dialect::of(text.read());
    if dialect.blanks {
        text.separate_by_blanks(dialect.clone());
    }
    let mut rows = Rows::new(path, text.read(), &dialect);
    if !rows.next()? {
        return Ok(None);
    }
    let names = header(path, &rows.record, &dialect)?;
    let (end, comments) = (rows.position(), rows.comments);
    text.take(end);
    Ok(Some((dialect, names, comments)))
}

/// What a first reading has seen.
struct Looked {
    evidence: Vec<Evidence>,
    rows: u64,
    /// Of each column, whether its first cell is neither empty nor a number by either mark, and its others all are.
    units: Option<Vec<[[bool; 2]; 2]>>,
}

impl Looked {
    fn new(columns: usize) -> Looked {
        Looked {
            evidence: (0..columns).map(|_| Evidence::default()).collect(),
            rows: 0,
            units: None,
        }
    }

    /// Looks at the rows in the first `end` bytes of a text.
    fn at(&mut self, path: &Path, text: &Text, end: usize, dialect: &Dialect) -> Result<()> {
        let columns = self.evidence.len();
        let mut rows = Rows::below(path, &text.read()[..end], dialect, columns);
        while rows.next()? {
            let line = text.line - 1 + rows.line();
            for (place, (of, cell)) in self.evidence.iter_mut().zip(&rows.record).enumerate() {
                of.add(cell.trim(), place, line);
            }
            let plain = |cell: &str| {
                [Decimal::Point, Decimal::Comma].map(|mark| {
                    cell.is_empty() || number(cell, mark, &mut Met::default()).is_some()
                })
            };
            let cells = || rows.record.iter().map(str::trim);
            if self.rows == 0 && is_units(rows.record.iter()) {
                self.units = Some(cells().map(|cell| [plain(cell), [true; 2]]).collect());
            } else if let Some(units) = &mut self.units {
                for ([_, all], cell) in units.iter_mut().zip(cells()) {
                    let plain = plain(cell);
                    *all = [all[0] && plain[0], all[1] && plain[1]];
                }
            }
            self.rows += 1;
        }
        Ok(())
    }

    fn found(
        self,
        path: &Path,
        dialect: Dialect,
        header: Vec<String>,
        roles: Vec<Role>,
    ) -> Result<Found> {
        let decided = decide(&self.evidence, &roles, dialect.separator);
        let decimals = decided.map_err(|doubt| doubt.message(path, &header))?;
        let drops_first = self.rows > 1
            && self.units.is_some_and(|units| {
                let mut columns = units.iter().zip(&decimals);
                columns.all(|([first, rest], mark)| {
                    let mark = usize::from(*mark == Decimal::Comma);
                    first[mark] || rest[mark]
                })
            });
        Ok(Found {
            layout: Layout {
                dialect,
                header,
                roles,
                decimals,
            },
            drops_first,
            rows: self.rows - u64::from(drops_first),
        })
    }
}

/// The length of the whole rows that a text begins with, `most` at most, and how many these are; of one that has
/// `ended`, the last line is one. What is between quotes may hold line breaks.
fn records(text: &str, separator: u8, most: usize, ended: bool) -> (usize, usize) {
    enum State {
        Start,
        Plain,
        Quoted,
        /// Behind a quote inside quotes: the end of them, or one of two that mean a quote.
        Quote,
    }
    let (mut state, mut end, mut count) = (State::Start, 0, 0);
    for (place, byte) in text.bytes().enumerate() {
        state = match (state, byte) {
            (State::Quoted, b'"') => State::Quote,
            (State::Quoted, _) => State::Quoted,
            (State::Start | State::Quote, b'"') => State::Quoted,
            (_, b'\n' | b'\r') => {
                // Not a line without anything, nor the second half of a line break.
                count += usize::from(place > end);
                end = place + 1;
                if count == most {
                    return (end, count);
                }
                State::Start
            }
            (_, byte) if byte == separator => State::Start,
            _ => State::Plain,
        };
    }
    match ended && end < text.len() {
        true => (text.len(), count + 1),
        false => (end, count),
    }
}

/// The most bytes of a row. A quote that is not closed would make all that follows one row.
const LONGEST_ROW: usize = if cfg!(test) { 1 << 21 } else { 1 << 26 };

/// Refuses a text whose first row is not whole after so many bytes.
fn refuse_endless(path: &Path, text: &Text, rows: usize) -> Result<()> {
    if rows > 0 || text.read().len() < LONGEST_ROW {
        return Ok(());
    }
    let fact = format!(
        "has a row of more than {LONGEST_ROW} bytes, which begins in line {}",
        text.line
    );
    Err(corrupt(path, fact)
        .help("look for a quote that is opened there and not closed")
        .into())
}

impl TextPieces {
    /// The table in the file at `path`, read as was found.
    pub(super) fn of_file(path: &Path, found: &Found) -> Result<TextPieces> {
        let mut text = Text::of_file(path)?;
        let begun = begin(path, &mut text)?;
        let comments = begun.map_or(0, |(_, _, comments)| comments);
        Ok(TextPieces::new(path, text, found, comments))
    }

    /// The table on standard input.
    ///
    /// # Errors
    ///
    /// What is no table in UTF-8.
    pub(super) fn of_pipe(
        path: &Path,
        mut text: Text,
        roles: &dyn Fn(&[String]) -> Vec<Role>,
    ) -> Result<TextPieces> {
        let Some((dialect, header, comments)) = begin(path, &mut text)? else {
            return Err(corrupt(path, "is empty")
                .note("expected a header with the columns' names")
                .into());
        };
        let roles = roles(&header);
        let mut look = Looked::new(header.len());
        let (end, _) = records(text.read(), dialect.separator, usize::MAX, text.ended);
        look.at(path, &text, end, &dialect)?;
        let found = look.found(path, dialect, header, roles)?;
        Ok(TextPieces::new(path, text, &found, comments))
    }

    fn new(path: &Path, text: Text, found: &Found, comments: usize) -> TextPieces {
        TextPieces {
            path: path.to_owned(),
            text,
            layout: found.layout.clone(),
            faults: Faults::default(),
            met: Met::default(),
            comments,
            drops_first: found.drops_first,
            drops_next: found.drops_first,
        }
    }
}

impl Pieces for TextPieces {
    fn said(&self) -> Vec<String> {
        let (columns, lines) = Filled::new(&self.layout, 0).finish(&self.layout);
        let none = Sheet {
            columns,
            lines,
            said: vec![],
        };
        let numbers = said_of_numbers(&none, &self.layout.roles, self.met);
        let mark = self.text.marked.then_some("UTF-8 with a byte-order mark");
        let mut all = said(mark, &self.layout.dialect, numbers, self.comments);
        if self.drops_first {
            all.push(UNITS.into());
        }
        all
    }

    fn header(&self) -> &[String] {
        &self.layout.header
    }

    fn next(&mut self, most: usize) -> Result<Option<Sheet>> {
        loop {
            let separator = self.layout.dialect.separator;
            let (end, rows) = records(self.text.read(), separator, most, self.text.ended);
            let waits = !self.text.is_pipe() && rows < most && self.text.read().len() < ROOM;
            if (rows == 0 || waits) && !self.text.ended {
                refuse_endless(&self.path, &self.text, rows)?;
                self.text.more()?;
                continue;
            }
            if end == 0 {
                return Ok(None);
            }
            let text = &self.text.read()[..end];
            let layout = &self.layout;
            let mut rows = Rows::below(&self.path, text, &layout.dialect, layout.header.len());
            let mut filled = Filled::new(layout, self.text.line - 1);
            (filled.met, filled.faults) = (self.met, std::mem::take(&mut self.faults));
            fill(&self.path, &mut rows, layout, &mut filled)?;
            self.comments += rows.comments;
            (self.met, self.faults) = (filled.met, std::mem::take(&mut filled.faults));
            let (columns, lines) = filled.finish(layout);
            self.text.take(end);
            let mut sheet = Sheet {
                columns,
                lines,
                said: vec![],
            };
            if self.drops_next && sheet.rows() > 0 {
                self.drops_next = false;
                sheet.lines.remove(0);
                sheet.columns.iter_mut().for_each(Column::drop_first);
            }
            if sheet.rows() > 0 {
                return Ok(Some(sheet));
            }
        }
    }

    fn refuse_ragged(&mut self) -> Result<()> {
        std::mem::take(&mut self.faults).finish("ragged rows")
    }
}

#[cfg(test)]
mod tests;
