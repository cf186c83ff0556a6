//! NumPy archives, `.npz`: a zip file of `.npy` arrays.
//!
//! Which arrays are the inputs and which the targets follows from their names (`choose`), or is said.

mod archive;
mod choose;
mod dataset;
mod inputs;
mod labels;
mod sequences;
mod shapes;
mod streamed;
mod told;
mod write;

pub use super::npy::text_width;
pub(super) use inputs::in_rows;
pub use write::{Kind, Writer};

use super::choices::Choices;
use super::error::unreadable;
use super::npy::Contents;
use super::{Dataset, Facts, Request, Values, held_out, labels::absent, memory, npy, parts};
use crate::diagnostic::{Diagnostic, Result};
use crate::words::list;
use archive::Archive;
use choose::{Chosen, Pair};
use std::fs::File;
use std::io::{self, BufReader, Cursor, Seek, Write};
use std::path::Path;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// What is said of an archive.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'a> {
    pub(super) request: &'a Request,
    /// The array of targets.
    pub(super) target: Option<&'a str>,
    pub(super) choices: &'a Choices,
    /// The file that lists the rows to hold out.
    pub(super) test_rows: Option<&'a Path>,
}

impl<'a> Wanted<'a> {
    /// What a request says by itself.
    pub(super) fn of(request: &'a Request) -> Self {
        Wanted {
            request,
            target: request.target.as_deref(),
            choices: &request.choices,
            test_rows: request.test_rows.as_deref(),
        }
    }
}

/// Where an archive's arrays come from.
#[derive(Clone, Copy)]
pub(super) enum From<'a> {
    /// A file.
    File(&'a Path),
    /// A program's memory.
    Memory(&'a [memory::Array]),
    /// A made data set of this name.
    Made(&'a str, &'a [memory::Array]),
}

impl<'a> From<'a> {
    fn open(self, wanted: &Wanted) -> Result<Archive<'a, BufReader<File>>> {
        match self {
            From::File(path) => {
                refuse_choices(path, wanted.choices)?;
                Archive::open(path, file(path)?)
            }
            From::Memory(arrays) => {
                refuse_choices(Path::new(memory::ARRAYS), wanted.choices)?;
                Ok(Archive::of(memory::ARRAYS, arrays))
            }
            From::Made(name, arrays) => Ok(Archive::of(name, arrays)),
        }
    }
}

/// Reads an archive.
pub(super) fn read(from: From, wanted: &Wanted) -> Result<Dataset> {
    let dataset = from.open(wanted)?.dataset(wanted, true)?;
    parted(dataset, wanted)
}

/// What an archive holds: the shapes of its arrays, and its targets.
pub(super) fn facts(from: From, wanted: &Wanted) -> Result<Facts> {
    let dataset = from.open(wanted)?.dataset(wanted, false)?;
    let dataset = parted(dataset, wanted)?;
    Ok(Facts::of(&dataset.with_unseen_tokens(wanted.request)))
}

/// The inputs of an archive without targets; `None` of one with targets.
pub(super) fn inputs(from: From, wanted: &Wanted) -> Result<Option<Dataset>> {
    let mut archive = from.open(wanted)?;
    match archive.choose(wanted, false)? {
        Chosen {
            train: Pair {
                targets: None,
                inputs,
            },
            ..
        } => archive.inputs_alone(&inputs, wanted).map(Some),
        _ => Ok(None),
    }
}

/// The numbers of an array of the archive at `path`, and its shape: of the one called `name`, or of the only one.
pub(super) fn numbers(path: &Path, name: &str) -> Result<(Vec<usize>, Values)> {
    let mut archive = Archive::open(path, file(path)?)?;
    let name = match &archive.names[..] {
        [only] => only.clone(),
        _ => name.to_owned(),
    };
    if !archive.names.contains(&name) {
        let names: Vec<&str> = archive.names.iter().map(String::as_str).collect();
        return Err(archive
            .fault(&format!("has no array `{name}`"))
            .note(format!("it has {}", list(&names)))
            .into());
    }
    let found = archive.array(&name)?;
    match found.contents {
        Contents::Numbers(values) => Ok((found.header.shape, values)),
        Contents::Texts(_) => Err(archive
            .fault(&format!("holds text in the array `{name}`"))
            .into()),
    }
}

/// The rows that are asked for held out, and the classes named that are then missing.
fn parted(dataset: Dataset, wanted: &Wanted) -> Result<Dataset> {
    let n = dataset.train.len;
    let mut dataset = match parts::parts(n, wanted.choices, wanted.test_rows, None)? {
        Some(found) => held_out::part(dataset, found)?,
        None => dataset,
    };
    if !dataset.class_names.is_empty() && wanted.request.classes.is_none() {
        let train = &dataset.train;
        let training = parts::training(train.len, None, None, None, wanted.request)?;
        let labels = training.iter().map(|row| train.targets.get(*row));
        let absent = absent(&dataset.class_names, labels);
        dataset.seen.remarks.extend(absent);
    }
    Ok(dataset)
}

/// The arrays that are read of one part of an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// That of each input.
    pub inputs: Vec<String>,
    /// Of each input that is a sequence the array that says the lengths, and whether it is a mask.
    pub lengths: Vec<Option<(String, bool)>>,
    /// That of the targets.
    pub targets: String,
}

/// The arrays that are read of the archive at `path`: those of the training part, and of the test part if there is one.
///
/// # Errors
///
/// As [`super::load`].
pub fn arrays(path: &Path, request: &Request) -> Result<Vec<Taken>> {
    let wanted = Wanted::of(request);
    let mut archive = Archive::open(path, file(path)?)?;
    let chosen = archive.choose(&wanted, true)?;
    let pairs = [Some(chosen.train), chosen.test].into_iter().flatten();
    pairs
        .map(|pair| {
            let inputs = archive.inputs_of(&pair.inputs, &wanted)?;
            let lengths = inputs.sequences.iter();
            let lengths = lengths.map(|found| found.as_ref()?.told_by.clone());
            Ok(Taken {
                lengths: lengths.collect(),
                inputs: inputs.names().map(str::to_owned).collect(),
                targets: pair.targets.unwrap_or_default(),
            })
        })
        .collect()
}

/// Refuses what is said of the columns of tables.
fn refuse_choices(path: &Path, choices: &Choices) -> Result<()> {
    let Some(key) = choices.of_tables() else {
        return Ok(());
    };
    let title = format!(
        "`{}` has no columns, which `{key}` is about",
        path.display()
    );
    Err(Diagnostic::error("E0506", title)
        .note("of an .npz, `inputs` and `target` name arrays, `layout` says the order of their axes, and `test` holds out rows")
        .into())
}

/// An array to write: its name, its shape, and its values with the last axis innermost.
pub type Array<'a> = (&'a str, &'a [usize], &'a [f64]);

/// The entries of an array to write.
#[derive(Debug, Clone, Copy)]
pub enum Entries<'a> {
    /// Numbers of this shape, the last axis innermost.
    Numbers(&'a [usize], &'a [f64]),
    /// A text a row.
    Texts(&'a [String]),
}

/// The bytes of an archive of these arrays, compressed.
///
/// # Errors
///
/// Two arrays of one name.
pub fn encode<'a>(arrays: impl IntoIterator<Item = Array<'a>>) -> io::Result<Vec<u8>> {
    let arrays = arrays.into_iter();
    encode_all(arrays.map(|(name, shape, values)| (name, Entries::Numbers(shape, values))))
}

/// [`encode`] of arrays of numbers and of text.
///
/// # Errors
///
/// Two arrays of one name; texts that take more than the memory.
pub fn encode_all<'a>(
    arrays: impl IntoIterator<Item = (&'a str, Entries<'a>)>,
) -> io::Result<Vec<u8>> {
    let mut archive = ZipWriter::new(Cursor::new(vec![]));
    for (name, entries) in arrays {
        let bytes = match entries {
            Entries::Numbers(shape, values) => npy::encode(shape, values),
            Entries::Texts(texts) => npy::encode_texts(texts)?,
        };
        // The sizes of a member take four bytes unless this is said beforehand.
        let large = bytes.len() >= u32::MAX as usize;
        let options = SimpleFileOptions::default().large_file(large);
        archive.start_file(format!("{name}.npy"), options)?;
        archive.write_all(&bytes)?;
    }
    Ok(archive.finish()?.into_inner())
}

/// An array to write of whatever numbers.
pub struct Written<'a, F> {
    /// Its name.
    pub name: &'a str,
    /// The kind of its numbers as NumPy writes it: `<f4`.
    pub kind: &'a str,
    /// Its shape.
    pub shape: &'a [usize],
    /// How many bytes its entries take.
    pub bytes: usize,
    /// Writes them, the last axis innermost.
    pub values: F,
}

/// Writes an archive of these arrays, not compressed: draws hardly get shorter by it, and read slower.
///
/// # Errors
///
/// What cannot be written.
pub fn write_stored<'a, W: Write + Seek, F>(
    to: W,
    arrays: impl IntoIterator<Item = Written<'a, F>>,
) -> io::Result<()>
where
    F: FnOnce(&mut dyn Write) -> io::Result<()>,
{
    let mut archive = ZipWriter::new(to);
    for array in arrays {
        let options = SimpleFileOptions::default()
            .compression_method(zip::CompressionMethod::Stored)
            .large_file(array.bytes >= (u32::MAX >> 1) as usize);
        archive.start_file(format!("{}.npy", array.name), options)?;
        archive.write_all(&npy::header(array.kind, array.shape, 0))?;
        (array.values)(&mut archive)?;
    }
    archive.finish()?;
    Ok(())
}

fn file(path: &Path) -> Result<BufReader<File>> {
    crate::files::open(path)
        .map(BufReader::new)
        .map_err(|e| unreadable(path, "open", &e))
}

#[cfg(test)]
pub(crate) mod tests;
