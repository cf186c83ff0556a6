//! NumPy archives, `.npz`: a zip file of `.npy` arrays.
//!
//! A data set is `x` and `y`, or `x_train` and `y_train`, optionally with `x_test` and `y_test`.

use super::error::{corrupt, unreadable};
use super::npy::{self, Header, read_header, read_values};
use super::{Dataset, Facts, Seen, Split, TargetFacts, Values, facts::classes, facts::observed};
use crate::diagnostic::{Diagnostic, Failure, Result};
use crate::tensor::Shape;
use crate::words::list;
use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Seek, Write};
use std::path::Path;
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

/// Reads the archive at `path`.
pub(crate) fn read(path: &Path) -> Result<Dataset> {
    Archive::open(path, file(path)?)?.dataset()
}

/// What the archive at `path` holds: the shapes of its arrays, and its targets.
pub(crate) fn facts(path: &Path) -> Result<Facts> {
    Archive::open(path, file(path)?)?.facts()
}

/// An array to write: its name, its shape, and its values with the last axis innermost.
pub type Array<'a> = (&'a str, &'a [usize], &'a [f64]);

/// The bytes of an archive of these arrays, compressed.
///
/// # Errors
///
/// Two arrays of one name.
pub fn encode<'a>(arrays: impl IntoIterator<Item = Array<'a>>) -> io::Result<Vec<u8>> {
    let mut archive = ZipWriter::new(Cursor::new(vec![]));
    for (name, shape, values) in arrays {
        let bytes = npy::encode(shape, values);
        // The sizes of a member take four bytes unless this is said beforehand.
        let large = bytes.len() >= u32::MAX as usize;
        let options = SimpleFileOptions::default().large_file(large);
        archive.start_file(format!("{name}.npy"), options)?;
        archive.write_all(&bytes)?;
    }
    Ok(archive.finish()?.into_inner())
}

/// The inputs of an archive without targets.
pub(crate) fn inputs(path: &Path) -> Result<Option<(Values, Shape, usize)>> {
    let mut archive = Archive::open(path, file(path)?)?;
    let has = |name: &str| archive.names.iter().any(|n| n == name);
    if !has("x") || has("y") || has("y_train") {
        return Ok(None);
    }
    let (header, values) = archive.array("x", true)?;
    let shape = archive.input_shape("x", &header)?;
    Ok(Some((values.expect("asked for"), shape, header.shape[0])))
}

fn file(path: &Path) -> Result<BufReader<File>> {
    crate::files::open(path)
        .map(BufReader::new)
        .map_err(|e| unreadable(path, "open", &e))
}

struct Archive<'a, R: Read + Seek> {
    path: &'a Path,
    names: Vec<String>,
    archive: ZipArchive<R>,
}

/// The names of the arrays of one part.
type Pair = [&'static str; 2];

impl<'a, R: Read + Seek> Archive<'a, R> {
    fn open(path: &'a Path, reader: R) -> Result<Self> {
        let archive = ZipArchive::new(reader)
            .map_err(|e| Failure::from(corrupt(path, "is not an .npz file").note(e.to_string())))?;
        let files = archive.file_names().filter_map(|name| name.ok());
        let arrays = files.filter_map(|name| name.strip_suffix(".npy").map(String::from));
        let mut names: Vec<String> = arrays.collect();
        names.sort();
        Ok(Archive {
            path,
            names,
            archive,
        })
    }

    /// The arrays of the training and of the test part.
    fn parts(&self) -> Result<(Pair, Option<Pair>)> {
        let has = |name: &str| self.names.iter().any(|n| n == name);
        let has_both = |pair: &Pair| has(pair[0]) && has(pair[1]);
        let test = ["x_test", "y_test"];
        let found = if has_both(&["x", "y"]) {
            Some((["x", "y"], None))
        } else if has_both(&["x_train", "y_train"]) {
            if has(test[0]) != has(test[1]) {
                return Err(self.fault("has only one of `x_test` and `y_test`").into());
            }
            Some((["x_train", "y_train"], has_both(&test).then_some(test)))
        } else {
            None
        };
        found.ok_or_else(|| {
            self.fault("does not hold the arrays of a data set")
                .note(
                    "expected `x` and `y`, or `x_train` and `y_train` (and `x_test` and `y_test`)",
                )
                .note(format!("found {}", list(&self.names)))
                .into()
        })
    }

    fn fault(&self, fact: &str) -> Diagnostic {
        Diagnostic::error("E0507", format!("`{}` {fact}", self.path.display()))
    }

    fn dataset(&mut self) -> Result<Dataset> {
        let (train, test) = self.parts()?;
        let train = self.split(train)?;
        let test = test.map(|pair| self.split(pair)).transpose()?;
        if let Some(test) = &test {
            self.agree(&train.input_shape, &test.input_shape, "x_test")?;
            self.agree(&train.target_shape, &test.target_shape, "y_test")?;
        }
        Ok(Dataset {
            name: self.path.display().to_string(),
            train,
            test,
            file_rows: None,
            columns: None,
            seen: Seen::default(),
            class_names: vec![],
        })
    }

    fn facts(&mut self) -> Result<Facts> {
        let (train, test) = self.parts()?;
        let (header, _) = self.array(train[0], false)?;
        let input_shape = self.input_shape(train[0], &header)?;
        let mut largest = Some(0);
        let mut lengths = vec![];
        let mut shape = Shape::default();
        let mut first = None;
        for pair in [Some(train), test].into_iter().flatten() {
            let (inputs, _) = self.array(pair[0], false)?;
            let (targets, values) = self.array(pair[1], true)?;
            shape = self.target_shape(pair[1], &targets)?;
            let values = values.expect("asked for");
            first.get_or_insert_with(|| observed(&values, shape.len()));
            largest = largest.zip(classes(&values)).map(|(a, b)| a.max(b));
            lengths.push(self.same_length(pair, &inputs, &targets)?);
        }
        let classes = largest.filter(|_| shape.rank() == 0);
        Ok(Facts {
            name: self.path.display().to_string(),
            train: lengths[0],
            test: lengths.get(1).copied(),
            input_shape,
            target: TargetFacts {
                shape,
                classes,
                labels: false,
            },
            columns: None,
            observed: first.unwrap_or_default(),
            class_names: vec![],
            remarks: vec![],
            groups: None,
        })
    }

    fn split(&mut self, pair: Pair) -> Result<Split> {
        let (inputs, input_values) = self.array(pair[0], true)?;
        let (targets, target_values) = self.array(pair[1], true)?;
        Ok(Split {
            len: self.same_length(pair, &inputs, &targets)?,
            inputs: input_values.expect("asked for"),
            input_shape: self.input_shape(pair[0], &inputs)?,
            targets: target_values.expect("asked for"),
            target_shape: self.target_shape(pair[1], &targets)?,
        })
    }

    /// The header of the array `name`, and its values if asked for.
    fn array(&mut self, name: &str, values: bool) -> Result<(Header, Option<Values>)> {
        let corrupt = |error: String| -> Failure {
            corrupt(
                self.path,
                format!("holds an array `{name}` that cannot be read"),
            )
            .note(error)
            .into()
        };
        let mut member = self
            .archive
            .by_name(&format!("{name}.npy"))
            .map_err(|e| corrupt(e.to_string()))?;
        let header = read_header(&mut member).map_err(corrupt)?;
        let values = values
            .then(|| read_values(&header, &mut member))
            .transpose()
            .map_err(corrupt)?;
        Ok((header, values))
    }

    /// A row of `x` alone is one number an example.
    fn input_shape(&self, name: &str, header: &Header) -> Result<Shape> {
        match &header.shape[..] {
            [] | [0, ..] => Err(self.empty(name, header)),
            [_, axes @ ..] if axes.contains(&0) => Err(self.empty(name, header)),
            [_] => Ok(Shape::new(&[1])),
            [_, axes @ ..] => Ok(Shape::new(axes)),
        }
    }

    /// A column of `y` alone is one number an example.
    fn target_shape(&self, name: &str, header: &Header) -> Result<Shape> {
        match &header.shape[..] {
            [] | [0, ..] | [_, 0] => Err(self.empty(name, header)),
            [_] | [_, 1] => Ok(Shape::default()),
            [_, width] => Ok(Shape::new(&[*width])),
            _ => Err(self
                .fault(&format!("holds an array `{name}` of too many axes"))
                .note(format!(
                    "expected [examples] or [examples, targets], found {:?}",
                    header.shape
                ))
                .into()),
        }
    }

    fn empty(&self, name: &str, header: &Header) -> Failure {
        self.fault(&format!("holds an array `{name}` with no examples"))
            .note(format!("its shape is {:?}", header.shape))
            .into()
    }

    fn same_length(&self, [x, y]: Pair, inputs: &Header, targets: &Header) -> Result<usize> {
        match (inputs.shape.first(), targets.shape.first()) {
            (Some(n), Some(m)) if n == m => Ok(*n),
            _ => Err(self
                .fault(&format!(
                    "holds arrays `{x}` and `{y}` of different lengths"
                ))
                .note(format!(
                    "`{x}` is {:?}, `{y}` is {:?}",
                    inputs.shape, targets.shape
                ))
                .into()),
        }
    }

    fn agree(&self, train: &Shape, test: &Shape, name: &str) -> Result<()> {
        if train == test {
            return Ok(());
        }
        Err(self
            .fault(&format!(
                "holds an array `{name}` unlike that of the training part"
            ))
            .note(format!(
                "one example is {test} there, {train} in the training part"
            ))
            .into())
    }
}

#[cfg(test)]
pub(crate) mod tests;
