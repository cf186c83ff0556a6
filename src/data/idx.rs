//! IDX, the format of MNIST: a magic number with the type of the values and the number of axes, the axis lengths
//! (big-endian u32), then the values (big-endian), outermost axis first. A name that ends in `.gz` is decompressed.

use super::catalog::{CatalogEntry, DataFile, Origin};
use super::error::{corrupt, unreadable, wrong_length};
use super::stored::{FileArray, Kind, Numbers, Stored, unpack};
use super::{Dataset, Facts, Seen, Split, Values};
use crate::diagnostic::{Failure, Result};
use crate::memory;
use crate::tensor::Shape;
use crate::words::count;
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
        Facts::images(self.name, [60_000, 10_000], &[28, 28, 1], self.classes)
    }

    fn found_facts(&self, folder: &Path) -> Result<Facts> {
        facts(self, folder)
    }

    fn read(&self, folder: &Path) -> Result<Dataset> {
        dataset(self, folder)
    }
}

/// What the values of a file are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Element {
    U8 = 0x08,
    I8 = 0x09,
    I16 = 0x0B,
    I32 = 0x0C,
    F32 = 0x0D,
    F64 = 0x0E,
}

impl Element {
    const ALL: [Element; 6] = [
        Element::U8,
        Element::I8,
        Element::I16,
        Element::I32,
        Element::F32,
        Element::F64,
    ];

    /// Bytes of a value.
    fn width(self) -> u64 {
        match self {
            Element::U8 | Element::I8 => 1,
            Element::I16 => 2,
            Element::I32 | Element::F32 => 4,
            Element::F64 => 8,
        }
    }

    /// What the numbers are once they are read.
    fn kind(self) -> Kind {
        match self {
            Element::U8 => Kind::U8,
            Element::I8 | Element::I16 | Element::F32 => Kind::F32,
            Element::I32 | Element::F64 => Kind::F64,
        }
    }

    /// The numbers in big-endian bytes, in the narrowest type that holds them.
    fn numbers(self, bytes: Vec<u8>) -> Values {
        fn each<const N: usize, T>(bytes: &[u8], number: fn([u8; N]) -> T) -> Vec<T> {
            bytes
                .as_chunks()
                .0
                .iter()
                .map(|chunk| number(*chunk))
                .collect()
        }
        match self {
            Element::U8 => Values::U8(bytes),
            Element::I8 => Values::F32(each(&bytes, |b| i8::from_be_bytes(b).into())),
            Element::I16 => Values::F32(each(&bytes, |b| i16::from_be_bytes(b).into())),
            Element::I32 => Values::F64(each(&bytes, |b| i32::from_be_bytes(b).into())),
            Element::F32 => Values::F32(each(&bytes, f32::from_be_bytes)),
            Element::F64 => Values::F64(each(&bytes, f64::from_be_bytes)),
        }
    }
}

/// What the first bytes of a file say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Header {
    element: Element,
    /// The lengths of the axes, one at least.
    pub(super) lengths: Vec<u64>,
}

impl Header {
    /// The axes behind the first, which counts the examples; 1 where there is none.
    pub(super) fn of_example(&self) -> Shape {
        match &self.lengths[1..] {
            [] => Shape::new(&[1]),
            axes => Shape::new(&axes.iter().map(|n| *n as usize).collect::<Vec<_>>()),
        }
    }
}

/// The header of an IDX file, and a reader at its first value.
pub(super) fn open(path: &Path) -> Result<(Header, Box<dyn Read>)> {
    let file = BufReader::new(crate::files::open(path).map_err(|e| unreadable(path, "open", &e))?);
    let mut reader: Box<dyn Read> = match is_compressed(path) {
        true => Box::new(MultiGzDecoder::new(file)),
        false => Box::new(file),
    };
    Ok((header(path, &mut reader)?, reader))
}

fn header(path: &Path, reader: &mut impl Read) -> Result<Header> {
    let mut start = [0; 4];
    take(path, reader, &mut start, 0)?;
    let element = Element::ALL
        .into_iter()
        .find(|element| *element as u8 == start[2]);
    let (Some(element), [0, 0, _, axes @ 1..=255]) = (element, start) else {
        return Err(corrupt(path, "is not an IDX file")
            .note(format!(
                "expected it to begin with 0, 0, a type from 8 to 14 and the number of axes, found {start:?}"
            ))
            .into());
    };
    let mut lengths = vec![0; 4 * usize::from(axes)];
    take(path, reader, &mut lengths, start.len())?;
    let length = |bytes: &[u8; 4]| u64::from(u32::from_be_bytes(*bytes));
    let lengths: Vec<u64> = lengths.as_chunks().0.iter().map(length).collect();
    let values = lengths.iter().try_fold(1u64, |all, n| all.checked_mul(*n));
    match values {
        Some(1..=MOST) => Ok(Header { element, lengths }),
        _ => Err(corrupt(
            path,
            "says that it holds no values, or more than there can be",
        )
        .note(format!("its axis lengths are {lengths:?}"))
        .into()),
    }
}

/// The most values of a file.
const MOST: u64 = u64::MAX / 16;

/// Fills `part` of the header, `before` bytes of which are read.
fn take(path: &Path, reader: &mut impl Read, part: &mut [u8], before: usize) -> Result<()> {
    let (found, error) = fill(reader, part);
    if let Some(error) = error.filter(|e| e.kind() != io::ErrorKind::UnexpectedEof) {
        return Err(unreadable(path, "read", &error));
    }
    let (expected, found) = ((before + part.len()) as u64, (before + found) as u64);
    match found < expected {
        true => Err(wrong_length(path, expected, found, "the IDX header")),
        false => Ok(()),
    }
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

impl Header {
    fn wrong_length(&self, path: &Path, expected: u64, found: u64) -> Failure {
        let axes = self.lengths.iter().map(u64::to_string);
        let axes = axes.collect::<Vec<_>>().join(" x ");
        let of = match self.element.width() {
            1 => String::new(),
            width => format!(" values of {width} bytes"),
        };
        let header = self.length();
        let why = format!("{axes}{of} after a header of {header}, decompressed");
        wrong_length(path, expected, found, &why)
    }

    /// The bytes before the first value.
    fn length(&self) -> u64 {
        4 + 4 * self.lengths.len() as u64
    }

    /// The bytes that the values take in the file.
    fn values(&self) -> u64 {
        self.lengths.iter().product::<u64>() * self.element.width()
    }

    /// The bytes that the values take in memory.
    pub(super) fn in_memory(&self) -> u64 {
        self.lengths.iter().product::<u64>() * self.element.kind().size()
    }
}

/// Whether an IDX file is compressed.
pub(super) fn is_compressed(path: &Path) -> bool {
    let extension = path.extension();
    extension.is_some_and(|e| e.eq_ignore_ascii_case("gz"))
}

/// The header of an IDX file, and its rows where they are; a compressed one is unpacked to a temporary file.
pub(super) fn stored(path: &Path) -> Result<(Header, Stored)> {
    let (header, reader) = open(path)?;
    let (file, start) = match is_compressed(path) {
        true => {
            let failed = |error: String| corrupt(path, "is corrupt").note(error).into();
            (unpack(path, reader, header.values(), failed)?, 0)
        }
        false => {
            let file = crate::files::open(path).map_err(|e| unreadable(path, "open", &e))?;
            let found = file.metadata().map_err(|e| unreadable(path, "read", &e))?;
            let (expected, found) = (header.length() + header.values(), found.len());
            if found != expected {
                return Err(header.wrong_length(path, expected, found));
            }
            (file, header.length())
        }
    };
    let element = header.element;
    let numbers = Numbers {
        width: element.width() as usize,
        kind: element.kind(),
        of: Box::new(move |bytes| Ok(element.numbers(bytes))),
    };
    let axes = [header.lengths[0] as usize, header.of_example().len()];
    let array = FileArray::new(path.to_owned(), file, start, axes, numbers)?;
    Ok((header, Stored::new(array)))
}

/// The header and the values of an IDX file.
pub(super) fn read(path: &Path) -> Result<(Header, Values)> {
    let (header, reader) = open(path)?;
    let values = values(path, &header, reader)?;
    Ok((header, values))
}

fn values(path: &Path, header: &Header, reader: impl Read) -> Result<Values> {
    let (element, expected) = (header.element, header.values());
    // The bytes, and the numbers made of them.
    let copies = if element == Element::U8 { 1 } else { 3 };
    let what = format!("the array in `{}`", path.display());
    let help =
        "leave `stream` out, or `--stream always`: its rows are then read as they are needed";
    memory::refuse(&what, expected.saturating_mul(copies), help)?;
    let mut bytes = Vec::new();
    let end = reader.take(expected + 1).read_to_end(&mut bytes);
    let found = bytes.len() as u64;
    // A stream that ends too early is told by its length; one that cannot be decompressed is not truncated.
    if let Err(e) = &end
        && e.kind() != io::ErrorKind::UnexpectedEof
    {
        return Err(corrupt(path, "is corrupt").note(e.to_string()).into());
    }
    if found != expected {
        let before = header.length();
        return Err(header.wrong_length(path, before + expected, before + found));
    }
    match end {
        Err(e) => Err(corrupt(path, "is corrupt").note(e.to_string()).into()),
        Ok(_) => Ok(element.numbers(bytes)),
    }
}

/// Refuses a file of a named data set that does not hold bytes in so many axes.
fn refuse_other(path: &Path, header: &Header, axes: usize) -> Result<()> {
    let found = (header.element, header.lengths.len());
    if found == (Element::U8, axes) {
        return Ok(());
    }
    Err(corrupt(path, "is not the IDX file that its name says")
        .note(format!(
            "expected bytes in {}, found the type {} in {}",
            count(axes, "axis", "axes"),
            found.0 as u8,
            count(found.1, "axis", "axes")
        ))
        .into())
}

/// Images and their labels, as one part of a data set.
fn split(images: &Path, labels: &Path) -> Result<Split> {
    let (images_read, labels_read) = rayon::join(|| read(images), || read(labels));
    let ((header, pixels), (of_labels, targets)) = (images_read?, labels_read?);
    refuse_other(images, &header, 3)?;
    refuse_other(labels, &of_labels, 1)?;
    same_count(images, &header, labels, &of_labels)?;
    Ok(Split {
        inputs: pixels,
        input_shape: of_image(&header),
        len: targets.len(),
        targets,
        target_shape: Shape::default(),
    })
}

/// The shape of a grey image.
fn of_image(header: &Header) -> Shape {
    Shape::new(&[header.lengths[1] as usize, header.lengths[2] as usize, 1])
}

/// Refuses files of different numbers of examples.
pub(super) fn same_count(
    inputs: &Path,
    of_inputs: &Header,
    targets: &Path,
    of_targets: &Header,
) -> Result<()> {
    let (n_inputs, n_targets) = (of_inputs.lengths[0], of_targets.lengths[0]);
    if n_inputs == n_targets {
        return Ok(());
    }
    Err(corrupt(
        targets,
        format!("has {n_targets} labels for {n_inputs} images"),
    )
    .note(format!("the images are in `{}`", inputs.display()))
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
        let (header, of_labels) = (open(&images)?.0, open(&labels)?.0);
        refuse_other(&images, &header, 3)?;
        refuse_other(&labels, &of_labels, 1)?;
        same_count(&images, &header, &labels, &of_labels)?;
        *count = header.lengths[0] as usize;
        facts.input_shape = of_image(&header);
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

    fn parse(mut bytes: &[u8]) -> Result<(Header, Values)> {
        let header = header(Path::new("f"), &mut bytes)?;
        let values = values(Path::new("f"), &header, bytes)?;
        Ok((header, values))
    }

    /// The bytes `AA BB CC DD 11 22 33 44` as the values of each type, by Python's `struct.unpack`.
    #[test]
    fn each_type_of_values_is_read() {
        let bytes = [0xAA, 0xBB, 0xCC, 0xDD, 0x11, 0x22, 0x33, 0x44];
        for (element, expected) in [
            (0x08, Values::U8(bytes.to_vec())),
            (
                0x09,
                Values::F32(vec![-86.0, -69.0, -52.0, -35.0, 17.0, 34.0, 51.0, 68.0]),
            ),
            (
                0x0B,
                Values::F32(vec![-21_829.0, -13_091.0, 4386.0, 13_124.0]),
            ),
            (0x0C, Values::F64(vec![-1_430_532_899.0, 287_454_020.0])),
            (0x0D, Values::F32(vec![-3.336_002_5e-13, 1.279_534_4e-28])),
            (0x0E, Values::F64(vec![-7.757_649_702_805_311e-103])),
        ] {
            let n = expected.len() as u8;
            let mut file = vec![0, 0, element, 3, 0, 0, 0, 1, 0, 0, 0, n, 0, 0, 0, 1];
            file.extend(bytes);
            let (header, values) = parse(&file).unwrap();
            assert_eq!(
                (header.of_example(), values),
                (Shape::new(&[n.into(), 1]), expected)
            );
            file.pop();
            assert_eq!(
                parse(&file).unwrap_err().diagnostics[0].title,
                "`f` is truncated"
            );
        }
        let told = |start: &[u8]| parse(start).unwrap_err().diagnostics[0].title.clone();
        assert_eq!(
            told(&[0, 0, 0x0A, 1, 0, 0, 0, 1, 0]),
            "`f` is not an IDX file"
        );
        assert_eq!(told(&[0, 0, 0x08, 0]), "`f` is not an IDX file");
    }

    #[test]
    fn a_truncated_file_says_what_was_expected_and_found() {
        let message = parse(&idx(&[2, 3, 3], 17))
            .unwrap_err()
            .diagnostics
            .remove(0);
        assert_eq!(message.title, "`f` is truncated");
        assert_eq!(
            message.notes,
            ["expected 34 bytes (2 x 3 x 3 after a header of 16, decompressed), found 33"]
        );
        let longer = parse(&idx(&[2, 3, 3], 19)).unwrap_err();
        assert_eq!(
            longer.diagnostics[0].title,
            "`f` is longer than its contents"
        );
        assert!(parse(&idx(&[u32::MAX, u32::MAX, u32::MAX], 0)).is_err());
        assert!(parse(&idx(&[0], 0)).is_err());
        let (header, _) = parse(&idx(&[4], 4)).unwrap();
        let message = refuse_other(Path::new("f"), &header, 3)
            .unwrap_err()
            .diagnostics
            .remove(0);
        assert_eq!(
            message.notes,
            ["expected bytes in 3 axes, found the type 8 in 1 axis"]
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
        assert_eq!(read(&path).unwrap().1.len(), 3000);
        for end in [0, 5, bytes.len() / 2, bytes.len() - 1] {
            std::fs::write(&path, &bytes[..end]).unwrap();
            assert_eq!(
                read(&path).unwrap_err().diagnostics[0].code,
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
            let message = read(&path).unwrap_err().diagnostics.remove(0);
            assert_eq!(message.code, "E0504");
            assert!(message.title.ends_with("is corrupt"), "{}", message.title);
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64), element in 8u8..15, axes in 1u8..=3) {
            let _ = parse(&bytes);
            let mut headed = vec![0, 0, element, axes];
            headed.extend(bytes);
            let _ = parse(&headed);
        }
    }
}
