//! Apache Parquet: columns of typed values, in groups of rows. Each column is read a batch of values at a time.

mod kind;
mod pages;

use super::guard::caught;
use super::typed::finish;
use super::typed_pieces::Source;
use super::{Builder, Role, Sheet};
use crate::data::error::{Faults, corrupt, unreadable};
use crate::diagnostic::{Diagnostic, Failure, Result};
use crate::memory;
use ::parquet::basic::Compression;
use ::parquet::column::reader::{ColumnReader, ColumnReaderImpl, get_column_reader};
use ::parquet::data_type::DataType;
use ::parquet::errors::ParquetError;
use ::parquet::file::reader::{FileReader, RowGroupReader, SerializedFileReader};
use ::parquet::schema::types::{SchemaDescPtr, SchemaDescriptor};
use kind::Kind;
use pages::Pages;
use std::fs::File;
use std::path::{Path, PathBuf};

/// How many values of a column are decoded at once.
const BATCH: usize = 8192;

/// Reads the table in the file at `path`.
///
/// # Errors
///
/// `E0503` for a file that cannot be read, `E0504` for one that is no Parquet or is damaged, `E0505` for columns of
/// lists, of groups or of a type that is no number, text or date.
pub(super) fn read(path: &Path, roles: &dyn Fn(&[String]) -> Vec<Role>) -> Result<Sheet> {
    let file = crate::files::open(path).map_err(|e| unreadable(path, "open", &e))?;
    caught(|| sheet(path, file, roles)).unwrap_or_else(|panic| Err(damaged(path, &panic)))
}

fn damaged(path: &Path, why: &dyn std::fmt::Display) -> Failure {
    let message = corrupt(path, "is not a .parquet file, or is damaged");
    message.note(why.to_string()).into()
}

fn sheet(path: &Path, file: File, roles: &dyn Fn(&[String]) -> Vec<Role>) -> Result<Sheet> {
    let damaged = |error: ParquetError| damaged(path, &error);
    let reader = SerializedFileReader::new(file).map_err(damaged)?;
    let schema = reader.metadata().file_metadata().schema_descr_ptr();
    let fields = schema.root_schema().get_fields().iter();
    let header: Vec<String> = fields.map(|field| field.name().trim().to_owned()).collect();
    let roles = roles(&header);
    let mut kinds = kinds(path, &schema, &header, &roles)?;
    let rows = rows(path, &reader, header.len())?;
    refuse_compression(path, &reader)?;
    let mut columns: Vec<Builder> = header.iter().map(|_| Builder::default()).collect();
    for group in 0..reader.num_row_groups() {
        let group = reader.get_row_group(group).map_err(damaged)?;
        for (leaf, of_leaf) in kinds.iter_mut().enumerate() {
            let Some(kind) = *of_leaf else { continue };
            let root = schema.get_column_root_idx(leaf);
            let rows = group.metadata().num_rows() as usize;
            let open = open(&*group, &schema, leaf);
            match open.and_then(|mut reader| append(&mut reader, rows, kind, &mut columns[root])) {
                Err(ParquetError::General(what)) if what == kind::NO_TEXT => {
                    if let Role::Read { .. } = roles[root] {
                        return Err(refused(path, &header[root], kind::NO_TEXT).into());
                    }
                    // It is no identifier either.
                    (*of_leaf, columns[root]) = (None, Builder::default());
                }
                done => done.map_err(damaged)?,
            }
        }
    }
    columns.iter_mut().for_each(|column| column.pad(rows));
    let lines = (1..=rows as u32).collect();
    finish(
        path,
        header.into_iter().zip(columns).collect(),
        lines,
        &roles,
    )
}

/// How many cells the table in the file at `path` has, by its own word; `None` where it does not say.
pub(super) fn cells(path: &Path) -> Option<u64> {
    let file = crate::files::open(path).ok()?;
    let counted = || {
        let reader = SerializedFileReader::new(file).ok()?;
        let about = reader.metadata().file_metadata();
        let columns = about.schema_descr().num_columns() as u64;
        Some(
            u64::try_from(about.num_rows())
                .ok()?
                .saturating_mul(columns),
        )
    };
    caught(counted).ok()?
}

/// How many rows there are, by the groups' word; refuses more than fit the memory.
fn rows(path: &Path, reader: &SerializedFileReader<File>, columns: usize) -> Result<usize> {
    let mut groups = reader.metadata().row_groups().iter();
    let rows = groups.try_fold(0u32, |all, group| {
        all.checked_add(u32::try_from(group.num_rows()).ok()?)
    });
    let Some(rows) = rows else {
        return Err(corrupt(path, "says that it has more rows than can be counted").into());
    };
    let cells = u64::from(rows).saturating_mul(columns as u64);
    let what = format!("the table in `{}`", path.display());
    memory::refuse(
        &what,
        cells.saturating_mul(8),
        "leave columns out of it, or divide it into several",
    )?;
    Ok(rows as usize)
}

/// What each column of the schema's leaves is; `None` for one that is not read.
fn kinds(
    path: &Path,
    schema: &SchemaDescriptor,
    header: &[String],
    roles: &[Role],
) -> Result<Vec<Option<Kind>>> {
    let mut faults = Faults::default();
    let mut last_refused = None;
    let mut kinds = vec![];
    for (leaf, column) in schema.columns().iter().enumerate() {
        let root = schema.get_column_root_idx(leaf);
        let found = match column.path().parts().len() > 1 || column.max_rep_level() > 0 {
            true => Err("lists or groups"),
            false => Kind::of(column),
        };
        kinds.push(match (found, roles[root]) {
            (_, Role::Aside { written: false }) | (Err(_), Role::Aside { .. }) => None,
            (Ok(kind), _) => Some(kind),
            (Err(what), Role::Read { .. }) => {
                // A group has several leaves.
                if last_refused.replace(root) != Some(root) {
                    faults.add(|| refused(path, &header[root], what));
                }
                None
            }
        });
    }
    faults.finish("such columns")?;
    Ok(kinds)
}

fn refused(path: &Path, name: &str, what: &str) -> Diagnostic {
    let title = format!("`{}`: column `{name}` holds {what}", path.display());
    let flag = crate::data::names::for_shell(&crate::data::names::written(name));
    Diagnostic::error("E0505", title)
        .note("expected numbers, booleans, texts or dates")
        .help(format!("`--drop {flag}` leaves it out"))
}

/// Refuses pages that are compressed in a way for which there is no reader.
fn refuse_compression(path: &Path, reader: &SerializedFileReader<File>) -> Result<()> {
    let groups = reader.metadata().row_groups().iter();
    let mut columns = groups.flat_map(|group| group.columns());
    let name = columns.find_map(|column| match column.compression() {
        Compression::BROTLI(_) => Some("Brotli"),
        Compression::LZO => Some("LZO"),
        _ => None,
    });
    match name {
        None => Ok(()),
        Some(name) => Err(corrupt(path, format!("is compressed by {name}"))
            .note("expected pages that are plain or compressed by snappy, gzip, LZ4 or zstd")
            .into()),
    }
}

/// A column of a group.
fn open(
    group: &dyn RowGroupReader,
    schema: &SchemaDescriptor,
    leaf: usize,
) -> std::result::Result<ColumnReader, ParquetError> {
    let pages = Pages(group.get_column_page_reader(leaf)?);
    Ok(get_column_reader(schema.column(leaf), Box::new(pages)))
}

/// Appends the next rows of a column in a group to `out`.
fn append(
    reader: &mut ColumnReader,
    rows: usize,
    kind: Kind,
    out: &mut Builder,
) -> std::result::Result<(), ParquetError> {
    match reader {
        ColumnReader::BoolColumnReader(reader) => take(reader, rows, out, |out, value| {
            out.push_boolean(*value);
            Ok(())
        }),
        ColumnReader::Int32ColumnReader(reader) => take(reader, rows, out, |out, value| {
            kind.push_integer(out, (*value).into(), *value as u32 as u64)
        }),
        ColumnReader::Int64ColumnReader(reader) => take(reader, rows, out, |out, value| {
            kind.push_integer(out, *value, *value as u64)
        }),
        ColumnReader::Int96ColumnReader(reader) => take(reader, rows, out, kind::push_int96),
        ColumnReader::FloatColumnReader(reader) => take(reader, rows, out, |out, value| {
            out.push_float((*value).into());
            Ok(())
        }),
        ColumnReader::DoubleColumnReader(reader) => take(reader, rows, out, |out, value| {
            out.push_float(*value);
            Ok(())
        }),
        ColumnReader::ByteArrayColumnReader(reader) => take(reader, rows, out, |out, value| {
            kind.push_bytes(out, value.data())
        }),
        ColumnReader::FixedLenByteArrayColumnReader(reader) => {
            take(reader, rows, out, |out, value| {
                kind.push_bytes(out, value.data())
            })
        }
    }
}

/// Appends the values of a column's rows.
fn take<T: DataType>(
    reader: &mut ColumnReaderImpl<T>,
    rows: usize,
    out: &mut Builder,
    push: impl Fn(&mut Builder, &T::T) -> std::result::Result<(), ParquetError>,
) -> std::result::Result<(), ParquetError> {
    let (mut values, mut levels) = (vec![], vec![]);
    let mut done = 0;
    while done < rows {
        values.clear();
        levels.clear();
        let most = BATCH.min(rows - done);
        let (read, ..) = reader.read_records(most, Some(&mut levels), None, &mut values)?;
        if read == 0 {
            let why = format!("a column has {done} of the {rows} rows of its group");
            return Err(ParquetError::General(why));
        }
        // A column without missing values has no levels.
        let mut values = values.iter();
        for row in 0..read {
            match levels.get(row) {
                Some(0) => out.push_missing(),
                _ => match values.next() {
                    Some(value) => push(out, value)?,
                    None => return Err(ParquetError::General("a value is not there".into())),
                },
            }
        }
        done += read;
    }
    Ok(())
}

/// The rows, some at a time.
pub(super) struct Groups {
    path: PathBuf,
    reader: SerializedFileReader<File>,
    schema: SchemaDescPtr,
    header: Vec<String>,
    kinds: Vec<Option<Kind>>,
    /// Which columns are neither inputs nor targets, and may hold anything.
    aside: Vec<bool>,
    /// The next group.
    group: usize,
    /// The columns of the one that is being read, with their places, and how many of its rows are left.
    open: Vec<(usize, ColumnReader)>,
    left: usize,
    rows: u32,
}

impl Groups {
    /// Of the file at `path`; `roles` says what is known of its columns.
    pub(super) fn open(path: &Path, roles: &dyn Fn(&[String]) -> Vec<Role>) -> Result<Groups> {
        let file = crate::files::open(path).map_err(|e| unreadable(path, "open", &e))?;
        let open = || -> Result<Groups> {
            let reader = SerializedFileReader::new(file).map_err(|e| damaged(path, &e))?;
            let schema = reader.metadata().file_metadata().schema_descr_ptr();
            let fields = schema.root_schema().get_fields().iter();
            let header: Vec<String> = fields.map(|field| field.name().trim().to_owned()).collect();
            let roles = roles(&header);
            let kinds = kinds(path, &schema, &header, &roles)?;
            refuse_compression(path, &reader)?;
            Ok(Groups {
                path: path.to_owned(),
                reader,
                schema,
                kinds,
                aside: roles
                    .iter()
                    .map(|role| matches!(role, Role::Aside { .. }))
                    .collect(),
                header,
                group: 0,
                open: vec![],
                left: 0,
                rows: 0,
            })
        };
        caught(open).unwrap_or_else(|panic| Err(damaged(path, &panic)))
    }

    fn rows(&mut self, most: usize) -> Result<Option<(Vec<Builder>, Vec<u32>)>> {
        let path = self.path.clone();
        while self.left == 0 {
            if self.group == self.reader.num_row_groups() {
                return Ok(None);
            }
            let group = self
                .reader
                .get_row_group(self.group)
                .map_err(|e| damaged(&path, &e))?;
            self.left = group.metadata().num_rows() as usize;
            self.group += 1;
            self.open.clear();
            for leaf in (0..self.kinds.len()).filter(|leaf| self.kinds[*leaf].is_some()) {
                let column = open(&*group, &self.schema, leaf).map_err(|e| damaged(&path, &e))?;
                self.open.push((leaf, column));
            }
        }
        let rows = most.min(self.left);
        let mut columns: Vec<Builder> = self.header.iter().map(|_| Builder::default()).collect();
        for (leaf, reader) in &mut self.open {
            let Some(kind) = self.kinds[*leaf] else {
                continue;
            };
            let root = self.schema.get_column_root_idx(*leaf);
            match append(reader, rows, kind, &mut columns[root]) {
                Err(ParquetError::General(what)) if what == kind::NO_TEXT => {
                    if !self.aside[root] {
                        return Err(refused(&path, &self.header[root], kind::NO_TEXT).into());
                    }
                    (self.kinds[*leaf], columns[root]) = (None, Builder::default());
                }
                done => done.map_err(|e| damaged(&path, &e))?,
            }
        }
        self.left -= rows;
        let first = self.rows + 1;
        self.rows += rows as u32;
        Ok(Some((columns, (first..first + rows as u32).collect())))
    }
}

impl Source for Groups {
    fn header(&self) -> Vec<String> {
        self.header.clone()
    }

    fn next(&mut self, most: usize) -> Result<Option<(Vec<Builder>, Vec<u32>)>> {
        let path = self.path.clone();
        caught(|| self.rows(most)).unwrap_or_else(|panic| Err(damaged(&path, &panic)))
    }

    fn refuse(&self, _: &[Role]) -> Result<()> {
        Ok(())
    }
}
