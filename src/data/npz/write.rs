//! Writing an archive whose arrays do not fit in memory.

use super::npy;
use std::io::{self, Seek, Write};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// An archive in the making: after [`Writer::begin`], the entries of that array are written to it, the last axis
/// innermost.
pub struct Writer<W: Write + Seek>(ZipWriter<W>);

/// What an array holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// float64, eight bytes each, the lowest first.
    Numbers,
    /// Texts of so many characters, four bytes each, the lowest first, with zeros behind a shorter text.
    Texts(usize),
}

impl<W: Write + Seek> Writer<W> {
    /// An archive without arrays.
    pub fn new(file: W) -> Self {
        Writer(ZipWriter::new(file))
    }

    /// Begins the next array.
    ///
    /// # Errors
    ///
    /// Two arrays of one name.
    pub fn begin(&mut self, name: &str, kind: Kind, shape: &[usize]) -> io::Result<()> {
        self.begin_with(name, kind, shape, SimpleFileOptions::default())
    }

    /// The same of an array that is not compressed.
    ///
    /// # Errors
    ///
    /// Two arrays of one name.
    pub fn begin_stored(&mut self, name: &str, kind: Kind, shape: &[usize]) -> io::Result<()> {
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
        self.begin_with(name, kind, shape, options)
    }

    fn begin_with(
        &mut self,
        name: &str,
        kind: Kind,
        shape: &[usize],
        options: SimpleFileOptions,
    ) -> io::Result<()> {
        let (kind, width) = match kind {
            Kind::Numbers => ("<f8".to_owned(), 8),
            Kind::Texts(width) => (format!("<U{width}"), 4 * width),
        };
        let header = npy::header(&kind, shape, 0);
        let entries: u64 = shape.iter().map(|n| *n as u64).product();
        let bytes = entries.saturating_mul(width as u64);
        // The sizes of a member take four bytes unless this is said beforehand.
        let large = bytes.saturating_add(header.len() as u64) >= u64::from(u32::MAX);
        let options = options.large_file(large);
        self.0.start_file(format!("{name}.npy"), options)?;
        self.0.write_all(&header)
    }

    /// Ends the archive.
    pub fn finish(self) -> io::Result<W> {
        Ok(self.0.finish()?)
    }
}

impl<W: Write + Seek> Write for Writer<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}
