//! What each single draw of the weights predicts, as arrays `[draws, examples, …]` in an `.npz` or `.safetensors`.
//!
//! | target | arrays |
//! | --- | --- |
//! | classes | `probability` `[S, n, k]`; of 0 and 1 `[S, n]`, that of 1; with a class at each place `[S, n, h, w, k]` |
//! | numbers | `mean` and `std` of the draw's distribution, and `draw`, a number drawn from it: `[S, n]`, or `[S, n, k]` |
//!
//! and `row` `[n]`, the rows of the data's file. With several targets their names stand behind, `mean_age`. All numbers
//! are float64, in the target's own units.
//!
//! `draw` inverts the distribution function. Its random numbers are those of the stream of the seed, the target and the
//! row, a number for each draw and entry in their order: they do not depend on the other rows or the number of
//! draws.
//!
//! Rows come some at a time with all of their draws, so the entries of an array are written to where they belong.

use crate::data::npz::{Kind, Writer};
use crate::data::random::Stream;
use crate::diagnostic::{Diagnostic, Result};
use crate::likelihood::{Summary, TargetKind};
use crate::train::files::{Beside, failed};
use rayon::prelude::*;
use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// Tells the draws of targets apart from those of the weights, which have the same seed.
const SEED: u64 = 0x7a26_e7d2_a305;

/// The file in the making.
pub struct Samples {
    path: PathBuf,
    shape: [usize; 2],
    /// Rows so far.
    done: usize,
    seed: u64,
    targets: Vec<OfTarget>,
    row: Array,
    /// The file to be.
    whole: Beside,
    /// Whether arrays have files of their own until all are known.
    is_npz: bool,
}

/// A target's arrays.
struct OfTarget {
    summary: Summary,
    arrays: Vec<Array>,
}

/// An array: its name, its axes, and where in which file its entries are.
struct Array {
    name: String,
    axes: Vec<usize>,
    file: File,
    start: u64,
    /// Removed when all is done.
    _own: Option<Beside>,
}

/// Whether a file of single draws is written to such a path.
///
/// # Errors
///
/// `E0601` for another ending.
pub fn refuse_ending(path: &Path) -> Result<()> {
    match path.extension().and_then(|ending| ending.to_str()) {
        Some("npz" | "safetensors") => Ok(()),
        _ => {
            let title = format!("single draws are not written to `{}`", path.display());
            Err(Diagnostic::error("E0601", title)
                .note("the file ends in .npz or .safetensors")
                .into())
        }
    }
}

/// The names and the axes of an example's entries, of the arrays of a target.
fn arrays(name: Option<&str>, kind: TargetKind, summary: &Summary) -> Vec<(String, Vec<usize>)> {
    let places = kind.axes().map_or(vec![], |axes| axes.sizes().to_vec());
    let (names, axes): (&[&str], Vec<usize>) = match summary {
        Summary::Classes(classes) if classes.probabilities == 1 => (&["probability"], places),
        Summary::Classes(classes) => (
            &["probability"],
            [&places[..], &[classes.probabilities]].concat(),
        ),
        Summary::Numbers(numbers) => {
            let axes = match (places.is_empty(), numbers.entries) {
                (true, 1) => vec![],
                (true, entries) => vec![entries],
                (false, _) => places,
            };
            (&["mean", "std", "draw"], axes)
        }
    };
    let named = |array: &&str| match name {
        Some(target) => format!("{array}_{target}"),
        None => array.to_string(),
    };
    names
        .iter()
        .map(|array| (named(array), axes.clone()))
        .collect()
}

/// The arrays of a target's single draws: the name of each, and the axes of its entries of one example and draw.
/// `seed` is that of the draws of the weights, `target` the number of the target. `kept` has what each draw predicts of
/// `rows`, in own units, an example's draws one after the other; so have the arrays.
pub fn of_target(
    (kind, summary): (TargetKind, &Summary),
    draws: usize,
    (seed, target): (u64, usize),
    rows: &[usize],
    kept: &[f64],
) -> Vec<(String, Vec<usize>, Vec<f64>)> {
    let seed = seed ^ SEED.wrapping_add(target as u64);
    let entries = entries(summary, draws, seed, rows, kept);
    let arrays = arrays(None, kind, summary).into_iter().zip(entries);
    arrays
        .map(|((name, axes), entries)| (name, axes, entries))
        .collect()
}

/// The entries of each array of a target's single draws.
fn entries(
    summary: &Summary,
    draws: usize,
    seed: u64,
    rows: &[usize],
    kept: &[f64],
) -> Vec<Vec<f64>> {
    let Summary::Numbers(numbers) = summary else {
        return vec![kept.to_vec()];
    };
    let each = numbers.each;
    let of_example = |(example, kept): (&usize, &[f64])| {
        let mut stream = Stream::new(seed, *example as u64);
        let entries = kept.chunks_exact(each).map(|of_entry| {
            let (mean, variance) = numbers.marginal.moments(of_entry);
            // Neither 0 nor 1.
            let u = ((stream.bits() >> 11) as f64 + 0.5) / (1u64 << 53) as f64;
            [mean, variance.sqrt(), numbers.draw(of_entry, u)]
        });
        entries.collect::<Vec<[f64; 3]>>()
    };
    let of_examples = kept.par_chunks_exact(draws * summary.row());
    let examples = rows.par_iter().zip(of_examples);
    let all: Vec<Vec<[f64; 3]>> = examples.map(of_example).collect();
    (0..3)
        .map(|array| all.iter().flatten().map(|of| of[array]).collect())
        .collect()
}

impl Samples {
    /// A file at `path` of `draws` draws of `examples` examples, with each of these targets: its name, where there are
    /// several, what it is and how it is predicted.
    ///
    /// # Errors
    ///
    /// `E0601` where it cannot be written, `E0613` where it would be larger than a file can be.
    pub fn create(
        path: &Path,
        [draws, examples]: [usize; 2],
        seed: u64,
        targets: &[(Option<&str>, TargetKind, Summary)],
    ) -> Result<Samples> {
        let all = targets.iter();
        let all: Vec<Vec<(String, Vec<usize>)>> = all
            .map(|(name, kind, summary)| arrays(*name, *kind, summary))
            .collect();
        let shape = |axes: &[usize]| [&[draws, examples], axes].concat();
        let mut shapes = vec![("row".to_owned(), vec![examples])];
        for (name, axes) in all.iter().flatten() {
            shapes.push((name.clone(), shape(axes)));
        }
        refuse_large(path, &shapes)?;
        let is_npz = path.extension().is_some_and(|ending| ending == "npz");
        let create = || -> io::Result<Samples> {
            let mut whole = Beside::new(path, "")?;
            let header = match is_npz {
                true => vec![],
                false => safetensors_header(&shapes),
            };
            whole.file.write_all(&header)?;
            let mut start = header.len() as u64;
            let mut number = 0;
            let mut array = |name: &str, axes: &[usize], entries: u64| -> io::Result<Array> {
                let own = match is_npz {
                    true => Some(Beside::new(path, &number.to_string())?),
                    false => None,
                };
                number += 1;
                let array = Array {
                    name: name.to_owned(),
                    axes: axes.to_vec(),
                    file: own.as_ref().map_or(&whole, |own| own).file.try_clone()?,
                    start: if is_npz { 0 } else { start },
                    _own: own,
                };
                start += 8 * entries;
                Ok(array)
            };
            let row = array("row", &[], examples as u64)?;
            let mut found = vec![];
            for (arrays, (_, _, summary)) in all.iter().zip(targets) {
                let mut of_target = vec![];
                for (name, axes) in arrays {
                    let entries = shape(axes).iter().map(|n| *n as u64).product();
                    of_target.push(array(name, axes, entries)?);
                }
                found.push(OfTarget {
                    summary: *summary,
                    arrays: of_target,
                });
            }
            Ok(Samples {
                path: path.to_owned(),
                shape: [draws, examples],
                done: 0,
                seed,
                targets: found,
                row,
                whole,
                is_npz,
            })
        };
        create().map_err(|error| failed(path, "write", &error))
    }

    /// Takes further rows of the file, the first of which is the example `first`: of target `target` what each draw
    /// predicts, in own units, an example's draws one after the other.
    ///
    /// # Errors
    ///
    /// `E0601` where they cannot be written.
    pub fn take(
        &mut self,
        target: usize,
        first: usize,
        rows: &[usize],
        kept: &[f64],
    ) -> Result<()> {
        let draws = self.shape[0];
        let of_target = &self.targets[target];
        let seed = self.seed ^ SEED.wrapping_add(target as u64);
        let found = entries(&of_target.summary, draws, seed, rows, kept);
        let mut write = || -> io::Result<()> {
            let arrays = self.targets[target].arrays.iter_mut().zip(&found);
            for (array, values) in arrays {
                array.write(self.shape, first, rows.len(), values)?;
            }
            if target == 0 {
                let rows: Vec<f64> = rows.iter().map(|row| *row as f64).collect();
                self.row
                    .write([1, self.shape[1]], first, rows.len(), &rows)?;
                self.done += rows.len();
            }
            Ok(())
        };
        write().map_err(|error| failed(&self.path, "write", &error))
    }

    /// Ends the file.
    ///
    /// # Errors
    ///
    /// `E0601` where it cannot be written, or where rows are missing.
    pub fn finish(self) -> Result<()> {
        let Samples {
            path,
            shape,
            done,
            targets,
            row,
            whole,
            is_npz,
            ..
        } = self;
        let finish = || -> io::Result<()> {
            if done != shape[1] {
                let found = format!("{done} rows came where there were {} before", shape[1]);
                return Err(io::Error::other(found));
            }
            if is_npz {
                let mut archive = Writer::new(whole.file.try_clone()?);
                let arrays = targets.into_iter().flat_map(|of_target| of_target.arrays);
                let all = arrays.map(|array| ([&shape, &array.axes[..]].concat(), array));
                for (shape, mut array) in std::iter::once((vec![shape[1]], row)).chain(all) {
                    archive.begin_stored(&array.name, Kind::Numbers, &shape)?;
                    array.file.rewind()?;
                    io::copy(&mut array.file, &mut archive)?;
                }
                archive.finish()?;
            }
            whole.finish()
        };
        finish().map_err(|error| failed(&path, "write", &error))
    }
}

impl Array {
    /// Writes the entries of `count` examples from `first` on; `values` has an example's draws one after the other.
    fn write(
        &mut self,
        [draws, examples]: [usize; 2],
        first: usize,
        count: usize,
        values: &[f64],
    ) -> io::Result<()> {
        let width = values.len() / (draws * count).max(1);
        let mut bytes = vec![];
        for draw in 0..draws {
            bytes.clear();
            for example in 0..count {
                let own = &values[(example * draws + draw) * width..][..width];
                bytes.extend(own.iter().flat_map(|x| x.to_le_bytes()));
            }
            let place = (draw * examples + first) as u64 * width as u64 * 8;
            self.file.seek(SeekFrom::Start(self.start + place))?;
            self.file.write_all(&bytes)?;
        }
        Ok(())
    }
}

/// Refuses arrays that together are larger than any file.
fn refuse_large(path: &Path, shapes: &[(String, Vec<usize>)]) -> Result<()> {
    let bytes = shapes.iter().try_fold(0u64, |sum, (_, shape)| {
        let entries = shape
            .iter()
            .try_fold(8u64, |all, n| all.checked_mul(*n as u64));
        sum.checked_add(entries?)
    });
    if bytes.is_some_and(|bytes| bytes < 1 << 62) {
        return Ok(());
    }
    let title = format!("`{}` would be larger than a file can be", path.display());
    let shapes = shapes
        .iter()
        .map(|(name, shape)| format!("`{name}` {shape:?}"));
    Err(Diagnostic::error("E0613", title)
        .note(format!(
            "it would hold {}",
            crate::words::join(shapes.collect(), "and")
        ))
        .help("take fewer `--samples`, or predict fewer rows at a time")
        .into())
}

/// What a file of tensors begins with: the length of the JSON behind it, which says where each array is.
fn safetensors_header(shapes: &[(String, Vec<usize>)]) -> Vec<u8> {
    let mut start = 0;
    let mut all = serde_json::Map::new();
    for (name, shape) in shapes {
        let end = start + 8 * shape.iter().map(|n| *n as u64).product::<u64>();
        let tensor =
            serde_json::json!({ "dtype": "F64", "shape": shape, "data_offsets": [start, end] });
        all.insert(name.clone(), tensor);
        start = end;
    }
    let mut json = serde_json::Value::Object(all).to_string().into_bytes();
    json.resize(json.len().next_multiple_of(8), b' ');
    [&(json.len() as u64).to_le_bytes()[..], &json].concat()
}

#[cfg(test)]
mod tests;
