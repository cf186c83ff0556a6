//! CIFAR-10: 32x32 colour images of ten classes, in the official binary version.
//!
//! A. Krizhevsky, "Learning multiple layers of features from tiny images", technical report, University
//! of Toronto, 2009. A file is 10,000 records of 3,073 bytes: the label, then the red, the green and the
//! blue plane, each row by row. Read here into channels last.

use super::catalog::{CatalogEntry, DataFile, Form, Origin};
use super::error::{corrupt, unreadable, wrong_length};
use super::{Dataset, Facts, Seen, Split, Values};
use crate::diagnostic::Result;
use crate::tensor::Shape;
use rayon::prelude::*;
use std::io::Read;
use std::path::Path;

/// `--data cifar10`
pub(crate) struct Cifar10;

const SIDE: usize = 32;
const PLANE: usize = SIDE * SIDE;
const RECORD: usize = 1 + 3 * PLANE;
const RECORDS: usize = 10_000;
const TRAIN_FILES: usize = 5;

impl CatalogEntry for Cifar10 {
    fn name(&self) -> &'static str {
        "cifar10"
    }

    fn summary(&self) -> &'static str {
        "photographs, 32x32 colour, 10 classes"
    }

    fn folders(&self) -> &'static [&'static str] {
        &[
            "cifar-10-batches-bin",
            "cifar10/cifar-10-batches-bin",
            "cifar10",
        ]
    }

    fn files(&self) -> &'static [DataFile] {
        FILES
    }

    fn origin(&self) -> Option<Origin> {
        Some(Origin::Archive {
            url: "https://www.cs.toronto.edu/~kriz",
            archive: ARCHIVE,
        })
    }

    fn known_facts(&self) -> Facts {
        Facts::images(
            self.name(),
            [TRAIN_FILES * RECORDS, RECORDS],
            &[SIDE, SIDE, 3],
            CLASSES,
        )
    }

    fn found_facts(&self, folder: &Path) -> Result<Facts> {
        for file in FILES {
            let path = file.path(folder, self)?;
            let length = path
                .metadata()
                .map_err(|e| unreadable(&path, "read", &e))?
                .len();
            check_length(&path, length)?;
        }
        Ok(self.known_facts())
    }

    fn read(&self, folder: &Path) -> Result<Dataset> {
        let split = |files: &[DataFile]| -> Result<Split> {
            let mut pixels = Vec::with_capacity(files.len() * RECORDS * 3 * PLANE);
            let mut labels = Vec::with_capacity(files.len() * RECORDS);
            for file in files {
                let path = file.path(folder, self)?;
                let found = crate::files::open(&path).map_err(|e| unreadable(&path, "open", &e))?;
                append(&path, found, &mut pixels, &mut labels)?;
            }
            Ok(Split {
                inputs: Values::U8(pixels),
                input_shape: Shape::new(&[SIDE, SIDE, 3]),
                len: labels.len(),
                targets: Values::U8(labels),
                target_shape: Shape::default(),
            })
        };
        let train = split(&FILES[..TRAIN_FILES])?;
        let test = Some(split(&FILES[TRAIN_FILES..])?);
        let class_names = self.known_facts().class_names;
        Ok(Dataset {
            name: self.name().into(),
            train,
            test,
            file_rows: None,
            columns: None,
            seen: Seen::default(),
            class_names,
        })
    }
}

fn check_length(path: &Path, found: u64) -> Result<()> {
    let expected = (RECORDS * RECORD) as u64;
    if found == expected {
        return Ok(());
    }
    Err(wrong_length(
        path,
        expected,
        found,
        &format!("{RECORDS} records of {RECORD}"),
    ))
}

/// Appends the images, channels last, and the labels of one file.
fn append(path: &Path, file: impl Read, pixels: &mut Vec<u8>, labels: &mut Vec<u8>) -> Result<()> {
    let mut bytes = Vec::with_capacity(RECORDS * RECORD + 1);
    file.take(RECORDS as u64 * RECORD as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(|e| unreadable(path, "read", &e))?;
    check_length(path, bytes.len() as u64)?;
    let label = |record: &[u8]| record[0];
    if let Some(row) = bytes
        .chunks(RECORD)
        .position(|record| label(record) as usize >= CLASSES.len())
    {
        return Err(corrupt(path, "is not a CIFAR-10 file")
            .note(format!(
                "expected labels from 0 to 9, record {row} has {}",
                bytes[row * RECORD]
            ))
            .into());
    }
    labels.extend(bytes.chunks(RECORD).map(label));
    let start = pixels.len();
    pixels.resize(start + RECORDS * 3 * PLANE, 0);
    pixels[start..]
        .par_chunks_mut(3 * PLANE)
        .zip(bytes.par_chunks(RECORD))
        .for_each(|(image, record)| {
            let (red, rest) = record[1..].split_at(PLANE);
            let (green, blue) = rest.split_at(PLANE);
            for (pixel, ((r, g), b)) in image
                .chunks_exact_mut(3)
                .zip(red.iter().zip(green).zip(blue))
            {
                pixel.copy_from_slice(&[*r, *g, *b]);
            }
        });
    Ok(())
}

const CLASSES: &[&str] = &[
    "airplane",
    "automobile",
    "bird",
    "cat",
    "deer",
    "dog",
    "frog",
    "horse",
    "ship",
    "truck",
];

const ARCHIVE: Form = Form {
    name: "cifar-10-binary.tar.gz",
    bytes: 170_052_171,
    sha256: "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
};

const fn batch(name: &'static str, sha256: &'static str) -> Form {
    Form {
        name,
        bytes: (RECORDS * RECORD) as u64,
        sha256,
    }
}

/// The sha256 of each file, as published with torchvision's port to Ruby beside that of the archive.
static FILES: &[DataFile] = &[
    DataFile {
        forms: &[batch(
            "data_batch_1.bin",
            "cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5",
        )],
    },
    DataFile {
        forms: &[batch(
            "data_batch_2.bin",
            "a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed",
        )],
    },
    DataFile {
        forms: &[batch(
            "data_batch_3.bin",
            "bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67",
        )],
    },
    DataFile {
        forms: &[batch(
            "data_batch_4.bin",
            "014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48",
        )],
    },
    DataFile {
        forms: &[batch(
            "data_batch_5.bin",
            "755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add",
        )],
    },
    DataFile {
        forms: &[batch(
            "test_batch.bin",
            "8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b",
        )],
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(bytes: &[u8]) -> Result<(Vec<u8>, Vec<u8>)> {
        let (mut pixels, mut labels) = (vec![], vec![]);
        append(Path::new("b.bin"), bytes, &mut pixels, &mut labels).map(|()| (pixels, labels))
    }

    #[test]
    fn planes_become_channels() {
        let mut bytes = vec![0; RECORDS * RECORD];
        let record = &mut bytes[RECORD..2 * RECORD];
        record[0] = 7;
        (
            record[1 + 5],
            record[1 + PLANE + 5],
            record[1 + 2 * PLANE + 5],
        ) = (10, 20, 30);
        let (pixels, labels) = parse(&bytes).unwrap();
        assert_eq!(labels[..3], [0, 7, 0]);
        let image = &pixels[3 * PLANE..6 * PLANE];
        assert_eq!(image[15..18], [10, 20, 30]);
        assert_eq!(image.iter().map(|&p| u32::from(p)).sum::<u32>(), 60);
    }

    #[test]
    fn a_file_of_another_length_or_label_is_a_message() {
        let message = parse(&[0; 100]).unwrap_err().diagnostics.remove(0);
        assert_eq!(
            message.notes,
            ["expected 30730000 bytes (10000 records of 3073), found 100"]
        );
        let mut bytes = vec![0; RECORDS * RECORD];
        bytes[9 * RECORD] = 11;
        let message = parse(&bytes).unwrap_err().diagnostics.remove(0);
        assert_eq!(
            message.notes,
            ["expected labels from 0 to 9, record 9 has 11"]
        );
        bytes.push(0);
        assert!(parse(&bytes).unwrap_err().to_string().contains("longer"));
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..4000)) {
            prop_assert!(parse(&bytes).is_err());
        }
    }
}
