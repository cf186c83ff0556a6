//! Data sets: what they hold, where they are found, how they are read.
//!
//! [`load`] reads a data set by name or path; [`facts`] says what it holds and reads as little as it
//! can. [`catalog`] is the registry of names, `fetch` downloads its files and [`verify`](mod@verify)
//! compares their checksums; [`scaling`], [`split`], [`order`] and [`batch`] turn what was read into batches.

mod adding_problem;
pub mod batch;
pub mod catalog;
mod choices;
mod choose;
mod cifar10;
mod coding;
mod columns;
mod dates;
mod describe;
mod error;
mod facts;
mod fashion_mnist;
#[cfg(feature = "fetch")]
pub mod fetch;
mod held_out;
mod idx;
mod idx_files;
#[cfg(feature = "images")]
mod images;
mod in_time;
mod inputs;
mod inverse_sine;
mod labels;
mod lesson;
mod look;
mod made;
mod made_counts;
mod made_language;
mod memory;
mod missing;
mod mnist;
mod names;
mod npy;
pub mod npz;
pub mod order;
mod parts;
mod places;
pub mod probabilities;
mod proposal;
pub(crate) mod random;
mod recipe;
mod refusal;
mod request;
mod run_columns;
pub mod scaling;
mod seasonal_series;
mod sequences;
mod shapes;
mod shapes_and_numbers;
mod shapes_segmentation;
mod sheet;
pub mod split;
mod steps;
mod stored;
pub mod stream;
mod streaming;
mod table;
mod tabular;
mod targets;
mod texts;
#[cfg(feature = "fetch")]
mod unpack;
mod unseen;
mod values;
pub mod verify;
mod volumes;
mod weights;

pub use crate::likelihood::TargetKind;
pub use choices::Choices;
pub use coding::{Code, Coding};
pub use columns::{Columns, RunColumns, shortened};
pub use describe::{Description, describe};
pub use facts::{Facts, TargetFacts};
pub use in_time::InTime;
pub use inputs::inputs_alone;
pub use memory::{Array, Bytes, Cells, Column, Memory};
pub use missing::{VOID, is_missing};
pub use places::{Place, download_directory, places};
pub use proposal::{Proposal, propose};
pub use request::Request;
pub use sequences::{Padded, SequenceInput};
pub use sheet::is_table;
pub use steps::Steps;
pub use stored::{Piece, Stored};
pub use streaming::{STREAMINGS, Streaming};
pub use tabular::{Identifier, Seen};
pub use targets::{load_all, of_other_examples};
pub use values::Values;

use crate::diagnostic::{Diagnostic, Result};
use crate::tensor::Shape;
use columns::Wanted;
use memory::Held;
use npz::From;
use std::path::{Path, PathBuf};

/// A data set as read: nothing scaled, nothing left out.
#[derive(Debug, Clone)]
pub struct Dataset {
    /// `cifar10`, or the path it was read from.
    pub name: String,
    /// The examples to learn from.
    pub train: Split,
    /// Held-out examples, where the data set names them.
    pub test: Option<Split>,
    /// The names of the classes, in the order of their labels, where the data set has them.
    pub class_names: Vec<String>,
    /// The rows of the file that the training part and the test part are, where both are of one file.
    pub file_rows: Option<[Vec<usize>; 2]>,
    /// The names of a table's columns.
    pub columns: Option<Columns>,
    /// What was seen of a table beside its numbers.
    pub seen: Seen,
}

impl Dataset {
    /// The group of each training example, where a column of groups is named.
    pub fn groups(&self) -> Option<&[u32]> {
        self.seen.groups.as_deref()
    }

    /// Where the training part's windows lie in their time series.
    pub fn in_time(&self) -> Option<&InTime> {
        self.seen.in_time.as_ref()
    }

    /// The same inputs without targets.
    pub fn without_targets(mut self) -> Self {
        let test = self.test.as_mut();
        for split in std::iter::once(&mut self.train).chain(test) {
            split.targets = Values::F64(vec![]);
            split.target_shape = Shape::new(&[0]);
        }
        self
    }
}

/// Some examples.
#[derive(Debug, Clone)]
pub struct Split {
    /// `len` examples, one after the other, channels last.
    pub inputs: Values,
    /// The shape of one example's input.
    pub input_shape: Shape,
    /// `len` targets, one after the other.
    pub targets: Values,
    /// The shape of one example's target; `[]` for a label or a single number, `[0]` where there is none.
    pub target_shape: Shape,
    /// Number of examples.
    pub len: usize,
}

impl Split {
    /// Whether the examples have targets.
    pub fn has_targets(&self) -> bool {
        !self.target_shape.is_empty()
    }
}

/// What [`Request::data`] names.
enum Resolved {
    Memory(Memory),
    Entry(&'static dyn catalog::CatalogEntry),
    Sheet(PathBuf),
    Npz(PathBuf),
    Idx(PathBuf),
    Folder(PathBuf),
    Table(PathBuf),
}

fn resolve(request: &Request) -> Result<Resolved> {
    if let Some(memory) = &request.memory {
        return Ok(Resolved::Memory(memory.clone()));
    }
    if let Some(folder) = request.data_dir.as_deref().filter(|f| !f.is_dir()) {
        return Err(places::no_folder(folder));
    }
    if let Some(entry) = catalog::entry(&request.data) {
        if !request.choices.is_empty() {
            return Err(no_columns(&request.data));
        }
        return match (&request.target, &request.test_rows) {
            (None, None) => Ok(Resolved::Entry(entry)),
            (Some(_), _) => Err(no_columns(&request.data)),
            (None, Some(_)) => Err(held_out::has_test_part(&request.data)),
        };
    }
    let path = Path::new(&request.data);
    let extension = path.extension().map(|e| e.to_string_lossy().to_lowercase());
    match extension.as_deref() {
        _ if is_table(path) => Ok(Resolved::Sheet(path.to_owned())),
        Some("npz") => Ok(Resolved::Npz(path.to_owned())),
        Some("toml") => Ok(Resolved::Table(path.to_owned())),
        _ if request.target.is_some() || !request.choices.is_empty() => Err(no_columns(&request.data)),
        _ if idx_files::is_idx(path) => Ok(Resolved::Idx(path.to_owned())),
        _ if path.is_dir() => Ok(Resolved::Folder(path.to_owned())),
        None if path.components().count() > 1 && !path.exists() => {
            Err(error::unreadable(path, "open", &std::io::ErrorKind::NotFound.into()))
        }
        _ => Err(catalog::unknown(&request.data)
            .note(format!(
                "a path ends in {} (a table), .npz (NumPy arrays x and y), idx3-ubyte and the like (IDX) or .toml (a table and its held-out rows), or is a folder of images",
                sheet::ENDINGS
            ))
            .into()),
    }
}

/// Whether two shapes are the same but for axes of 1.
pub fn same_but_for_ones(one: &[usize], other: &[usize]) -> bool {
    let squeezed = |axes: &[usize]| axes.iter().copied().filter(|n| *n != 1).collect::<Vec<_>>();
    squeezed(one) == squeezed(other)
}

fn no_columns(data: &str) -> crate::diagnostic::Failure {
    Diagnostic::error(
        "E0506",
        format!("`{data}` has no columns to take a target from"),
    )
    .note("`--target`, and what else is said of columns, is for tables")
    .into()
}

/// Reads the data that `request` names.
///
/// # Errors
///
/// An unknown name, data that is in none of the places, and every fault of a file (`E0501` to
/// `E0508`); never a panic, whatever the file holds.
pub fn load(request: &Request) -> Result<Dataset> {
    Ok(load_rows(request)?.with_unseen_tokens(request))
}

fn load_rows(request: &Request) -> Result<Dataset> {
    let test_rows = request.test_rows.as_deref();
    if test_rows.is_some() && request.choices.test.is_some() {
        return Err(held_out::said_twice().into());
    }
    let wanted = Wanted {
        target: request.target.as_deref(),
        of_run: request.columns.as_ref(),
        described: None,
        others: &[],
        choices: Some(&request.choices),
        steps: None,
        sheet: None,
    };
    let dataset = match resolve(request)? {
        Resolved::Memory(memory) => {
            return match memory.held() {
                Held::Arrays(arrays) => npz::read(From::Memory(arrays), &npz::Wanted::of(request)),
                Held::Table(columns) => tabular::in_memory(columns, &wanted, request),
            };
        }
        Resolved::Entry(entry) => match &entry.arrays()[..] {
            [] => {
                let places = places(request.data_dir.as_deref());
                entry.read(&catalog::locate(entry, &places)?)?
            }
            arrays => {
                let from = From::Made(entry.name(), arrays);
                return npz::read(from, &npz::Wanted::of(request));
            }
        },
        Resolved::Table(path) => return table::read(&path, &wanted, request),
        Resolved::Sheet(path) => return tabular::read(&path, &wanted, request, test_rows),
        Resolved::Npz(path) => return npz::read(From::File(&path), &npz::Wanted::of(request)),
        Resolved::Idx(path) => idx_files::read(&path, true, request.stream)?,
        Resolved::Folder(path) => read_folder(&path, request, true)?,
    };
    match test_rows {
        None => Ok(dataset),
        Some(rows) => {
            let parts = held_out::listed(rows, dataset.train.len)?;
            held_out::part(dataset, parts)
        }
    }
}

/// The files that are read of data under a path, and those that a `.toml` names; none of a named data set.
pub fn files(data: &str, test_rows: Option<&Path>) -> Vec<PathBuf> {
    let path = Path::new(data);
    let mut files: Vec<PathBuf> = test_rows.map(Path::to_owned).into_iter().collect();
    if catalog::entry(data).is_none() {
        files.push(path.to_owned());
        if path
            .extension()
            .is_some_and(|e| e.eq_ignore_ascii_case("toml"))
        {
            files.extend(table::files(path));
        }
    }
    files
}

#[cfg(feature = "images")]
use images::read as read_folder;
#[cfg(not(feature = "images"))]
fn read_folder(path: &Path, _: &Request, _: bool) -> Result<Dataset> {
    Err(error::not_built(path, "images").into())
}

/// What the data that `request` names holds: from headers and file lengths where that is enough, from
/// the published facts where the files of a named data set are not there.
///
/// A table is read whole; of an `.npz` and of IDX the targets are, of a folder of images their sizes; all of them where
/// rows are held out.
pub fn facts(request: &Request) -> Result<Facts> {
    match resolve(request)? {
        Resolved::Entry(entry) => {
            let folder = catalog::find(entry, &places(request.data_dir.as_deref()));
            match (&entry.arrays()[..], folder) {
                ([], Some(folder)) => entry.found_facts(&folder),
                ([], None) => Ok(entry.known_facts()),
                (arrays, _) => {
                    let from = From::Made(entry.name(), arrays);
                    npz::facts(from, &npz::Wanted::of(request))
                }
            }
        }
        Resolved::Npz(path) => npz::facts(From::File(&path), &npz::Wanted::of(request)),
        Resolved::Memory(memory) => match memory.held() {
            Held::Arrays(arrays) => npz::facts(From::Memory(arrays), &npz::Wanted::of(request)),
            Held::Table(_) => Ok(Facts::of(&load(request)?)),
        },
        Resolved::Idx(path) if request.test_rows.is_none() => {
            Ok(Facts::of(&idx_files::read(&path, false, request.stream)?))
        }
        Resolved::Folder(path) if request.test_rows.is_none() => {
            Ok(Facts::of(&read_folder(&path, request, false)?))
        }
        _ => Ok(Facts::of(&load(&Request {
            without_inputs: true,
            ..request.clone()
        })?)),
    }
}

#[cfg(test)]
mod tests;
