//! Files of other formats than text tables: a table in each of them is the same data set, and a damaged file of each
//! is an error.

mod images;
mod spreadsheets;
mod tables;

use bnnc::data::{Dataset, Request, load};
use bnnc::diagnostic::Failure;

/// Reads the file `name` of these bytes.
fn read(name: &str, bytes: &[u8], change: impl FnOnce(&mut Request)) -> Result<Dataset, Failure> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    let mut request = Request {
        data: path.display().to_string(),
        ..Request::default()
    };
    change(&mut request);
    load(&request)
}

/// The title, notes and helps of a failure.
fn told(failure: &Failure) -> String {
    let one = |message: &bnnc::diagnostic::Diagnostic| {
        let mut parts = vec![message.title.clone()];
        parts.extend(message.notes.clone());
        parts.extend(message.helps.iter().map(|help| help.text.clone()));
        parts.join("\n")
    };
    let all: Vec<String> = failure.diagnostics.iter().map(one).collect();
    all.join("\n")
}

/// Each prefix of some bytes, and the bytes with one of them changed: all are to be told or read, none may panic.
fn damaged(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> + '_ {
    let step = bytes.len().div_ceil(200);
    let shortened = (0..bytes.len())
        .step_by(step)
        .map(|end| bytes[..end].to_vec());
    let changed = (0..bytes.len()).step_by(step).flat_map(move |place| {
        [0x00, 0x10, 0x80, 0xFF].map(|mask| {
            let mut bytes = bytes.to_vec();
            bytes[place] = if mask == 0 { 0xFF } else { bytes[place] ^ mask };
            bytes
        })
    });
    shortened.chain(changed)
}
