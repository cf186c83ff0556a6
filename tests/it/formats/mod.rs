//! Files of other formats than text tables: a table in each of them is the same data set, and a damaged file of each
//! is an error.

mod images;
mod spreadsheets;
mod tables;

use crate::tables::{read, told};

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
