//! A file of NumPy arrays, not compressed: `np.load(PATH)["conv1.kernel"]`.

use super::{Array, Values};
use crate::data::npz::{Written, write_stored};
use crate::diagnostic::Result;
use crate::train::files::write_whole_with;
use std::io::{BufWriter, Write};
use std::path::Path;

/// The kind of numbers as NumPy writes it.
fn kind(values: &Values) -> &'static str {
    match values {
        Values::Bool(_) => "|b1",
        Values::U8(_) => "|u1",
        Values::I64(_) => "<i8",
        Values::F32(_) => "<f4",
        Values::F64(_) => "<f8",
    }
}

/// Writes the arrays under their full names.
pub fn write(path: &Path, arrays: &[Array]) -> Result<()> {
    let names: Vec<String> = arrays.iter().map(Array::full_name).collect();
    write_whole_with(path, |file| {
        let written = names.iter().zip(arrays).map(|(name, array)| Written {
            name,
            kind: kind(&array.values),
            shape: &array.shape,
            bytes: array.values.bytes(),
            values: |to: &mut dyn Write| array.values.write(to),
        });
        write_stored(BufWriter::new(file), written)
    })
}
