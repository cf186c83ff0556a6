//! Unpacking an archive: the expected files and no others, each whole or not there at all.

use super::catalog::Form;
use super::error::unreadable;
use super::verify::{digest, hex};
use crate::diagnostic::{Diagnostic, Result};
use flate2::read::MultiGzDecoder;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::path::Path;

/// Takes the files `forms`, which lie in the archive's folder `inside`, out of a `.tar.gz` into `folder`.
///
/// What else the archive holds, links and paths that leave the folder among it, is passed over.
pub(crate) fn unpack(archive: &Path, forms: &[Form], inside: &str, folder: &Path) -> Result<()> {
    let fault = |e: io::Error| unreadable(archive, "unpack", &e);
    let file = crate::files::open(archive).map_err(fault)?;
    let mut tar = tar::Archive::new(MultiGzDecoder::new(BufReader::new(file)));
    let mut missing: Vec<&Form> = forms.iter().collect();
    for entry in tar.entries().map_err(fault)? {
        let entry = entry.map_err(fault)?;
        let name = entry.path().map_err(fault)?.into_owned();
        let wanted = missing
            .iter()
            .position(|form| name == Path::new(inside).join(form.name));
        let Some(wanted) = wanted.filter(|_| entry.header().entry_type().is_file()) else {
            continue;
        };
        write(entry, missing.remove(wanted), archive, folder)?;
    }
    match missing.first() {
        None => Ok(()),
        Some(form) => Err(Diagnostic::error(
            "E0512",
            format!("`{}` holds no {}", archive.display(), form.name),
        )
        .into()),
    }
}

fn write(entry: impl Read, form: &Form, archive: &Path, folder: &Path) -> Result<()> {
    let part = folder.join(format!("{}.part", form.name));
    let fault = |e: io::Error| unreadable(&part, "write", &e);
    let mut hash = Sha256::new();
    let mut file = File::create(&part).map_err(fault)?;
    let mut tee = Tee {
        reader: entry.take(form.bytes + 1),
        file: &mut file,
    };
    let copied = digest(&mut tee, &mut hash)
        .and_then(|()| file.flush())
        .and_then(|()| file.sync_all());
    let found = hex(hash);
    if copied.is_err() || found != form.sha256 {
        // The message below says what went wrong; a part that stays behind is overwritten next time.
        let _ = std::fs::remove_file(&part);
        copied.map_err(fault)?;
        return Err(Diagnostic::error(
            "E0512",
            format!(
                "{} in `{}` is not the published file",
                form.name,
                archive.display()
            ),
        )
        .note(format!(
            "expected the sha256 {}, found {found}",
            form.sha256
        ))
        .into());
    }
    std::fs::rename(&part, folder.join(form.name)).map_err(fault)
}

/// A reader whose bytes go to a file as they are read.
struct Tee<'a, R> {
    reader: R,
    file: &'a mut File,
}

impl<R: Read> Read for Tee<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.reader.read(buffer)?;
        self.file.write_all(&buffer[..n])?;
        Ok(n)
    }
}
