//! `shapes_and_numbers`: a made data set of two inputs.
//!
//! 16x16 grey images, each with a disc or a ring under noise, and two numbers beside each. The class is one of four:
//! the figure says which pair it is of, the larger of the two numbers which of the pair. So neither input alone is
//! right of more than half of the examples. Made of the four operations of float64 alone: the same on every machine.

use super::catalog::CatalogEntry;
use super::random::Stream;
use super::{Dataset, Facts, Seen, Split, Values};
use crate::diagnostic::Result;
use crate::tensor::Shape;
use std::path::Path;

/// `--data shapes_and_numbers`
pub(crate) struct ShapesAndNumbers;

const SIDE: usize = 16;
const NUMBERS: usize = 2;
const ROW: usize = SIDE * SIDE + NUMBERS;
const TRAIN: usize = 1200;
const TEST: usize = 400;
const SEED: u64 = 0x0074_776f_696e;
const CLASSES: [&str; 4] = ["disc_first", "disc_second", "ring_first", "ring_second"];

fn inputs() -> Vec<(String, Shape)> {
    let image = Shape::new(&[SIDE, SIDE, 1]);
    vec![
        ("image".into(), image),
        ("numbers".into(), Shape::new(&[NUMBERS])),
    ]
}

impl CatalogEntry for ShapesAndNumbers {
    fn name(&self) -> &'static str {
        "shapes_and_numbers"
    }

    fn summary(&self) -> &'static str {
        "made: two inputs, a 16x16 image and 2 numbers, 4 classes"
    }

    fn known_facts(&self) -> Facts {
        Facts {
            inputs: inputs(),
            ..Facts::images(self.name(), [TRAIN, TEST], &[ROW], &CLASSES)
        }
    }

    fn found_facts(&self, _: &Path) -> Result<Facts> {
        Ok(self.known_facts())
    }

    fn read(&self, _: &Path) -> Result<Dataset> {
        Ok(Dataset {
            name: self.name().into(),
            train: split(0, TRAIN),
            test: Some(split(TRAIN, TEST)),
            file_rows: None,
            columns: None,
            seen: Seen {
                inputs: inputs(),
                ..Seen::default()
            },
            class_names: CLASSES.map(str::to_owned).to_vec(),
        })
    }
}

/// The examples `first..first + len`; every four hold each class once.
fn split(first: usize, len: usize) -> Split {
    let label = |index: usize| {
        let mut four = [0, 1, 2, 3];
        Stream::new(SEED, u64::MAX - (index / 4) as u64).shuffle(&mut four);
        four[index % 4]
    };
    let labels: Vec<u8> = (first..first + len).map(label).collect();
    let mut rows = vec![0.0; len * ROW];
    for ((row, label), at) in rows.chunks_exact_mut(ROW).zip(&labels).zip(first..) {
        draw(row, *label, &mut Stream::new(SEED, at as u64));
    }
    Split {
        inputs: Values::F32(rows),
        input_shape: Shape::new(&[ROW]),
        targets: Values::U8(labels),
        target_shape: Shape::default(),
        len,
    }
}

fn draw(row: &mut [f32], label: u8, random: &mut Stream) {
    let (image, numbers) = row.split_at_mut(SIDE * SIDE);
    let ground = random.between(40, 110);
    let ink = ground + random.between(50, 110);
    let radius = 4.0 + 2.0 * random.unit();
    let centre: [f64; 2] = std::array::from_fn(|_| 8.0 + 1.5 * (2.0 * random.unit() - 1.0));
    for (at, pixel) in image.iter_mut().enumerate() {
        let from = |place: usize, axis: usize| (place as f64 + 0.5 - centre[axis]) / radius;
        let (v, u) = (from(at / SIDE, 0), from(at % SIDE, 1));
        let is_inside = match label / 2 {
            0 => u * u + v * v <= 1.0,
            _ => (0.35..=1.0).contains(&(u * u + v * v)),
        };
        let noise = random.between(-15, 15) + random.between(-15, 15);
        *pixel = (if is_inside { ink } else { ground } + noise) as f32;
    }
    let (small, more) = (random.unit(), 0.3 + random.unit());
    let both = [small + more, small];
    for (at, number) in numbers.iter_mut().enumerate() {
        *number = both[(at + usize::from(label % 2)) % 2] as f32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sha2::{Digest, Sha256};

    #[test]
    fn the_examples_are_the_same_everywhere() {
        let data = ShapesAndNumbers.read(Path::new("")).unwrap();
        let mut hash = Sha256::new();
        for split in [&data.train, data.test.as_ref().unwrap()] {
            let (Values::F32(rows), Values::U8(labels)) = (&split.inputs, &split.targets) else {
                panic!("numbers and labels")
            };
            rows.iter().for_each(|x| hash.update(x.to_le_bytes()));
            hash.update(labels);
        }
        let hash: String = hash.finalize().iter().map(|b| format!("{b:02x}")).collect();
        assert_eq!(
            hash,
            "3e6089367520645cffea79a10457a1ca4295960e0af82f2034b982a27a63c5b3"
        );
    }

    /// The order of the numbers is that of the pair's classes.
    #[test]
    fn the_numbers_say_half_of_the_class() {
        let data = ShapesAndNumbers.read(Path::new("")).unwrap();
        let (Values::F32(rows), Values::U8(labels)) = (&data.train.inputs, &data.train.targets)
        else {
            panic!("numbers and labels")
        };
        for (row, label) in rows.chunks_exact(ROW).zip(labels) {
            let numbers = &row[SIDE * SIDE..];
            assert_eq!(numbers[1] > numbers[0], label % 2 == 1);
        }
        for class in 0..4 {
            assert_eq!(labels.iter().filter(|&&l| l == class).count(), TRAIN / 4);
        }
    }
}
