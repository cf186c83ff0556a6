//! `volumes`: a made data set of volumes.
//!
//! 16x16x16 volumes with one channel, each with a ball, a box or three crossed rods, at a random place, in any size and
//! slant about the first axis, brighter than its ground, under noise. Made of the four operations of float64 alone, as
//! `shapes` is: the same on every machine.

use super::catalog::CatalogEntry;
use super::random::Stream;
use super::shapes::turn;
use super::{Dataset, Facts, Split, Values, made};
use crate::diagnostic::Result;
use crate::tensor::Shape;
use std::path::Path;

/// `--data volumes`
pub(crate) struct Volumes;

const SIDE: usize = 16;
const VOXELS: usize = SIDE * SIDE * SIDE;
const TRAIN: usize = 1200;
const TEST: usize = 300;
const SEED: u64 = 0x766f_6c75_6d65;
const CLASSES: [&str; 3] = ["ball", "box", "rods"];

impl CatalogEntry for Volumes {
    fn name(&self) -> &'static str {
        "volumes"
    }

    fn summary(&self) -> &'static str {
        "made: bodies in 16x16x16 volumes, one channel, 3 classes"
    }

    fn known_facts(&self) -> Facts {
        Facts::images(self.name(), [TRAIN, TEST], &[SIDE, SIDE, SIDE, 1], &CLASSES)
    }

    fn found_facts(&self, _: &Path) -> Result<Facts> {
        Ok(self.known_facts())
    }

    fn read(&self, _: &Path) -> Result<Dataset> {
        let parts = [split(0, TRAIN), split(TRAIN, TEST)];
        Ok(made::dataset(self.name(), parts, &CLASSES))
    }
}

/// The volumes `first..first + len`; every three hold each class once.
fn split(first: usize, len: usize) -> Split {
    let labels = made::labels(SEED, first..first + len, CLASSES.len());
    let mut voxels = vec![0; len * VOXELS];
    for ((volume, label), at) in voxels.chunks_exact_mut(VOXELS).zip(&labels).zip(first..) {
        draw(volume, *label, &mut Stream::new(SEED, at as u64));
    }
    Split {
        inputs: Values::U8(voxels),
        input_shape: Shape::new(&[SIDE, SIDE, SIDE, 1]),
        targets: Values::U8(labels),
        target_shape: Shape::default(),
        len,
    }
}

fn draw(volume: &mut [u8], label: u8, random: &mut Stream) {
    let ground = random.between(30, 110);
    let ink = ground + random.between(50, 110);
    let noise = random.between(10, 40);
    let radius = 3.5 + 2.5 * random.unit();
    let room = 7.0 - 0.8 * radius;
    let centre: [f64; 3] = std::array::from_fn(|_| 8.0 + room * (2.0 * random.unit() - 1.0));
    let [cos, sin] = turn(random, 0.4);
    for (at, voxel) in volume.iter_mut().enumerate() {
        let [z, y, x] = [at / (SIDE * SIDE), at / SIDE % SIDE, at % SIDE];
        let from = |place: usize, axis: usize| (place as f64 + 0.5 - centre[axis]) / radius;
        let (w, dy, dx) = (from(z, 0), from(y, 1), from(x, 2));
        let (u, v) = (cos * dx + sin * dy, cos * dy - sin * dx);
        let value = if is_inside(label, [u, v, w]) {
            ink
        } else {
            ground
        };
        let noise = random.between(-noise, noise) + random.between(-noise, noise);
        *voxel = (value + noise).clamp(0, 255) as u8;
    }
}

/// Whether a point is in the body of a class; that reaches about 1 from its centre.
fn is_inside(label: u8, at: [f64; 3]) -> bool {
    let [u, v, w] = at.map(f64::abs);
    match label {
        0 => u * u + v * v + w * w <= 1.0,
        1 => u.max(v).max(w) <= 0.8,
        // Of the three distances from the axes two are small.
        _ => u.max(v).max(w) <= 1.1 && [u, v, w].iter().filter(|x| **x <= 0.35).count() >= 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::made::testing::{each_is, fingerprint, labels};

    #[test]
    fn the_volumes_are_the_same_everywhere() {
        assert_eq!(
            fingerprint(&Volumes),
            "f00c59de445bc0d9562d842510db292ce26d4e0aeea4505460711c72b71dffee"
        );
    }

    #[test]
    fn every_class_is_as_frequent() {
        let data = Volumes.read(Path::new("")).unwrap();
        assert!(each_is(labels(&data.train), 3, TRAIN / 3));
    }
}
