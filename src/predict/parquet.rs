//! Predictions as a table of Apache Parquet: whole numbers are INT64, other numbers DOUBLE, texts UTF-8.

use super::columns::Cells;
use super::{Column, Sink};
use crate::train::files::Beside;
use ::parquet::basic::{Compression, LogicalType, Repetition, Type as Physical};
use ::parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int64Type};
use ::parquet::errors::ParquetError;
use ::parquet::file::properties::WriterProperties;
use ::parquet::file::writer::SerializedFileWriter;
use ::parquet::schema::types::{Type, TypePtr};
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;

/// Rows of a group: kept until there are so many, as a group holds one column after the other.
const GROUP: usize = 1 << 16;

/// The table to be.
pub(super) struct Parquet {
    file: Option<Beside>,
    writer: Option<SerializedFileWriter<File>>,
    /// The rows of the next group.
    kept: Vec<Column>,
}

impl Parquet {
    pub(super) fn file(path: &Path) -> io::Result<Parquet> {
        Ok(Parquet {
            file: Some(Beside::new(path, "")?),
            writer: None,
            kept: vec![],
        })
    }

    /// The writer, once the columns are known.
    fn writer(&mut self, columns: &[Column]) -> io::Result<&mut SerializedFileWriter<File>> {
        if self.writer.is_none() {
            let file = self.file.as_ref().expect("it is not finished");
            let properties = WriterProperties::builder()
                .set_compression(Compression::SNAPPY)
                .build();
            let schema = schema(columns).map_err(failed)?;
            let file = file.file.try_clone()?;
            let writer = SerializedFileWriter::new(file, schema, Arc::new(properties));
            self.writer = Some(writer.map_err(failed)?);
        }
        Ok(self.writer.as_mut().expect("it was just made"))
    }

    /// Writes the rows that are kept as a group.
    fn group(&mut self) -> io::Result<()> {
        let columns = std::mem::take(&mut self.kept);
        if columns.first().is_none_or(|column| column.examples() == 0) {
            return Ok(());
        }
        let writer = self.writer(&columns)?;
        let mut write = || -> Result<(), ParquetError> {
            let mut group = writer.next_row_group()?;
            let parts = columns.iter();
            let parts =
                parts.flat_map(|column| (0..column.width).map(move |entry| (column, entry)));
            for (column, entry) in parts {
                let mut into = group.next_column()?.expect("a column of the schema");
                let of = |all: &[f64]| {
                    all.iter()
                        .skip(entry)
                        .step_by(column.width)
                        .copied()
                        .collect()
                };
                match &column.cells {
                    Cells::Numbers(all) => {
                        let values: Vec<f64> = of(all);
                        into.typed::<DoubleType>()
                            .write_batch(&values, None, None)?
                    }
                    Cells::Whole(all) => {
                        let values: Vec<f64> = of(all);
                        let values: Vec<i64> = values.iter().map(|x| *x as i64).collect();
                        into.typed::<Int64Type>().write_batch(&values, None, None)?
                    }
                    Cells::Texts(all) => {
                        let values = all.iter().skip(entry).step_by(column.width);
                        let values: Vec<ByteArray> =
                            values.map(|text| text.as_str().into()).collect();
                        into.typed::<ByteArrayType>()
                            .write_batch(&values, None, None)?
                    }
                };
                into.close()?;
            }
            group.close()?;
            Ok(())
        };
        write().map_err(failed)
    }
}

/// A fault of the system is told as such.
fn failed(error: ParquetError) -> io::Error {
    match error {
        ParquetError::External(inner) => match inner.downcast::<io::Error>() {
            Ok(error) => *error,
            Err(other) => io::Error::other(other.to_string()),
        },
        other => io::Error::other(other.to_string()),
    }
}

/// A field for each column of a table; every one has a value in every row.
fn schema(columns: &[Column]) -> Result<TypePtr, ParquetError> {
    let mut fields = vec![];
    for column in columns {
        for name in column.names() {
            let (physical, logical) = match column.cells {
                Cells::Numbers(_) => (Physical::DOUBLE, None),
                Cells::Whole(_) => (Physical::INT64, None),
                Cells::Texts(_) => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
            };
            let field = Type::primitive_type_builder(&name, physical)
                .with_repetition(Repetition::REQUIRED)
                .with_logical_type(logical);
            fields.push(Arc::new(field.build()?));
        }
    }
    let schema = Type::group_type_builder("predictions").with_fields(fields);
    Ok(Arc::new(schema.build()?))
}

/// Appends the cells of the same column of further rows.
fn append(column: &mut Column, more: Column) {
    match (&mut column.cells, more.cells) {
        (Cells::Numbers(all), Cells::Numbers(more)) | (Cells::Whole(all), Cells::Whole(more)) => {
            all.extend(more);
        }
        (Cells::Texts(all), Cells::Texts(more)) => all.extend(more),
        _ => unreachable!("a column holds what it began with"),
    }
}

impl Sink for Parquet {
    fn write(&mut self, columns: Vec<Column>) -> io::Result<()> {
        if self.kept.is_empty() {
            self.kept = columns;
        } else {
            for (column, more) in self.kept.iter_mut().zip(columns) {
                append(column, more);
            }
        }
        match self
            .kept
            .first()
            .is_some_and(|column| column.examples() >= GROUP)
        {
            true => self.group(),
            false => Ok(()),
        }
    }

    fn finish(&mut self) -> io::Result<()> {
        self.group()?;
        if let Some(writer) = self.writer.take() {
            writer.close().map_err(failed)?;
        }
        self.file.take().map_or(Ok(()), Beside::finish)
    }
}
