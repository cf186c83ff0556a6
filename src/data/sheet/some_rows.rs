//! Tables that are read some rows at a time, by their formats.

#[cfg(feature = "parquet")]
use super::parquet;
use super::text::Text;
use super::typed_pieces::TypedPieces;
use super::{Format, Role, Sheet, format, json_lines, text_pieces, typed_pieces};
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

enum Way {
    Text(text_pieces::Found),
    JsonLines(typed_pieces::Found),
    #[cfg(feature = "parquet")]
    Parquet(typed_pieces::Found),
}

impl Found {
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
