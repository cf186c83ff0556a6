//! Compressed arrays, unpacked to a temporary file: none of their rows can be found otherwise.

use crate::data::error::unreadable;
use crate::data::streaming::temporary_folder;
use crate::diagnostic::{Diagnostic, Failure, Result};
use crate::words::bytes;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

/// Bytes that are unpacked at once.
const PIECE: usize = 1 << 18;

/// What `reader` gives, `expected` bytes, in a file without a name, which is gone with the program; `failed` makes the
/// message of what cannot be read of `packed`.
///
/// # Errors
///
/// `E0503` where there is no room, and what `failed` makes.
pub(in crate::data) fn unpack(
    packed: &Path,
    mut reader: impl Read,
    expected: u64,
    failed: impl Fn(String) -> Failure,
) -> Result<File> {
    let folder = temporary_folder();
    let no_room = |error: &io::Error| -> Failure {
        let title = format!(
            "`{}` cannot be unpacked to `{}`",
            packed.display(),
            folder.display()
        );
        Diagnostic::error("E0503", title)
            .note(error.to_string())
            .note(format!("unpacked, its inputs take {}", bytes(expected)))
            .help("an array that is not compressed is read where it is: `np.savez` instead of `np.savez_compressed`; or `TMPDIR` names a folder with more room")
            .into()
    };
    let mut file = tempfile::tempfile_in(&folder).map_err(|error| no_room(&error))?;
    let (mut piece, mut found) = (vec![0; PIECE], 0);
    loop {
        let read = match reader.read(&mut piece) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(failed(error.to_string())),
        };
        found += read as u64;
        if found > expected {
            break;
        }
        file.write_all(&piece[..read])
            .map_err(|error| no_room(&error))?;
    }
    if found != expected {
        let found = if found > expected {
            "more".into()
        } else {
            found.to_string()
        };
        return Err(failed(format!(
            "expected {expected} bytes of values, found {found}"
        )));
    }
    file.flush()
        .map_err(|error| unreadable(&folder, "write", &error))?;
    Ok(file)
}
