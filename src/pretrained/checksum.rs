//! The checksum that a checkpoint of bnnc keeps of itself: the SHA-256 of its tensors by name, then of its header.
//!
//! The header is the metadata entry `bnnc`, JSON whose last key is `sha256`; what stands before that key is summed.
//! Files of format 1 sum their tensors alone.

use safetensors::SafeTensors;
use sha2::{Digest, Sha256};

/// What stands between the header and its checksum.
pub const KEY: &str = ",\"sha256\":\"";

/// A checksum under way.
#[derive(Default)]
pub struct Checksum(Sha256);

impl Checksum {
    /// Takes in a tensor; they come in the order of their names.
    pub fn tensor(&mut self, name: &str, bytes: &[u8]) {
        self.0.update(name);
        self.0.update(bytes);
    }

    /// The sum, with the header up to its checksum; in hexadecimal digits.
    pub fn finish(mut self, header: &str) -> String {
        self.0.update(header);
        let hash = self.0.finalize();
        hash.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// The header of a checkpoint; `None` of a file of another program.
///
/// # Errors
///
/// What is wrong with the file, in words.
pub fn header(file: &[u8]) -> Result<Option<String>, String> {
    let (_, metadata) = SafeTensors::read_metadata(file).map_err(|error| error.to_string())?;
    let entries = metadata.metadata().as_ref();
    Ok(entries.and_then(|entries| entries.get("bnnc").cloned()))
}

/// Compares the checksum that a header states with that of its tensors and of itself.
///
/// # Errors
///
/// What is wrong with the file, in words.
pub fn verify(header: &str, tensors: &SafeTensors) -> Result<(), String> {
    let (head, stated) = header.rsplit_once(KEY).ok_or("its header has no sha256")?;
    let mut all: Vec<_> = tensors.iter().collect();
    all.sort_unstable_by_key(|(name, _)| *name);
    let mut sum = Checksum::default();
    for (name, view) in all {
        sum.tensor(name, view.data());
    }
    let summed = match head.starts_with("{\"format\":1,") {
        true => "",
        false => head,
    };
    match sum.finish(summed) == stated.trim_end_matches(['"', '}']) {
        true => Ok(()),
        false => Err("it does not have the sha256 that it states".into()),
    }
}

/// [`verify`] of a file that may be a checkpoint or not.
///
/// # Errors
///
/// What is wrong with the file, in words.
pub fn check(file: &[u8], tensors: &SafeTensors) -> Result<(), String> {
    header(file)?.map_or(Ok(()), |header| verify(&header, tensors))
}
