//! JSON lines and Parquet, read some rows at a time. A first reading goes over all rows: texts may be numbers, and any of
//! them may say which mark their decimals have.

use super::decimals::{decide, said_of_numbers};
use super::notation::{Decimal, Met};
use super::typed::evidence_of;
use super::{Builder, Column, Pieces, Role, Sheet};
use crate::data::error::corrupt;
use crate::diagnostic::Result;
use crate::words::list;
use std::path::Path;

/// Rows of a first reading that are looked at together.
const ROWS: usize = 8192;

/// Cells as a format has them, some rows at a time.
pub(super) trait Source {
    /// The names of the columns, as far as they are known.
    fn header(&self) -> Vec<String>;
    /// The cells of the next rows by column, at most `most` rows, and where each row is found in the file; `None` at the
    /// end. Of a column that is not read there are none.
    fn next(&mut self, most: usize) -> Result<Option<(Vec<Builder>, Vec<u32>)>>;
    /// # Errors
    ///
    /// What was found so far in columns that are read, and is no number or text.
    fn refuse(&self, roles: &[Role]) -> Result<()>;
    /// What was recognised of the file.
    fn said(&self) -> Option<&'static str> {
        None
    }
}

/// How a table is read, and how many rows it has.
#[derive(Clone)]
pub(super) struct Found {
    pub(super) header: Vec<String>,
    pub(super) roles: Vec<Role>,
    decimals: Vec<Decimal>,
    pub(super) rows: u64,
}

/// Goes over all rows. `None` of a table without any.
pub(super) fn find(
    path: &Path,
    source: &mut dyn Source,
    roles: &dyn Fn(&[String]) -> Vec<Role>,
) -> Result<Option<Found>> {
    let (mut rows, mut all) = (0, vec![]);
    while let Some((columns, lines)) = source.next(ROWS)? {
        all.resize_with(columns.len(), Default::default);
        look(
            &columns_of(source.header(), columns, lines.len(), &[]),
            &lines,
            &mut all,
        );
        rows += lines.len() as u64;
    }
    let header = source.header();
    let roles = roles(&header);
    source.refuse(&roles)?;
    let decided = decide(&all, &roles, b',');
    let decimals = decided.map_err(|doubt| doubt.message(path, &header))?;
    Ok((rows > 0).then_some(Found {
        header,
        roles,
        decimals,
        rows,
    }))
}

fn look(columns: &[Column], lines: &[u32], all: &mut [super::decimals::Evidence]) {
    for (place, (column, evidence)) in columns.iter().zip(all).enumerate() {
        evidence_of(column, lines, place, evidence);
    }
}

/// The columns of some rows: those of which `roles` says that they are used have a cell for each.
fn columns_of(
    header: Vec<String>,
    columns: Vec<Builder>,
    rows: usize,
    roles: &[Role],
) -> Vec<Column> {
    let named = header.into_iter().zip(columns).enumerate();
    let column = |(place, (name, mut cells)): (usize, (String, Builder))| {
        let role = roles.get(place);
        if role.is_some_and(|role| *role != Role::Aside { written: false }) {
            cells.pad(rows);
        }
        cells.finish(name, Decimal::Point)
    };
    named.map(column).collect()
}

/// A table that is read some rows at a time.
pub(super) struct TypedPieces {
    source: Box<dyn Source>,
    found: Found,
    met: Met,
    /// Which columns had texts that were read as numbers.
    of_texts: Vec<bool>,
    /// Rows that have been read to find how the others are.
    read: Option<(Vec<Builder>, Vec<u32>)>,
}

impl TypedPieces {
    pub(super) fn new(source: Box<dyn Source>, found: Found) -> TypedPieces {
        TypedPieces {
            source,
            of_texts: vec![false; found.header.len()],
            found,
            met: Met::default(),
            read: None,
        }
    }

    /// Of what comes as it is made: the rows that come first say how it is read.
    pub(super) fn of_pipe(
        path: &Path,
        mut source: Box<dyn Source>,
        roles: &dyn Fn(&[String]) -> Vec<Role>,
    ) -> Result<TypedPieces> {
        let Some((columns, lines)) = source.next(ROWS)? else {
            return Err(corrupt(path, "is empty")
                .note("expected an object a line, such as {\"x\": 0.5, \"y\": 2}")
                .into());
        };
        let header = source.header();
        let roles = roles(&header);
        let mut all: Vec<_> = header.iter().map(|_| Default::default()).collect();
        let copies = columns.clone();
        look(
            &columns_of(header.clone(), copies, lines.len(), &[]),
            &lines,
            &mut all,
        );
        let decided = decide(&all, &roles, b',');
        let found = Found {
            decimals: decided.map_err(|doubt| doubt.message(path, &header))?,
            header,
            roles,
            rows: 0,
        };
        Ok(TypedPieces {
            read: Some((columns, lines)),
            ..TypedPieces::new(source, found)
        })
    }
}

impl Pieces for TypedPieces {
    fn header(&self) -> &[String] {
        &self.found.header
    }

    fn next(&mut self, most: usize) -> Result<Option<Sheet>> {
        let next = match self.read.take() {
            Some(read) => Some(read),
            None => self.source.next(most)?,
        };
        let Some((columns, lines)) = next else {
            return Ok(None);
        };
        self.source.refuse(&self.found.roles)?;
        // Keys that come later are of no use.
        let (header, roles) = (self.found.header.clone(), &self.found.roles);
        let mut columns = columns_of(header, columns, lines.len(), roles);
        for (place, column) in columns.iter_mut().enumerate() {
            let is_read = matches!(self.found.roles[place], Role::Read { .. });
            if is_read && column.read_texts(self.found.decimals[place], &mut self.met) {
                self.of_texts[place] = true;
            }
        }
        Ok(Some(Sheet {
            columns,
            lines,
            said: vec![],
        }))
    }

    fn refuse_ragged(&mut self) -> Result<()> {
        Ok(())
    }

    fn said(&self) -> Vec<String> {
        let named = self.found.header.iter().enumerate();
        let column = |(place, name): (usize, &String)| {
            let decimal = match self.of_texts[place] {
                true => self.found.decimals[place],
                false => Decimal::Point,
            };
            Builder::default().finish(name.clone(), decimal)
        };
        let none = Sheet {
            columns: named.map(column).collect(),
            lines: vec![],
            said: vec![],
        };
        let mut said: Vec<String> = self.source.said().map(str::to_owned).into_iter().collect();
        said.extend(said_of_numbers(&none, &self.found.roles, self.met));
        let of_texts = self.found.header.iter().zip(&self.of_texts);
        let of_texts: Vec<&String> = of_texts
            .filter(|(_, is)| **is)
            .map(|(name, _)| name)
            .collect();
        if !of_texts.is_empty() {
            said.push(format!("texts read as numbers in {}", list(of_texts)));
        }
        said
    }
}
