//! Numbers that are unpacked to a temporary file: compressed arrays, none of whose rows can be found otherwise, and the
//! rows of tables.

use crate::data::streaming::temporary_folder;
use crate::diagnostic::{Diagnostic, Failure, Result};
use crate::words::bytes;
use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

/// Bytes that are unpacked at once.
const PIECE: usize = 1 << 18;

/// A file without a name, which is gone with the program.
pub(in crate::data) struct Scratch {
    /// What is unpacked.
    packed: PathBuf,
    folder: PathBuf,
    file: BufWriter<File>,
    /// How many bytes will be written.
    expected: u64,
    /// What to do where there is no room for them.
    help: &'static str,
}

impl Scratch {
    /// For `expected` bytes that are unpacked out of `packed`; `help` says what to do where there is no room.
    ///
    /// # Errors
    ///
    /// `E0503` where no file can be made.
    pub(in crate::data) fn new(
        packed: &Path,
        expected: u64,
        help: &'static str,
    ) -> Result<Scratch> {
        let folder = temporary_folder();
        let file = tempfile::tempfile_in(&folder);
        let file = file.map_err(|error| no_room(packed, &folder, expected, help, &error))?;
        Ok(Scratch {
            packed: packed.to_owned(),
            folder,
            file: BufWriter::with_capacity(PIECE, file),
            expected,
            help,
        })
    }

    fn failed(&self, error: &io::Error) -> Failure {
        no_room(&self.packed, &self.folder, self.expected, self.help, error)
    }

    /// Appends bytes.
    ///
    /// # Errors
    ///
    /// `E0503` where there is no room.
    pub(in crate::data) fn write(&mut self, bytes: &[u8]) -> Result<()> {
        let written = self.file.write_all(bytes);
        written.map_err(|error| self.failed(&error))
    }

    /// The file, once all is written.
    ///
    /// # Errors
    ///
    /// `E0503` where there is no room.
    pub(in crate::data) fn finish(mut self) -> Result<File> {
        let flushed = self.file.flush();
        flushed.map_err(|error| self.failed(&error))?;
        let (file, _) = self.file.into_parts();
        Ok(file)
    }
}

fn no_room(packed: &Path, folder: &Path, expected: u64, help: &str, error: &io::Error) -> Failure {
    let title = format!(
        "`{}` cannot be unpacked to `{}`",
        packed.display(),
        folder.display()
    );
    Diagnostic::error("E0503", title)
        .note(error.to_string())
        .note(format!("unpacked, its inputs take {}", bytes(expected)))
        .help(help)
        .into()
}

/// What `reader` gives, `expected` bytes, in a file without a name; `failed` makes the message of what cannot be read of
/// `packed`.
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
    let help = "an array that is not compressed is read where it is: `np.savez` instead of `np.savez_compressed`; or \
                `TMPDIR` names a folder with more room";
    let mut scratch = Scratch::new(packed, expected, help)?;
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
        scratch.write(&piece[..read])?;
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
    scratch.finish()
}
