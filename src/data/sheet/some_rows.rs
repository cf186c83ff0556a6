//! Tables that are read some rows at a time, by their formats.

#[cfg(feature = "parquet")]
use super::parquet;
use super::text::Text;
use super::typed_pieces::TypedPieces;
use super::{Builder, Decimal, Format, Role, Sheet};
use super::{format, json_lines, text_pieces, typed_pieces};
use crate::diagnostic::Result;
use std::path::Path;

/// A table that is read some rows at a time.
pub(crate) trait Pieces {
    /// The names of the columns.
    fn header(&self) -> &[String];
    /// The next rows, at most so many; `None` at the end.
    fn next(&mut self, most: usize) -> Result<Option<Sheet>>;
    /// # Errors
    ///
    /// `E0505` for the rows so far that are not as long as the header.
    fn refuse_ragged(&mut self) -> Result<()>;
    /// What was recognised of the rows so far, a phrase each.
    fn said(&self) -> Vec<String>;
}

/// How a table is read some rows at a time.
pub(crate) struct Found(Way);

#[derive(Clone)]
enum Way {
    Text(text_pieces::Found),
    JsonLines(typed_pieces::Found),
    #[cfg(feature = "parquet")]
    Parquet(typed_pieces::Found),
}

impl Found {
    /// The names of the columns.
    pub(crate) fn header(&self) -> &[String] {
        match &self.0 {
            Way::Text(found) => found.header(),
            Way::JsonLines(found) => &found.header,
            #[cfg(feature = "parquet")]
            Way::Parquet(found) => &found.header,
        }
    }

    /// Whether single columns can be read without the others.
    pub(crate) fn has_columns_alone(&self) -> bool {
        match &self.0 {
            Way::Text(_) | Way::JsonLines(_) => false,
            #[cfg(feature = "parquet")]
            Way::Parquet(_) => true,
        }
    }

    /// The same table, of whose columns these alone are read.
    fn of_columns(&self, places: &[usize]) -> Found {
        let mut found = Found(self.0.clone());
        let roles = match &mut found.0 {
            Way::Text(found) => found.roles(),
            Way::JsonLines(found) => &mut found.roles,
            #[cfg(feature = "parquet")]
            Way::Parquet(found) => &mut found.roles,
        };
        for (place, role) in roles.iter_mut().enumerate() {
            if !places.contains(&place) {
                *role = Role::Aside { written: false };
            }
        }
        found
    }

    /// How many rows it has.
    pub(crate) fn rows(&self) -> u64 {
        match &self.0 {
            Way::Text(found) => found.rows,
            Way::JsonLines(found) => found.rows,
            #[cfg(feature = "parquet")]
            Way::Parquet(found) => found.rows,
        }
    }
}

/// Goes over the table in the file at `path` to find how it is read some rows at a time; `None` where it has to be read
/// whole, and where that says what is wrong with it.
///
/// # Errors
///
/// A file that cannot be read.
pub(crate) fn find(path: &Path, roles: &dyn Fn(&[String]) -> Vec<Role>) -> Result<Option<Found>> {
    Ok(match format(path) {
        Some(Format::Csv) => text_pieces::find(path, roles)?.map(|found| Found(Way::Text(found))),
        Some(Format::JsonLines) => {
            let mut lines = json_lines::Lines::new(path, Text::of_file(path)?, &[]);
            let found = typed_pieces::find(path, &mut lines, roles).ok().flatten();
            // Keys are told apart with the blanks around them, names without.
            let is_plain = |found: &typed_pieces::Found| found.header.iter().all(|n| n.trim() == n);
            let found = found.filter(is_plain);
            found.map(|found| Found(Way::JsonLines(found)))
        }
        #[cfg(feature = "parquet")]
        Some(Format::Parquet) => {
            let found = parquet::Groups::open(path, roles)
                .and_then(|mut groups| typed_pieces::find(path, &mut groups, roles));
            found.ok().flatten().map(|found| Found(Way::Parquet(found)))
        }
        _ => None,
    })
}

/// The table in the file at `path`, read some rows at a time as was found.
///
/// # Errors
///
/// A file that cannot be read.
pub(crate) fn pieces(path: &Path, found: &Found) -> Result<Box<dyn Pieces>> {
    Ok(match &found.0 {
        Way::Text(found) => Box::new(text_pieces::TextPieces::of_file(path, found)?),
        Way::JsonLines(found) => {
            let lines = json_lines::Lines::new(path, Text::of_file(path)?, &found.header);
            Box::new(TypedPieces::new(Box::new(lines), found.clone()))
        }
        #[cfg(feature = "parquet")]
        Way::Parquet(found) => {
            let groups = parquet::Groups::open(path, &|_| found.roles.clone())?;
            Box::new(TypedPieces::new(Box::new(groups), found.clone()))
        }
    })
}

/// Rows of whole columns that are read together.
const ROWS: usize = 8192;

/// The columns at `places` of the table in the file at `path`, read as was found; the others have no cells.
///
/// # Errors
///
/// A file that cannot be read; rows that are not as long as the header.
pub(crate) fn some_columns(path: &Path, found: &Found, places: &[usize]) -> Result<Sheet> {
    let mut pieces = pieces(path, &found.of_columns(places))?;
    let mut read: Vec<Builder> = places.iter().map(|_| Builder::default()).collect();
    let mut decimals = vec![Decimal::Point; places.len()];
    let mut lines = Vec::with_capacity(found.rows() as usize);
    while let Some(sheet) = pieces.next(ROWS)? {
        for (of_read, place) in places.iter().enumerate() {
            let column = &sheet.columns[*place];
            read[of_read].append(column);
            if column.decimal == Decimal::Comma {
                decimals[of_read] = Decimal::Comma;
            }
        }
        lines.extend(sheet.lines);
    }
    pieces.refuse_ragged()?;
    let header = found.header().iter();
    let none = header.map(|name| Builder::default().finish(name.clone(), Decimal::Point));
    let mut columns: Vec<_> = none.collect();
    for ((cells, decimal), place) in read.into_iter().zip(decimals).zip(places) {
        columns[*place] = cells.finish(found.header()[*place].clone(), decimal);
    }
    Ok(Sheet {
        columns,
        lines,
        said: vec![],
    })
}

/// About how many bytes of memory the numbers in the table at `path` take; `None` of a format that is always read whole,
/// and where it is not known.
pub(crate) fn size(path: &Path) -> Option<u64> {
    // What text compresses to, about.
    const PACKED: u64 = 5;
    let length = || Some(std::fs::metadata(path).ok()?.len());
    let is_packed = path
        .extension()
        .is_some_and(|e| e.eq_ignore_ascii_case("gz"));
    match format(path)? {
        Format::Csv | Format::JsonLines if is_packed => length().map(|n| n.saturating_mul(PACKED)),
        Format::Csv | Format::JsonLines => length(),
        #[cfg(feature = "parquet")]
        Format::Parquet => parquet::cells(path).map(|cells| cells.saturating_mul(8)),
        _ => None,
    }
}

/// The table that comes on standard input: JSON lines if it begins with `{`, else text.
///
/// # Errors
///
/// What is no table in UTF-8.
pub(crate) fn pieces_of_stdin(
    path: &Path,
    roles: &dyn Fn(&[String]) -> Vec<Role>,
) -> Result<Box<dyn Pieces>> {
    let mut text = Text::of_stdin(path);
    while text.read().trim_start().is_empty() && text.more()? {}
    Ok(match text.read().trim_start().starts_with('{') {
        true => {
            let lines = Box::new(json_lines::Lines::new(path, text, &[]));
            Box::new(TypedPieces::of_pipe(path, lines, roles)?)
        }
        false => Box::new(text_pieces::TextPieces::of_pipe(path, text, roles)?),
    })
}
