//! `shapes_segmentation`: a made data set whose targets are images.
//!
//! 32x32 colour images, each with a disc and a square in colours of their own on a ground that is darker, either over
//! the other, under noise; the target is the class of each pixel. Made of the figures of `shapes`, and the same on
//! every machine as those are.

use super::catalog::CatalogEntry;
use super::random::Stream;
use super::shapes::{Canvas, Colour, FIGURES, Figure, SIDE, develop, gradient, turn};
use super::{Dataset, Facts, Split, Values, made};
use crate::diagnostic::Result;
use crate::tensor::Shape;
use std::path::Path;

/// `--data shapes_segmentation`
pub(crate) struct ShapesSegmentation;

const TRAIN: usize = 1000;
const TEST: usize = 250;
const SEED: u64 = 0x006d_6173_6b73;
const CLASSES: [&str; 3] = ["background", "disc", "square"];
/// The figures of these classes, by their places among those of `shapes`.
const DISC: usize = 0;
const SQUARE: usize = 2;

impl CatalogEntry for ShapesSegmentation {
    fn name(&self) -> &'static str {
        "shapes_segmentation"
    }

    fn summary(&self) -> &'static str {
        "made: the class of each pixel of 32x32 colour images, 3 classes"
    }

    fn known_facts(&self) -> Facts {
        let mut facts = Facts::images(self.name(), [TRAIN, TEST], &[SIDE, SIDE, 3], &CLASSES);
        facts.target.shape = Shape::new(&[SIDE, SIDE]);
        facts
    }

    fn found_facts(&self, _: &Path) -> Result<Facts> {
        Ok(self.known_facts())
    }

    fn read(&self, _: &Path) -> Result<Dataset> {
        let parts = [split(0, TRAIN), split(TRAIN, TEST)];
        Ok(made::dataset(self.name(), parts, &CLASSES))
    }
}

/// The images `first..first + len` with their classes.
fn split(first: usize, len: usize) -> Split {
    let mut pixels = vec![0; len * SIDE * SIDE * 3];
    let mut labels = vec![0; len * SIDE * SIDE];
    let images = pixels.chunks_exact_mut(SIDE * SIDE * 3);
    for ((image, mask), at) in images
        .zip(labels.chunks_exact_mut(SIDE * SIDE))
        .zip(first..)
    {
        draw(image, mask, &mut Stream::new(SEED, at as u64));
    }
    Split {
        inputs: Values::U8(pixels),
        input_shape: Shape::new(&[SIDE, SIDE, 3]),
        targets: Values::U8(labels),
        target_shape: Shape::new(&[SIDE, SIDE]),
        len,
    }
}

fn draw(image: &mut [u8], mask: &mut [u8], random: &mut Stream) {
    let colour =
        |random: &mut Stream| -> Colour { std::array::from_fn(|_| random.between(30, 225)) };
    let brightness = |colour: &Colour| colour.iter().sum::<i32>();
    // Redrawn until both figures are brighter, by 40 of 255 or more on the mean of the channels.
    let (mut ground, mut inks) = (colour(random), [colour(random), colour(random)]);
    while inks
        .iter()
        .any(|ink| brightness(ink) - brightness(&ground) < 120)
    {
        (ground, inks) = (colour(random), [colour(random), colour(random)]);
    }
    let mut canvas: Canvas = [[0; SIDE * SIDE]; 3];
    for (channel, ground) in canvas.iter_mut().zip(ground) {
        let slopes = [random.between(-24, 24), random.between(-24, 24)];
        gradient(channel, ground, slopes);
    }
    let mut figures = [(DISC, 1), (SQUARE, 2)];
    if random.below(2) == 1 {
        figures.swap(0, 1);
    }
    for ((figure, class), ink) in figures.into_iter().zip(inks) {
        let radius = 4.5 + 4.0 * random.unit();
        let mut place = || 16.0 + (15.0 - radius) * (2.0 * random.unit() - 1.0);
        let figure = Figure {
            cover: FIGURES[figure].1,
            centre: [place(), place()],
            radius,
            turn: turn(random, 0.4),
        };
        figure.paint(&mut canvas, &ink);
        figure.mark(mask, class);
    }
    let levels = 17 + 2 * random.below(13) as i32;
    develop(&canvas, levels, random, image);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::made::testing::{fingerprint, labels};

    #[test]
    fn the_images_and_their_classes_are_the_same_everywhere() {
        assert_eq!(
            fingerprint(&ShapesSegmentation),
            "7aa3d8bda3e558b5eb1630db38d18fb4fbe7b02d02cc1f8ed338937886a0e995"
        );
    }

    /// Each image has a disc and a square, brighter than the ground. Now and then one hides the other.
    #[test]
    fn masks_are_of_what_is_seen() {
        let data = ShapesSegmentation.read(Path::new("")).unwrap();
        let Values::U8(pixels) = &data.train.inputs else {
            panic!("bytes")
        };
        let labels = labels(&data.train);
        let mut complete = 0;
        let images = pixels.chunks_exact(SIDE * SIDE * 3);
        for (image, mask) in images.zip(labels.chunks_exact(SIDE * SIDE)) {
            let mut counts = [0; 3];
            let mut sums = [0; 3];
            for (pixel, &label) in image.chunks_exact(3).zip(mask) {
                counts[usize::from(label)] += 1;
                sums[usize::from(label)] += pixel.iter().map(|&x| u32::from(x)).sum::<u32>();
            }
            assert!(counts[0] > SIDE * SIDE / 3, "{counts:?}");
            assert!(counts[1] + counts[2] > 40, "{counts:?}");
            let mean = |class: usize| f64::from(sums[class]) / (3 * counts[class]) as f64;
            for class in (1..3).filter(|class| counts[*class] > 0) {
                assert!(mean(class) > mean(0) + 10.0, "{class}: {counts:?} {sums:?}");
            }
            complete += usize::from(counts.iter().all(|count| *count > 0));
        }
        assert!(complete > 980, "{complete}");
    }
}
