//! An array in a file whose rows lie one after the other, read at their places.

use super::{Kind, Source};
use crate::data::Values;
use crate::data::error::{corrupt, unreadable};
use crate::diagnostic::Result;
use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::time::SystemTime;

/// How the bytes of rows become numbers.
pub(in crate::data) struct Numbers {
    /// Bytes of a number in the file.
    pub(in crate::data) width: usize,
    /// What they are once they are read.
    pub(in crate::data) kind: Kind,
    /// Makes numbers of the bytes of some rows; the error is a sentence.
    #[allow(clippy::type_complexity)]
    pub(in crate::data) of:
        Box<dyn Fn(Vec<u8>) -> std::result::Result<Values, String> + Send + Sync>,
}

impl Numbers {
    /// Numbers of eight bytes, the lowest first.
    pub(in crate::data) fn float64() -> Numbers {
        let of = |bytes: Vec<u8>| {
            let all = bytes.as_chunks().0.iter();
            Ok(Values::F64(all.map(|x| f64::from_le_bytes(*x)).collect()))
        };
        Numbers {
            width: 8,
            kind: Kind::F64,
            of: Box::new(of),
        }
    }
}

/// An array in a file.
pub(in crate::data) struct FileArray {
    path: PathBuf,
    file: File,
    /// What the file was when it was opened.
    stamp: Stamp,
    start: u64,
    rows: usize,
    width: usize,
    numbers: Numbers,
}

type Stamp = (u64, Option<SystemTime>);

fn stamp(file: &File) -> io::Result<Stamp> {
    let found = file.metadata()?;
    Ok((found.len(), found.modified().ok()))
}

impl FileArray {
    /// `rows` rows of `width` numbers each, the first of which begins at the byte `start` of `file`. Messages call it
    /// `path`.
    ///
    /// # Errors
    ///
    /// `E0503` where the system does not say what the file is, `E0504` where it is shorter than that.
    pub(in crate::data) fn new(
        path: PathBuf,
        file: File,
        start: u64,
        [rows, width]: [usize; 2],
        numbers: Numbers,
    ) -> Result<FileArray> {
        let stamp = stamp(&file).map_err(|error| unreadable(&path, "read", &error))?;
        let values = (rows as u64).checked_mul(width as u64 * numbers.width as u64);
        let expected = values.and_then(|values| values.checked_add(start));
        if expected.is_none_or(|expected| expected > stamp.0) {
            let expected = expected.map_or("more than there can be".into(), |n| n.to_string());
            let note = format!("expected {expected} bytes, found {}", stamp.0);
            return Err(corrupt(&path, "is truncated").note(note).into());
        }
        Ok(FileArray {
            path,
            file,
            stamp,
            start,
            rows,
            width,
            numbers,
        })
    }

    fn refuse_changed(&self) -> Result<()> {
        let now = stamp(&self.file).map_err(|error| unreadable(&self.path, "read", &error))?;
        if now == self.stamp {
            return Ok(());
        }
        let message = corrupt(&self.path, "has changed while it was read");
        let ([before, _], now) = ([self.stamp.0, 0], now.0);
        Err(match before == now {
            true => message.note("it was written to after it had been opened"),
            false => message.note(format!("it had {before} bytes, and has {now}")),
        }
        .help(
            "its rows are read as they are needed: leave the file as it is until the program ends",
        )
        .into())
    }
}

impl Source for FileArray {
    fn rows(&self) -> usize {
        self.rows
    }

    fn width(&self) -> usize {
        self.width
    }

    fn kind(&self) -> Kind {
        self.numbers.kind
    }

    fn read(&self, rows: &[usize]) -> Result<Values> {
        self.refuse_changed()?;
        let row = self.width * self.numbers.width;
        let mut bytes = vec![0; rows.len() * row];
        let mut rest = &mut bytes[..];
        // Rows that follow each other are read at once.
        for run in rows.chunk_by(|one, next| one + 1 == *next) {
            let (part, left) = rest.split_at_mut(run.len() * row);
            rest = left;
            let start = self.start + run[0] as u64 * row as u64;
            read_at(&self.file, part, start).map_err(|error| match error.kind() {
                // Cut off since it was looked at.
                io::ErrorKind::UnexpectedEof => match self.refuse_changed() {
                    Err(failure) => failure,
                    Ok(()) => unreadable(&self.path, "read", &error),
                },
                _ => unreadable(&self.path, "read", &error),
            })?;
        }
        (self.numbers.of)(bytes)
            .map_err(|error| corrupt(&self.path, "cannot be read").note(error).into())
    }
}

#[cfg(unix)]
fn read_at(file: &File, into: &mut [u8], start: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, into, start)
}

#[cfg(windows)]
fn read_at(file: &File, mut into: &mut [u8], mut start: u64) -> io::Result<()> {
    while !into.is_empty() {
        match std::os::windows::fs::FileExt::seek_read(file, into, start) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(read) => (into, start) = (&mut into[read..], start + read as u64),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
