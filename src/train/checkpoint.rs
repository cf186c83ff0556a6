//! Checkpoints: an engine's sections, each a named tensor, and how far the run is, in one safetensors file.
//!
//! Variables lie as Keras has them (a dense kernel `[in, out]`, a convolution's `[kh, kw, C_in, C_out]`)
//! in float32 under the names of `bnnc check --emit plan`: `conv1.kernel.loc`. An optimizer's state of
//! a variable is `optimizer.m/conv1.kernel.loc`. The metadata entry `bnnc` is JSON with the format's
//! version, the model's fingerprint, the step, the sums of the epoch under way, and a checksum of all this.

use super::config::Config;
use super::files::{failed, write_whole_with};
use super::fit::divergence::Divergence;
use super::metrics::EpochSums;
use crate::diagnostic::{Diagnostic, Failure, Result};
use crate::engine::{Numbers, Section};
use crate::plan::Variable;
use crate::pretrained::checksum::{self, Checksum, KEY};
use safetensors::tensor::{Dtype, Metadata, SafeTensors, TensorInfo};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::io::Write;
use std::path::Path;

/// The version of the format.
const FORMAT: u32 = 2;

/// The oldest version that is read.
const OLDEST: u32 = 1;

/// How far a run is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Counters {
    /// Steps done.
    pub step: u64,
    /// Of the epoch under way.
    pub sums: EpochSums,
    /// Steps whose gradient was clipped.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub clipped: u64,
    /// The epoch of the lowest validation nll, of a run that may end early.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub best: Option<Best>,
    /// How far the nll is from where it began.
    #[serde(default, skip_serializing_if = "Divergence::is_new")]
    pub divergence: Divergence,
    /// Steps that no fit took, since it was left out before.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub skipped: u64,
    /// Why a fit of several that follow each other is left out: which one, where and what.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<String>,
}

impl Counters {
    /// Epochs done of a fit of so many examples.
    pub fn epochs(&self, config: &Config, examples: usize) -> f64 {
        self.step as f64 / config.steps(examples) as f64
    }

    /// Whether a fit that may end early has ended: the validation nll has not fallen for its number of epochs.
    pub fn have_ended_early(&self, config: &Config, examples: usize) -> bool {
        let epochs = self.step as usize / config.steps(examples);
        let both = config.patience().zip(self.best);
        both.is_some_and(|(patience, best)| epochs >= best.epoch + patience)
    }

    /// Whether nothing is left of a fit.
    pub fn are_over(&self, config: &Config, examples: usize) -> bool {
        self.have_ended_early(config, examples)
            || self.epochs(config, examples) >= config.all_epochs() as f64
    }
}

/// Whether a count is left out.
pub(super) fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// The epoch whose variables a run keeps that may end early.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Best {
    /// Epochs done.
    pub epoch: usize,
    /// The validation nll after them.
    pub nll: f64,
}

#[derive(Serialize, Deserialize)]
struct Header {
    format: u32,
    model: String,
    counters: Counters,
}

/// What tells one model from another: its source, the constants set from outside, and its variables
/// with the pretrained weights that they start from.
pub fn model_fingerprint(
    source: &str,
    sets: &[(String, String)],
    variables: &[Variable],
) -> String {
    let mut hash = Sha256::new();
    hash.update(source);
    for (name, value) in sets {
        hash.update(format!("\0{name}={value}"));
    }
    for variable in variables {
        hash.update(format!("\0{}{}", variable.name, variable.shape));
        for value in variable.given.iter().flat_map(|given| given.iter()) {
            hash.update(value.to_le_bytes());
        }
    }
    hex(hash)
}

fn hex(hash: Sha256) -> String {
    hash.finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Little-endian bytes, in which safetensors keeps its numbers.
fn bytes(section: &Section) -> Vec<u8> {
    match &section.values {
        Numbers::F32(values) => values.iter().flat_map(|x| x.to_le_bytes()).collect(),
        Numbers::F64(values) => values.iter().flat_map(|x| x.to_le_bytes()).collect(),
    }
}

/// The type of its numbers.
fn dtype(section: &Section) -> Dtype {
    match section.values {
        Numbers::F32(_) => Dtype::F32,
        Numbers::F64(_) => Dtype::F64,
    }
}

/// Writes a checkpoint; the one before stays until the new one is whole. Tensors are made into bytes one by
/// one: a checkpoint is three times as large as the model, and there need not be room for it in memory.
pub fn save(
    path: &Path,
    model: &str,
    mut sections: Vec<Section>,
    counters: &Counters,
) -> Result<()> {
    // As safetensors has them.
    sections.sort_by(|a, b| a.name.cmp(&b.name));
    let mut sum = Checksum::default();
    let mut end = 0;
    let mut places = vec![];
    for section in &sections {
        let bytes = bytes(section);
        sum.tensor(&section.name, &bytes);
        let place = TensorInfo {
            dtype: dtype(section),
            shape: section.shape.0.clone(),
            data_offsets: (end, end + bytes.len()),
        };
        end += bytes.len();
        places.push((section.name.clone(), place));
    }
    let header = Header {
        format: FORMAT,
        model: model.into(),
        counters: counters.clone(),
    };
    let header = serde_json::to_string(&header).expect("finite numbers and text");
    let head = header.strip_suffix('}').expect("an object");
    let header = format!("{head}{KEY}{}\"}}", sum.finish(head));
    let metadata = HashMap::from([("bnnc".to_owned(), header)]);
    let metadata = Metadata::new(Some(metadata), places).map_err(|error| damaged(path, error))?;
    let mut head = serde_json::to_string(&metadata).expect("names and numbers");
    // Numbers start at a multiple of their size.
    head.extend(std::iter::repeat_n(
        ' ',
        head.len().next_multiple_of(8) - head.len(),
    ));
    write_whole_with(path, |file| {
        file.write_all(&(head.len() as u64).to_le_bytes())?;
        file.write_all(head.as_bytes())?;
        sections
            .iter()
            .try_for_each(|section| file.write_all(&bytes(section)))
    })
}

fn damaged(path: &Path, fact: impl std::fmt::Display) -> Failure {
    Diagnostic::error(
        "E0605",
        format!("the checkpoint `{}` is damaged", path.display()),
    )
    .note(fact.to_string())
    .into()
}

/// The bytes of a checkpoint.
fn read(path: &Path) -> Result<Vec<u8>> {
    crate::files::read(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Diagnostic::error(
            "E0605",
            format!("there is no checkpoint `{}`", path.display()),
        )
        .into(),
        _ => failed(path, "read", &error),
    })
}

/// What a checkpoint holds, under its checksum.
fn parse<'a>(path: &Path, file: &'a [u8]) -> Result<(SafeTensors<'a>, Header)> {
    let tensors = SafeTensors::deserialize(file).map_err(|error| damaged(path, error))?;
    let header = checksum::header(file).map_err(|fact| damaged(path, fact))?;
    let header = header.ok_or_else(|| damaged(path, "it has no metadata entry `bnnc`"))?;
    let version = serde_json::from_str::<serde_json::Value>(&header)
        .ok()
        .and_then(|h| h["format"].as_u64());
    let read = u64::from(OLDEST)..=u64::from(FORMAT);
    if version.is_some_and(|v| !read.contains(&v)) {
        let title = format!("the checkpoint `{}` is of another version", path.display());
        return Err(Diagnostic::error("E0605", title)
            .note(format!(
                "its format is {}, this program's is {FORMAT}",
                version.unwrap_or_default()
            ))
            .into());
    }
    checksum::verify(&header, &tensors).map_err(|fact| damaged(path, fact))?;
    let header: Header = serde_json::from_str(&header).map_err(|error| damaged(path, error))?;
    Ok((tensors, header))
}

/// How far a checkpoint is, whatever model it is of.
///
/// # Errors
///
/// `E0605` where it is missing, truncated or altered.
pub fn counters(path: &Path) -> Result<Counters> {
    Ok(parse(path, &read(path)?)?.1.counters)
}

/// Reads a checkpoint of the model with this fingerprint into these of its sections.
///
/// # Errors
///
/// `E0605` where it is missing, truncated or altered, `E0606` where it is of another model.
pub fn load(path: &Path, model: &str, sections: Vec<Section>) -> Result<Counters> {
    let file = read(path)?;
    let (tensors, header) = parse(path, &file)?;
    if header.model != model {
        let title = format!("the checkpoint `{}` is of another model", path.display());
        return Err(Diagnostic::error("E0606", title)
            .note("the model's source, a constant set from outside, or a variable's shape differs")
            .into());
    }
    for section in sections {
        let name = &section.name;
        let view = tensors
            .tensor(name)
            .map_err(|_| damaged(path, format!("it has no tensor `{name}`")))?;
        let dtype = dtype(&section);
        if [view.dtype(), dtype] == [Dtype::F64, Dtype::F32] {
            let title = format!("the checkpoint `{}` is of float64", path.display());
            return Err(Diagnostic::error("E0606", title)
                .note("a program of `bnnc emit pytorch` wrote it with --precision float64, and alone goes on with it")
                .help("runs of float32 and bf16 are read here")
                .into());
        }
        if view.dtype() != dtype || view.shape() != section.shape.0 {
            return Err(damaged(
                path,
                format!("`{name}` is not {dtype:?}{}", section.shape),
            ));
        }
        match section.values {
            Numbers::F32(values) => read_into(values, view.data(), f32::from_le_bytes),
            Numbers::F64(values) => read_into(values, view.data(), f64::from_le_bytes),
        }
    }
    Ok(header.counters)
}

/// Numbers of N bytes each.
fn read_into<T, const N: usize>(values: &mut [T], bytes: &[u8], number: fn([u8; N]) -> T) {
    for (value, bytes) in values.iter_mut().zip(bytes.chunks_exact(N)) {
        *value = number(bytes.try_into().expect("as many bytes as a number has"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine;
    use crate::ir::Initializer;
    use crate::tensor::Shape;

    fn variables() -> Vec<Variable> {
        let one = |name: &str, shape: &[usize], start: usize| {
            let shape = Shape::new(shape);
            let range = start..start + shape.len();
            Variable {
                name: name.into(),
                shape,
                range,
                initializer: Initializer::Constant(0.0),
                given: None,
            }
        };
        vec![
            one("a.kernel.loc", &[2, 3], 0),
            one("a.kernel.rho", &[2, 3], 6),
            one("y.scale.rho", &[], 12),
        ]
    }

    /// What an engine with a slot of an optimizer keeps.
    fn sections<'a>(values: &'a mut [f32], slot: &'a mut [f32]) -> Vec<Section<'a>> {
        let mut all = engine::sections("", &variables(), values);
        all.extend(engine::sections("optimizer.m/", &variables(), slot));
        all
    }

    #[test]
    fn a_checkpoint_comes_back_bit_for_bit_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("checkpoint.safetensors");
        let mut values: Vec<f32> = (0..13).map(|i| (i as f32).sin()).collect();
        let mut slot: Vec<f32> = (0..13).map(|i| (i as f32).cos()).collect();
        let mut counters = Counters {
            step: 7,
            ..Counters::default()
        };
        counters.sums.target.nll = 0.1 + 0.2;
        save(&path, "m", sections(&mut values, &mut slot), &counters).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        save(&path, "m", sections(&mut values, &mut slot), &counters).unwrap();
        assert_eq!(
            std::fs::read(&path).unwrap(),
            bytes,
            "the same state makes the same file"
        );
        // It is written piece by piece, as the library writes it whole.
        let (_, metadata) = SafeTensors::read_metadata(&bytes).unwrap();
        let tensors = SafeTensors::deserialize(&bytes).unwrap().tensors();
        let whole = safetensors::serialize(tensors, metadata.metadata().clone()).unwrap();
        assert_eq!(bytes, whole);

        let (mut read, mut read_slot) = (vec![0.0; 13], vec![0.0; 13]);
        let found = load(&path, "m", sections(&mut read, &mut read_slot)).unwrap();
        assert_eq!((found, &read, &read_slot), (counters, &values, &slot));

        let mut load = |model| {
            let weights = engine::sections("", &variables(), &mut read);
            load(&path, model, weights).map_err(|failure| failure.diagnostics[0].code)
        };
        assert_eq!(load("other"), Err("E0606"));
        for cut in [0, 7, 100, bytes.len() - 1] {
            std::fs::write(&path, &bytes[..cut]).unwrap();
            assert_eq!(load("m"), Err("E0605"), "cut at {cut}");
        }
        let step = bytes.windows(9).position(|w| w == b"step\\\":7,").unwrap() + 7;
        for place in [step, bytes.len() - 1] {
            let mut altered = bytes.clone();
            altered[place] ^= 1;
            std::fs::write(&path, &altered).unwrap();
            assert_eq!(
                load("m"),
                Err("E0605"),
                "{}",
                String::from_utf8_lossy(&altered[..400])
            );
        }
        std::fs::remove_file(&path).unwrap();
        assert_eq!(load("m"), Err("E0605"));
    }

    #[test]
    fn a_fingerprint_sees_source_constants_and_shapes() {
        let base = model_fingerprint("model a", &[], &variables());
        assert_ne!(base, model_fingerprint("model b", &[], &variables()));
        assert_ne!(
            base,
            model_fingerprint("model a", &[("k".into(), "1".into())], &variables())
        );
        assert_ne!(base, model_fingerprint("model a", &[], &variables()[..2]));
    }
}
