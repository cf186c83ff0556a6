//! Whether the files of a named data set are those that were published.

use super::catalog::CatalogEntry;
use super::error::unreadable;
use crate::diagnostic::Result;
use sha2::{Digest, Sha256};
use std::io::Read;
use std::path::Path;

/// What comparing a file with its published checksum says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// It is the published file.
    Same,
    /// It is another: the sha256 that was published, and that of the file.
    Differs {
        /// As published.
        expected: &'static str,
        /// Of the file.
        found: String,
    },
    /// It is not there.
    Missing,
}

/// Compares every file of `entry` in `folder` with its checksum: the name of each, and its state.
pub fn verify(entry: &dyn CatalogEntry, folder: &Path) -> Result<Vec<(&'static str, State)>> {
    let compare = |file: &super::catalog::DataFile| {
        let Some((form, path)) = file.find(folder) else {
            return Ok((file.forms[0].name, State::Missing));
        };
        let found = sha256(&path)?;
        let same = found == form.sha256;
        let state = if same {
            State::Same
        } else {
            State::Differs {
                expected: form.sha256,
                found,
            }
        };
        Ok((form.name, state))
    };
    entry.files().iter().map(compare).collect()
}

/// The sha256 of a file, in hexadecimal.
pub(crate) fn sha256(path: &Path) -> Result<String> {
    let mut hash = Sha256::new();
    let mut file = crate::files::open(path).map_err(|e| unreadable(path, "open", &e))?;
    digest(&mut file, &mut hash).map_err(|e| unreadable(path, "read", &e))?;
    Ok(hex(hash))
}

/// Adds all that is left of `reader` to `hash`.
pub(crate) fn digest(reader: &mut impl Read, hash: &mut Sha256) -> std::io::Result<()> {
    let mut buffer = vec![0; 1 << 16];
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(n) => hash.update(&buffer[..n]),
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
}

/// The digest in hexadecimal.
pub(crate) fn hex(hash: Sha256) -> String {
    hash.finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::catalog;
    use super::*;

    #[test]
    fn a_file_is_the_same_or_differs_or_is_missing() {
        let folder = tempfile::tempdir().unwrap();
        let entry = catalog::require("mnist").unwrap();
        std::fs::write(folder.path().join("train-labels-idx1-ubyte"), b"abc").unwrap();
        let states = verify(entry, folder.path()).unwrap();
        assert_eq!(states[0], ("train-images-idx3-ubyte.gz", State::Missing));
        let (name, State::Differs { expected, found }) = &states[1] else {
            panic!("{states:?}")
        };
        assert_eq!(*name, "train-labels-idx1-ubyte");
        assert_ne!(expected, found);
        assert_eq!(
            found,
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }
}
