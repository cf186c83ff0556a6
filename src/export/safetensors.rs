//! A file of named tensors in C order. Its metadata says which run they are of, and as JSON in `axes` what the axes of
//! each tensor are called and in `labels` what the entries along its last axis stand for.

use super::{About, Array, Values};
use crate::diagnostic::Result;
use crate::train::files::{failed, write_whole_with};
use safetensors::tensor::{Dtype, Metadata, TensorInfo};
use std::collections::{BTreeMap, HashMap};
use std::io::{self, BufWriter, Write};
use std::path::Path;

fn kind(values: &Values) -> Dtype {
    match values {
        Values::Bool(_) => Dtype::BOOL,
        Values::U8(_) => Dtype::U8,
        Values::I64(_) => Dtype::I64,
        Values::F32(_) => Dtype::F32,
        Values::F64(_) => Dtype::F64,
    }
}

/// Writes the arrays under their full names.
pub fn write(path: &Path, about: &About, arrays: &[Array]) -> Result<()> {
    let mut named: Vec<(String, &Array)> = (arrays.iter())
        .map(|array| (array.full_name(), array))
        .collect();
    // The widest first: each tensor starts at a multiple of its numbers' width.
    named.sort_by_key(|(name, array)| (std::cmp::Reverse(array.values.width()), name.clone()));
    let mut end = 0;
    let places = named.iter().map(|(name, array)| {
        let start = end;
        end += array.values.bytes();
        let place = TensorInfo {
            dtype: kind(&array.values),
            shape: array.shape.clone(),
            data_offsets: (start, end),
        };
        (name.clone(), place)
    });
    let metadata = Metadata::new(Some(texts(about, &named)), places.collect());
    let metadata =
        metadata.map_err(|error| failed(path, "write", &io::Error::other(error.to_string())))?;
    let mut head = serde_json::to_string(&metadata).expect("names and numbers");
    head.extend(std::iter::repeat_n(
        ' ',
        head.len().next_multiple_of(8) - head.len(),
    ));
    write_whole_with(path, |file| {
        let mut file = BufWriter::new(file);
        file.write_all(&(head.len() as u64).to_le_bytes())?;
        file.write_all(head.as_bytes())?;
        for (_, array) in &named {
            array.values.write(&mut file)?;
        }
        file.flush()
    })
}

/// What the file says beside its tensors.
fn texts(about: &About, named: &[(String, &Array)]) -> HashMap<String, String> {
    let entries = about.entries().into_iter();
    let mut texts: HashMap<String, String> =
        entries.map(|(key, text)| (key.to_owned(), text)).collect();
    let axes: BTreeMap<&str, &[String]> = (named.iter())
        .map(|(name, array)| (&name[..], &array.axes[..]))
        .collect();
    let labels: BTreeMap<&str, &[String]> = (named.iter())
        .filter(|(_, array)| !array.labels.is_empty())
        .map(|(name, array)| (&name[..], &array.labels[..]))
        .collect();
    let json = |value| serde_json::to_string(value).expect("texts");
    texts.insert("axes".into(), json(&axes));
    texts.insert("labels".into(), json(&labels));
    texts
}
