//! `shapes_and_numbers`: a made data set of two inputs.
//!
//! 16x16 grey images, each with a disc or a ring under noise, and two numbers beside each. The class is one of four:
//! the figure says which pair it is of, the larger of the two numbers which of the pair. So neither input alone is
//! right of more than half of the examples. Made of the four operations of float64 alone: the same on every machine.

use super::catalog::CatalogEntry;
use super::random::Stream;
use super::{Dataset, Facts, Seen, Split, Values, made};
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
        let parts = [split(0, TRAIN), split(TRAIN, TEST)];
        let seen = Seen {
            inputs: inputs(),
            ..Seen::default()
        };
        let dataset = made::dataset(self.name(), parts, &CLASSES);
        Ok(Dataset { seen, ..dataset })
    }
}

/// The examples `first..first + len`; every four hold each class once.
fn split(first: usize, len: usize) -> Split {
    let labels = made::labels(SEED, first..first + len, CLASSES.len());
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
    use crate::data::made::testing::{each_is, fingerprint};

    #[test]
    fn the_examples_are_the_same_everywhere() {
        assert_eq!(
            fingerprint(&ShapesAndNumbers),
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
        assert!(each_is(labels, 4, TRAIN / 4));
    }
}
