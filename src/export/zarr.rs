//! A Zarr store of version 3: a folder with a `zarr.json` for each group and array, and each array as one file of raw
//! little-endian numbers. The root holds a copy of all metadata, so that a reader opens one file.
//! <https://zarr-specs.readthedocs.io/en/latest/v3/core/index.html>
//!
//! Arrays of draws have the axes `chain` and `draw` before their own, as ArviZ expects them: draws of a posterior that was
//! fitted are independent, and one chain. Each axis that is counted (`chain`, `draw`, `example`) has
//! its coordinates in each group.

use super::array::{CHAIN, DRAW, EXAMPLE};
use super::place::{self, STORE};
use super::{About, Array, Group, Values};
use crate::diagnostic::Result;
use crate::train::files::failed;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// A folder under way, with the metadata of all that is in it.
struct Store<'a> {
    root: &'a Path,
    metadata: Map<String, Value>,
}

/// Writes the arrays to the folder `path`: beside it first, then in its place.
pub fn write(path: &Path, about: &About, arrays: &[Array]) -> Result<()> {
    let beside = beside(path, "part");
    fs::create_dir(&beside).map_err(|error| failed(path, "write", &error))?;
    let result = fill(&beside, about, arrays).and_then(|()| put_in_place(&beside, path));
    result.map_err(|error| {
        let _ = fs::remove_dir_all(&beside);
        failed(path, "write", &error)
    })
}

/// A folder beside it, which nobody else's has the name of: nothing that is there already is removed.
fn beside(path: &Path, which: &str) -> PathBuf {
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{which}-{}", std::process::id()));
    path.with_file_name(name)
}

/// Renames the folder; an export that was there before goes once the new one is in its place.
fn put_in_place(beside: &Path, path: &Path) -> io::Result<()> {
    if !place::is_own_store(path) {
        return fs::rename(beside, path);
    }
    let before = self::beside(path, "old");
    fs::rename(path, &before)?;
    fs::rename(beside, path).inspect_err(|_| {
        let _ = fs::rename(&before, path);
    })?;
    fs::remove_dir_all(&before)
}

fn fill(root: &Path, about: &About, arrays: &[Array]) -> io::Result<()> {
    let mut store = Store {
        root,
        metadata: Map::new(),
    };
    for group in Group::ALL {
        let own: Vec<&Array> = arrays.iter().filter(|a| a.group == group).collect();
        if !own.is_empty() {
            store.group(group, &own, about)?;
        }
    }
    let mut metadata = group_metadata(about);
    metadata["consolidated_metadata"] = json!({
        "kind": "inline",
        "must_understand": false,
        "metadata": store.metadata,
    });
    write_json(root, &metadata)
}

fn group_metadata(about: &About) -> Value {
    let entries = about.entries().into_iter();
    let attributes: Map<String, Value> = entries
        .map(|(key, text)| (key.to_owned(), text.into()))
        .collect();
    json!({ "zarr_format": 3, "node_type": "group", "attributes": attributes })
}

fn write_json(folder: &Path, value: &Value) -> io::Result<()> {
    fs::write(folder.join(STORE), format!("{value:#}\n"))
}

impl Store<'_> {
    fn group(&mut self, group: Group, arrays: &[&Array], about: &About) -> io::Result<()> {
        let name = group.name();
        let folder = self.root.join(name);
        fs::create_dir(&folder)?;
        let metadata = group_metadata(about);
        write_json(&folder, &metadata)?;
        self.metadata.insert(name.into(), metadata);
        let mut axes = BTreeSet::new();
        let chains = if group.has_chains() { about.chains } else { 1 };
        for array in arrays {
            let (mut names, mut shape) = (vec![], vec![]);
            if group.is_drawn() {
                names.push(CHAIN.to_owned());
                shape.push(chains);
            }
            names.extend(array.axes.iter().cloned());
            shape.extend(&array.shape);
            if group.is_drawn() {
                shape[1] /= chains;
            }
            self.array(name, &array.name, &names, &shape, array)?;
            axes.extend(names);
        }
        let numbers = |all: &mut dyn Iterator<Item = usize>| all.map(|n| n as i64).collect();
        let coordinates: [(&str, Vec<i64>); 3] = [
            (CHAIN, numbers(&mut (0..chains))),
            (DRAW, numbers(&mut (0..about.draws / chains))),
            (EXAMPLE, numbers(&mut about.rows.iter().copied())),
        ];
        for (axis, values) in coordinates {
            if axes.contains(axis) {
                let array = Array {
                    group,
                    name: axis.into(),
                    axes: vec![axis.into()],
                    shape: vec![values.len()],
                    values: Values::I64(values),
                    labels: vec![],
                };
                self.array(name, axis, &array.axes, &array.shape, &array)?;
            }
        }
        Ok(())
    }

    /// Writes an array as one chunk.
    fn array(
        &mut self,
        group: &str,
        name: &str,
        axes: &[String],
        shape: &[usize],
        array: &Array,
    ) -> io::Result<()> {
        let folder = self.root.join(group).join(name);
        let metadata = array_metadata(axes, shape, array);
        // `c/0/0` of an array with two axes.
        let mut chunk = folder.join("c");
        (0..shape.len()).for_each(|_| chunk.push("0"));
        fs::create_dir_all(chunk.parent().expect("a folder"))?;
        write_json(&folder, &metadata)?;
        let mut file = BufWriter::new(File::create_new(&chunk)?);
        array.values.write(&mut file)?;
        file.flush()?;
        self.metadata.insert(format!("{group}/{name}"), metadata);
        Ok(())
    }
}

fn array_metadata(axes: &[String], shape: &[usize], array: &Array) -> Value {
    let (kind, fill) = match array.values {
        Values::Bool(_) => ("bool", json!(false)),
        Values::U8(_) => ("uint8", json!(0)),
        Values::I64(_) => ("int64", json!(0)),
        Values::F32(_) => ("float32", json!(0.0)),
        Values::F64(_) => ("float64", json!(0.0)),
    };
    let codec = match array.values.width() {
        1 => json!({ "name": "bytes" }),
        _ => json!({ "name": "bytes", "configuration": { "endian": "little" } }),
    };
    let attributes = match array.labels.is_empty() {
        true => json!({}),
        false => json!({ "labels": array.labels }),
    };
    json!({
        "zarr_format": 3,
        "node_type": "array",
        "shape": shape,
        "data_type": kind,
        "chunk_grid": { "name": "regular", "configuration": { "chunk_shape": shape } },
        "chunk_key_encoding": { "name": "default", "configuration": { "separator": "/" } },
        "fill_value": fill,
        "codecs": [codec],
        "attributes": attributes,
        "dimension_names": axes,
        "storage_transformers": [],
    })
}
