//! Checkpoints: every variable under its name, the optimizer's state, and how far the run is, in one
//! safetensors file.
//!
//! Variables lie as Keras has them (a dense kernel `[in, out]`, a convolution's `[kh, kw, C_in, C_out]`)
//! in float32 under the names of `bnnc check --emit plan`: `conv1.kernel.loc`. The optimizer's state of
//! a variable is `optimizer.m/conv1.kernel.loc`. The metadata entry `bnnc` is JSON with the format's
//! version, the model's fingerprint, the step, the sums of the epoch under way, and the sha256 of the
//! tensors.

use super::files::{failed, write_whole_with};
use super::metrics::EpochSums;
use crate::diagnostic::{Diagnostic, Failure, Result};
use crate::optimizer::State;
use crate::plan::Variable;
use safetensors::tensor::{Dtype, Metadata, SafeTensors, TensorInfo};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::io::Write;
use std::path::Path;

/// The version of the format.
const FORMAT: u32 = 1;

/// How far a run is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Counters {
    /// Steps done.
    pub step: u64,
    /// Of the epoch under way.
    pub sums: EpochSums,
}

#[derive(Serialize, Deserialize)]
struct Header {
    format: u32,
    model: String,
    counters: Counters,
    sha256: String,
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

/// A tensor of a checkpoint: a variable's values, or what the optimizer keeps for it in one slot.
struct Stored<'a> {
    name: String,
    variable: &'a Variable,
    slot: Option<usize>,
}

impl Stored<'_> {
    /// Little-endian bytes, in which safetensors keeps its numbers.
    fn bytes(&self, values: &[f32], optimizer: &State<f32>) -> Vec<u8> {
        let range = self.variable.range.clone();
        let mut bytes = vec![0; 4 * range.len()];
        let places = bytes.chunks_exact_mut(4);
        let values = match self.slot {
            None => values,
            Some(slot) => optimizer.slot(slot),
        };
        let put = |(place, x): (&mut [u8], &f32)| place.copy_from_slice(&x.to_le_bytes());
        places.zip(&values[range]).for_each(put);
        bytes
    }
}

/// Writes a checkpoint; the one before stays until the new one is whole. Tensors are made into bytes one by
/// one: a checkpoint is three times as large as the model, and there need not be room for it in memory.
pub fn save(
    path: &Path,
    model: &str,
    variables: &[Variable],
    values: &[f32],
    optimizer: &State<f32>,
    counters: &Counters,
) -> Result<()> {
    let mut stored: Vec<Stored> = vec![];
    for variable in variables {
        let of = |name: String, slot| Stored {
            name,
            variable,
            slot,
        };
        stored.push(of(variable.name.clone(), None));
        for (slot, name) in optimizer.slots().iter().enumerate() {
            stored.push(of(
                format!("optimizer.{name}/{}", variable.name),
                Some(slot),
            ));
        }
    }
    // As safetensors has them.
    stored.sort_by(|a, b| a.name.cmp(&b.name));
    let mut hash = Sha256::new();
    let mut end = 0;
    let mut places = vec![];
    for tensor in &stored {
        let bytes = tensor.bytes(values, optimizer);
        digest_one(&mut hash, &tensor.name, &bytes);
        let place = TensorInfo {
            dtype: Dtype::F32,
            shape: tensor.variable.shape.0.clone(),
            data_offsets: (end, end + bytes.len()),
        };
        end += bytes.len();
        places.push((tensor.name.clone(), place));
    }
    let header = Header {
        format: FORMAT,
        model: model.into(),
        counters: counters.clone(),
        sha256: hex(hash),
    };
    let header = serde_json::to_string(&header).expect("finite numbers and text");
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
        stored
            .iter()
            .try_for_each(|tensor| file.write_all(&tensor.bytes(values, optimizer)))
    })
}

/// Of every tensor, in the order of their names.
fn digest<'a>(tensors: impl Iterator<Item = (&'a str, &'a [u8])>) -> String {
    let mut tensors: Vec<_> = tensors.collect();
    tensors.sort_unstable_by_key(|(name, _)| *name);
    let mut hash = Sha256::new();
    for (name, bytes) in tensors {
        digest_one(&mut hash, name, bytes);
    }
    hex(hash)
}

fn digest_one(hash: &mut Sha256, name: &str, bytes: &[u8]) {
    hash.update(name);
    hash.update(bytes);
}

fn damaged(path: &Path, fact: impl std::fmt::Display) -> Failure {
    Diagnostic::error(
        "E0605",
        format!("the checkpoint `{}` is damaged", path.display()),
    )
    .note(fact.to_string())
    .into()
}

/// Reads a checkpoint of the model with this fingerprint into `values`, and into the optimizer's state
/// where one is given.
///
/// # Errors
///
/// `E0605` where it is missing, truncated or altered, `E0606` where it is of another model.
pub fn load(
    path: &Path,
    model: &str,
    variables: &[Variable],
    values: &mut [f32],
    optimizer: Option<&mut State<f32>>,
) -> Result<Counters> {
    let file = std::fs::read(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Diagnostic::error(
            "E0605",
            format!("there is no checkpoint `{}`", path.display()),
        )
        .into(),
        _ => failed(path, "read", &error),
    })?;
    let tensors = SafeTensors::deserialize(&file).map_err(|error| damaged(path, error))?;
    let (_, metadata) = SafeTensors::read_metadata(&file).map_err(|error| damaged(path, error))?;
    let header = metadata
        .metadata()
        .as_ref()
        .and_then(|entries| entries.get("bnnc"));
    let header = header.ok_or_else(|| damaged(path, "it has no metadata entry `bnnc`"))?;
    let version = serde_json::from_str::<serde_json::Value>(header)
        .ok()
        .and_then(|h| h["format"].as_u64());
    if version.is_some_and(|v| v != u64::from(FORMAT)) {
        let title = format!("the checkpoint `{}` is of another version", path.display());
        return Err(Diagnostic::error("E0605", title)
            .note(format!(
                "its format is {}, this program's is {FORMAT}",
                version.unwrap_or_default()
            ))
            .into());
    }
    let header: Header = serde_json::from_str(header).map_err(|error| damaged(path, error))?;
    if header.model != model {
        let title = format!("the checkpoint `{}` is of another model", path.display());
        return Err(Diagnostic::error("E0606", title)
            .note("the model's source, a constant set from outside, or a variable's shape differs")
            .into());
    }
    if digest(tensors.iter().map(|(name, view)| (name, view.data()))) != header.sha256 {
        return Err(damaged(
            path,
            "its tensors do not have the sha256 that it states",
        ));
    }
    let read = |name: &str, variable: &Variable, into: &mut [f32]| -> Result<()> {
        let view = tensors
            .tensor(name)
            .map_err(|_| damaged(path, format!("it has no tensor `{name}`")))?;
        if view.dtype() != Dtype::F32 || view.shape() != variable.shape.0 {
            return Err(damaged(
                path,
                format!("`{name}` is not float32{}", variable.shape),
            ));
        }
        for (value, bytes) in into[variable.range.clone()]
            .iter_mut()
            .zip(view.data().chunks_exact(4))
        {
            *value = f32::from_le_bytes(bytes.try_into().expect("four bytes"));
        }
        Ok(())
    };
    for variable in variables {
        read(&variable.name, variable, values)?;
    }
    if let Some(optimizer) = optimizer {
        for (slot, name) in optimizer.slots().iter().enumerate() {
            let mut state = vec![0.0; values.len()];
            for variable in variables {
                read(
                    &format!("optimizer.{name}/{}", variable.name),
                    variable,
                    &mut state,
                )?;
            }
            optimizer.set_slot(slot, &state);
        }
    }
    Ok(header.counters)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::Initializer;
    use crate::optimizer;
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

    fn state() -> State<f32> {
        let adam = optimizer::find("adam").unwrap();
        State::new(adam, optimizer::defaults(adam.signature()), 13)
    }

    #[test]
    fn a_checkpoint_comes_back_bit_for_bit_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("checkpoint.safetensors");
        let (variables, mut optimizer) = (variables(), state());
        let mut values: Vec<f32> = (0..13).map(|i| (i as f32).sin()).collect();
        optimizer.step(1, 0.1, &mut values, &[0.3; 13]);
        let mut counters = Counters {
            step: 7,
            sums: EpochSums::default(),
        };
        counters.sums.nll = 0.1 + 0.2;
        save(&path, "m", &variables, &values, &optimizer, &counters).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        save(&path, "m", &variables, &values, &optimizer, &counters).unwrap();
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

        let (mut read, mut read_state) = (vec![0.0; 13], state());
        let found = load(&path, "m", &variables, &mut read, Some(&mut read_state)).unwrap();
        assert_eq!((found, &read), (counters, &values));
        assert_eq!(
            (read_state.slot(0), read_state.slot(1)),
            (optimizer.slot(0), optimizer.slot(1))
        );

        let code = |result: Result<Counters>| result.unwrap_err().diagnostics[0].code;
        assert_eq!(
            code(load(&path, "other", &variables, &mut read, None)),
            "E0606"
        );
        for cut in [0, 7, 100, bytes.len() - 1] {
            std::fs::write(&path, &bytes[..cut]).unwrap();
            assert_eq!(
                code(load(&path, "m", &variables, &mut read, None)),
                "E0605",
                "cut at {cut}"
            );
        }
        let mut altered = bytes.clone();
        *altered.last_mut().unwrap() ^= 1;
        std::fs::write(&path, &altered).unwrap();
        assert_eq!(code(load(&path, "m", &variables, &mut read, None)), "E0605");
        std::fs::remove_file(&path).unwrap();
        assert_eq!(code(load(&path, "m", &variables, &mut read, None)), "E0605");
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
