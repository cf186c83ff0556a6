//! IDX, the format of MNIST: a magic number with the number of axes, the axis lengths (big-endian
//! u32), then the bytes, outermost axis first. A name that ends in `.gz` is decompressed.

use super::catalog::{CatalogEntry, DataFile, Origin};
use super::error::{corrupt, unreadable, wrong_length};
use super::{Dataset, Facts, Seen, Split, Values};
use crate::diagnostic::Result;
use crate::tensor::Shape;
use flate2::read::MultiGzDecoder;
use std::io::{self, BufReader, Read};
use std::path::Path;

/// A named data set of four IDX files: training images and labels, test images and labels.
pub(crate) struct Images {
    pub name: &'static str,
    pub summary: &'static str,
    pub folders: &'static [&'static str],
    pub url: &'static str,
    pub classes: &'static [&'static str],
    pub files: &'static [DataFile],
}

impl CatalogEntry for Images {
    fn name(&self) -> &'static str {
        self.name
    }

    fn summary(&self) -> &'static str {
        self.summary
    }

    fn folders(&self) -> &'static [&'static str] {
        self.folders
    }

    fn files(&self) -> &'static [DataFile] {
        self.files
    }

    fn origin(&self) -> Option<Origin> {
        Some(Origin::Files { url: self.url })
    }

    fn known_facts(&self) -> Facts {
        Facts::images(self.name, [60_000, 10_000], [28, 28, 1], self.classes)
    }

    fn found_facts(&self, folder: &Path) -> Result<Facts> {
        facts(self, folder)
    }

    fn read(&self, folder: &Path) -> Result<Dataset> {
        dataset(self, folder)
    }
}

/// The most axes a file may have: examples, rows, columns.
const MOST_AXES: usize = 3;

/// The axis lengths of an IDX file of bytes, and a reader at its first value.
fn open(path: &Path, axes: usize) -> Result<(Vec<u64>, Box<dyn Read>)> {
    let file = BufReader::new(crate::files::open(path).map_err(|e| unreadable(path, "open", &e))?);
    let compressed = path
        .extension()
        .is_some_and(|e| e.eq_ignore_ascii_case("gz"));
    let reader: Box<dyn Read> = if compressed {
        Box::new(MultiGzDecoder::new(file))
    } else {
        Box::new(file)
    };
    header(path, reader, axes)
}

fn header<R: Read>(path: &Path, mut reader: R, axes: usize) -> Result<(Vec<u64>, R)> {
    let mut bytes = [0; 4 + 4 * MOST_AXES];
    let bytes = &mut bytes[..4 + 4 * axes];
    let (found, error) = fill(&mut reader, bytes);
    if let Some(error) = error.filter(|e| e.kind() != io::ErrorKind::UnexpectedEof) {
        return Err(unreadable(path, "read", &error));
    }
    if found < bytes.len() {
        return Err(wrong_length(
            path,
            bytes.len() as u64,
            found as u64,
            "the IDX header",
        ));
    }
    let expected = [0, 0, 8, axes as u8];
    if bytes[..4] != expected {
        return Err(corrupt(path, "is not an IDX file of bytes")
            .note(format!(
                "expected it to begin with {expected:?}, found {:?}",
                &bytes[..4]
            ))
            .into());
    }
    let length = |b: &[u8]| u64::from(u32::from_be_bytes([b[0], b[1], b[2], b[3]]));
    Ok((bytes[4..].chunks(4).map(length).collect(), reader))
}

/// Reads until `buffer` is full or the end; how much was read, and the error that ended it.
fn fill(reader: &mut impl Read, buffer: &mut [u8]) -> (usize, Option<io::Error>) {
    let mut found = 0;
    while found < buffer.len() {
        match reader.read(&mut buffer[found..]) {
            Ok(0) => return (found, None),
            Ok(n) => found += n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return (found, Some(e)),
        }
    }
    (found, None)
}

/// The axis lengths and the values of an IDX file.
fn read(path: &Path, axes: usize) -> Result<(Vec<u64>, Vec<u8>)> {
    let (lengths, reader) = open(path, axes)?;
    values(path, lengths, reader)
}

fn values(path: &Path, lengths: Vec<u64>, reader: impl Read) -> Result<(Vec<u64>, Vec<u8>)> {
    let product = lengths.iter().try_fold(1u64, |all, n| all.checked_mul(*n));
    let expected = product
        .filter(|&n| n > 0 && n < u64::MAX / 2)
        .ok_or_else(|| {
            corrupt(
                path,
                "says that it holds no values, or more than there can be",
            )
            .note(format!("its axis lengths are {lengths:?}"))
        })?;
    let mut values = Vec::new();
    let end = reader.take(expected + 1).read_to_end(&mut values);
    let found = values.len() as u64;
    // A stream that ends too early is told by its length; one that cannot be decompressed is not truncated.
    if let Err(e) = &end
        && e.kind() != io::ErrorKind::UnexpectedEof
    {
        return Err(corrupt(path, "is corrupt").note(e.to_string()).into());
    }
    if found != expected {
        let header = 4 + 4 * lengths.len() as u64;
        let axes = lengths
            .iter()
            .map(u64::to_string)
            .collect::<Vec<_>>()
            .join(" x ");
        let why = format!("{axes} after a header of {header}, decompressed");
        return Err(wrong_length(path, expected + header, found + header, &why));
    }
    match end {
        Err(e) => Err(corrupt(path, "is corrupt").note(e.to_string()).into()),
        Ok(_) => Ok((lengths, values)),
    }
}

/// Images and their labels, as one part of a data set.
fn split(images: &Path, labels: &Path) -> Result<Split> {
    let (images_read, labels_read) = rayon::join(|| read(images, 3), || read(labels, 1));
    let ((lengths, pixels), (_, targets)) = (images_read?, labels_read?);
    same_count(images, lengths[0], labels, targets.len() as u64)?;
    Ok(Split {
        inputs: Values::U8(pixels),
        input_shape: Shape::new(&[lengths[1] as usize, lengths[2] as usize, 1]),
        len: targets.len(),
        targets: Values::U8(targets),
        target_shape: Shape::default(),
    })
}

fn same_count(images: &Path, n_images: u64, labels: &Path, n_labels: u64) -> Result<()> {
    if n_images == n_labels {
        return Ok(());
    }
    Err(corrupt(
        labels,
        format!("has {n_labels} labels for {n_images} images"),
    )
    .note(format!("the images are in `{}`", images.display()))
    .into())
}

/// The whole data set.
fn dataset(entry: &Images, folder: &Path) -> Result<Dataset> {
    let path = |index: usize| entry.files()[index].path(folder, entry);
    let (train, test) = (split(&path(0)?, &path(1)?)?, split(&path(2)?, &path(3)?)?);
    if train.input_shape != test.input_shape {
        return Err(
            corrupt(&path(2)?, format!("has images of {}", test.input_shape))
                .note(format!(
                    "those of the training part are {}",
                    train.input_shape
                ))
                .into(),
        );
    }
    let class_names = entry.known_facts().class_names;
    Ok(Dataset {
        name: entry.name().into(),
        train,
        test: Some(test),
        file_rows: None,
        columns: None,
        seen: Seen::default(),
        class_names,
    })
}

/// What the headers of the four files say.
fn facts(entry: &Images, folder: &Path) -> Result<Facts> {
    let mut facts = entry.known_facts();
    let mut counts = [0; 2];
    for (part, count) in counts.iter_mut().enumerate() {
        let images = entry.files()[2 * part].path(folder, entry)?;
        let labels = entry.files()[2 * part + 1].path(folder, entry)?;
        let (lengths, _) = open(&images, 3)?;
        same_count(&images, lengths[0], &labels, open(&labels, 1)?.0[0])?;
        *count = lengths[0] as usize;
        facts.input_shape = Shape::new(&[lengths[1] as usize, lengths[2] as usize, 1]);
    }
    (facts.train, facts.test) = (counts[0], Some(counts[1]));
    Ok(facts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, write::GzEncoder};
    use proptest::prelude::*;
    use std::io::Write;

    fn idx(lengths: &[u32], values: usize) -> Vec<u8> {
        let mut bytes = vec![0, 0, 8, lengths.len() as u8];
        bytes.extend(lengths.iter().flat_map(|n| n.to_be_bytes()));
        bytes.extend((0..values).map(|i| i as u8));
        bytes
    }

    fn parse(bytes: &[u8], axes: usize) -> Result<(Vec<u64>, Vec<u8>)> {
        let (lengths, rest) = header(Path::new("f"), bytes, axes)?;
        values(Path::new("f"), lengths, rest)
    }

    #[test]
    fn a_truncated_file_says_what_was_expected_and_found() {
        let message = parse(&idx(&[2, 3, 3], 17), 3)
            .unwrap_err()
            .diagnostics
            .remove(0);
        assert_eq!(message.title, "`f` is truncated");
        assert_eq!(
            message.notes,
            ["expected 34 bytes (2 x 3 x 3 after a header of 16, decompressed), found 33"]
        );
        let longer = parse(&idx(&[2, 3, 3], 19), 3).unwrap_err();
        assert_eq!(
            longer.diagnostics[0].title,
            "`f` is longer than its contents"
        );
        assert!(parse(&idx(&[u32::MAX, u32::MAX, u32::MAX], 0), 3).is_err());
        assert!(parse(&idx(&[0], 0), 1).is_err());
        assert!(
            parse(&idx(&[4], 4), 3)
                .unwrap_err()
                .to_string()
                .contains("f")
        );
    }

    #[test]
    fn a_truncated_gzip_stream_is_a_message() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("labels.gz");
        let mut encoder = GzEncoder::new(vec![], Compression::fast());
        encoder.write_all(&idx(&[3000], 3000)).unwrap();
        let bytes = encoder.finish().unwrap();
        std::fs::write(&path, &bytes).unwrap();
        assert_eq!(read(&path, 1).unwrap().1.len(), 3000);
        for end in [0, 5, bytes.len() / 2, bytes.len() - 1] {
            std::fs::write(&path, &bytes[..end]).unwrap();
            assert_eq!(
                read(&path, 1).unwrap_err().diagnostics[0].code,
                "E0504",
                "{end} bytes"
            );
        }
    }

    /// Stored, so that the flipped byte is one of the values and only the checksum can tell.
    #[test]
    fn a_damaged_gzip_stream_is_corrupt_and_not_truncated() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("labels.gz");
        let mut encoder = GzEncoder::new(vec![], Compression::none());
        encoder.write_all(&idx(&[3000], 3000)).unwrap();
        let bytes = encoder.finish().unwrap();
        for place in [bytes.len() / 2, bytes.len() - 6] {
            let mut damaged = bytes.clone();
            damaged[place] ^= 0x10;
            std::fs::write(&path, &damaged).unwrap();
            let message = read(&path, 1).unwrap_err().diagnostics.remove(0);
            assert_eq!(message.code, "E0504");
            assert!(message.title.ends_with("is corrupt"), "{}", message.title);
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64), axes in 1usize..=3) {
            let _ = parse(&bytes, axes);
            let mut headed = vec![0, 0, 8, axes as u8];
            headed.extend(bytes);
            let _ = parse(&headed, axes);
        }
    }
}
