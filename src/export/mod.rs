//! Draws as files that other programs read: of weights, of latent variables, of predictions, and the log-likelihoods of
//! examples. A file for each format.
//!
//! Draw s is the one that evaluation makes under the same seed: an average over exported predictions is what `predict`
//! writes.

mod array;
mod draws;
mod npz;
mod place;
mod predictions;
mod safetensors;
mod zarr;

pub use array::{Array, Group, Values};
pub use draws::{Asked, Target, collect, in_chains};
pub use place::refuse as refuse_place;

use crate::diagnostic::{Diagnostic, Result};
use std::path::Path;

/// The kind of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One file of named tensors.
    Safetensors,
    /// A file of NumPy arrays.
    Npz,
    /// A folder, as ArviZ and xarray open it.
    Zarr,
}

impl Format {
    /// The format that a path's ending names.
    ///
    /// # Errors
    ///
    /// `E0601` for another ending.
    pub fn of(path: &Path) -> Result<Format> {
        match path.extension().and_then(|ending| ending.to_str()) {
            Some("safetensors") => Ok(Format::Safetensors),
            Some("npz") => Ok(Format::Npz),
            Some("zarr") => Ok(Format::Zarr),
            _ => {
                let title = format!("no format is said for `{}`", path.display());
                Err(Diagnostic::error("E0601", title)
                    .note("its name ends in none of .safetensors, .npz and .zarr")
                    .help("`--format` says which")
                    .into())
            }
        }
    }
}

/// What all arrays are of.
#[derive(Debug, Clone)]
pub struct About {
    /// The model's name.
    pub model: String,
    /// The run's directory.
    pub run: String,
    /// Of the draws.
    pub seed: u64,
    /// How many there are.
    pub draws: usize,
    /// In how many chains of a sampler they lie, one after the other, all of the same length; 1 without a sampler.
    pub chains: usize,
    /// Each example's row in the data's file, from 0.
    pub rows: Vec<usize>,
    /// What the examples are: `the test part of …`; none without examples.
    pub data: Option<String>,
}

impl About {
    /// As names and texts.
    fn entries(&self) -> Vec<(&'static str, String)> {
        let mut entries = vec![
            ("creation_library", "bnnc".to_owned()),
            (
                "creation_library_version",
                env!("CARGO_PKG_VERSION").to_owned(),
            ),
            ("inference_library", "bnnc".to_owned()),
            ("model", self.model.clone()),
            ("run", self.run.clone()),
            ("seed", self.seed.to_string()),
            ("draws", self.draws.to_string()),
        ];
        entries.extend(self.data.clone().map(|data| ("data", data)));
        entries
    }
}

/// Writes arrays to `path`, whole or not at all.
///
/// # Errors
///
/// `E0601` where that cannot be written.
pub fn write(path: &Path, format: Format, about: &About, arrays: &[Array]) -> Result<()> {
    match format {
        Format::Safetensors => safetensors::write(path, about, arrays),
        Format::Npz => npz::write(path, arrays),
        Format::Zarr => zarr::write(path, about, arrays),
    }
}
