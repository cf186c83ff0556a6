//! `shapes`: a made data set, so that the first command needs no download.
//!
//! 32x32 colour images of ten kinds of figure, each at a random place, size and slant, in any colour that
//! is brighter than its background's, on a gradient, among smaller clutter, under noise. Of the 1000 test
//! images a linear classifier gets a third right, a network of one convolution 73 in 100 after
//! ten epochs, one of two convolutions 87 after eight.
//!
//! Whole numbers, and the four operations and `floor` of float64 alone, which IEEE 754 fixes to the
//! last bit: the images are the same on every machine.

use super::catalog::CatalogEntry;
use super::random::Stream;
use super::{Dataset, Facts, Split, Values, made};
use crate::diagnostic::Result;
use crate::tensor::Shape;
use crate::tensor::simd::dispatch;
use rayon::prelude::*;
use std::ops::Range;
use std::path::Path;

/// `--data shapes`
pub(crate) struct Shapes;

pub(super) const SIDE: usize = 32;
const PIXELS: usize = SIDE * SIDE * 3;
const TRAIN: usize = 4000;
const TEST: usize = 1000;
const SEED: u64 = 0x7368_6170_6573;

impl CatalogEntry for Shapes {
    fn name(&self) -> &'static str {
        "shapes"
    }

    fn summary(&self) -> &'static str {
        "made: figures among clutter, 32x32 colour, 10 classes"
    }

    fn known_facts(&self) -> Facts {
        Facts::images(
            self.name(),
            [TRAIN, TEST],
            &[SIDE, SIDE, 3],
            &FIGURES.map(|(name, _)| name),
        )
    }

    fn found_facts(&self, _: &Path) -> Result<Facts> {
        Ok(self.known_facts())
    }

    fn read(&self, _: &Path) -> Result<Dataset> {
        let parts = [split(0, TRAIN), split(TRAIN, TEST)];
        Ok(made::dataset(
            self.name(),
            parts,
            &FIGURES.map(|(name, _)| name),
        ))
    }
}

/// How many of its four quarters are inside the figure, of pixels side by side in the row `y`: for each figure
/// a function of its own, so that the loop over pixels is compiled with the figure in it.
pub(super) type Cover = fn(figure: &Figure, y: usize, x: Range<usize>, covered: &mut [i32; SIDE]);

/// A figure's name, and whether the point (u, v), v going down, is inside; it reaches about 1 from its centre.
/// `&` and `|` in place of `&&` and `||`: without branches, the points of a row are worked out side by side.
macro_rules! figure {
    ($name:literal, $inside:expr) => {
        ($name, |figure, y, x, covered| {
            figure.cover(
                y,
                x,
                covered,
                #[inline(always)]
                $inside,
            )
        })
    };
}

/// The classes, in the order of their labels.
pub(super) static FIGURES: [(&str, Cover); 10] = [
    figure!("disc", |u, v| u * u + v * v <= 0.72),
    figure!("ring", |u, v| within(u * u + v * v, 0.3, 0.9)),
    figure!("square", |u, v| extent(u, v) <= 0.75),
    figure!("triangle", |u, v| THIRDS
        .iter()
        .fold(true, |all, [a, b]| all & (a * v + b * u <= 0.5))),
    figure!("plus", |u, v| {
        (extent(u, v) <= 0.95) & (u.abs().min(v.abs()) <= 0.27)
    }),
    figure!("rows", |u, v| {
        (extent(u, v) <= 0.85) & (stripe(v, 0.34) % 2 == 0)
    }),
    figure!("columns", |u, v| {
        (extent(u, v) <= 0.85) & (stripe(u, 0.34) % 2 == 0)
    }),
    figure!("checker", |u, v| {
        (extent(u, v) <= 0.85) & ((stripe(u, 0.567) + stripe(v, 0.567)) % 2 == 0)
    }),
    // A pentagram: the points on the inner side of at least four of its five lines.
    figure!("star", |u, v| {
        let inner = FIFTHS.map(|[a, b]| i32::from(b * u - a * v <= 0.35));
        inner.iter().sum::<i32>() >= 4
    }),
    figure!("ell", |u, v| {
        within(u, -0.8, -0.2) & (v.abs() <= 0.9) | (u.abs() <= 0.8) & within(v, 0.3, 0.9)
    }),
];

#[inline(always)]
fn within(w: f64, low: f64, high: f64) -> bool {
    (low <= w) & (w <= high)
}

#[inline(always)]
fn extent(u: f64, v: f64) -> f64 {
    u.abs().max(v.abs())
}

/// Which stripe of this width a point from -0.85 on is in.
#[inline(always)]
fn stripe(w: f64, width: f64) -> i32 {
    ((w + 0.85) / width).floor() as i32
}

/// The images `first..first + len`; every ten hold each class once.
fn split(first: usize, len: usize) -> Split {
    let labels = made::labels(SEED, first..first + len, FIGURES.len());
    let mut pixels = vec![0; len * PIXELS];
    pixels
        .par_chunks_mut(PIXELS)
        .zip(&labels)
        .enumerate()
        .for_each(|(i, (image, &label))| {
            draw(image, label, &mut Stream::new(SEED, (first + i) as u64));
        });
    Split {
        inputs: Values::U8(pixels),
        input_shape: Shape::new(&[SIDE, SIDE, 3]),
        targets: Values::U8(labels),
        target_shape: Shape::default(),
        len,
    }
}

pub(super) type Colour = [i32; 3];
/// The channels one after the other: what is done to the pixels of one is done side by side.
pub(super) type Canvas = [[i32; SIDE * SIDE]; 3];

fn draw(image: &mut [u8], label: u8, random: &mut Stream) {
    let colour =
        |random: &mut Stream| -> Colour { std::array::from_fn(|_| random.between(30, 225)) };
    // Redrawn until the figure is the brighter, by 40 of 255 or more on the mean of the channels.
    let (mut ground, mut ink) = (colour(random), colour(random));
    while ink.iter().sum::<i32>() - ground.iter().sum::<i32>() < 120 {
        (ground, ink) = (colour(random), colour(random));
    }
    let mut canvas: Canvas = [[0; SIDE * SIDE]; 3];
    for (channel, ground) in canvas.iter_mut().zip(ground) {
        let slopes = [random.between(-24, 24), random.between(-24, 24)];
        gradient(channel, ground, slopes);
    }
    let clutter = |canvas: &mut _, random: &mut Stream| {
        let ((_, cover), radius) = (
            FIGURES[[0, 2, 3][random.below(3) as usize]],
            1.5 + 1.7 * random.unit(),
        );
        let centre = [32.0 * random.unit(), 32.0 * random.unit()];
        let figure = Figure {
            cover,
            centre,
            radius,
            turn: turn(random, 0.4),
        };
        figure.paint(canvas, &colour(random));
    };
    (0..random.between(2, 4)).for_each(|_| clutter(&mut canvas, random));
    let radius = 6.0 + 5.5 * random.unit();
    let room = 0.7 * (16.0 - radius);
    let mut place = || 16.0 + room * (2.0 * random.unit() - 1.0);
    let centre = [place(), place()];
    let (_, cover) = FIGURES[usize::from(label)];
    Figure {
        cover,
        centre,
        radius,
        turn: turn(random, 0.2),
    }
    .paint(&mut canvas, &ink);
    (0..random.between(0, 2)).for_each(|_| clutter(&mut canvas, random));
    let levels = 17 + 2 * random.below(13) as i32;
    develop(&canvas, levels, random, image);
}

/// Fills a channel with the ground's value, falling or rising across and down.
pub(super) fn gradient(channel: &mut [i32; SIDE * SIDE], ground: i32, [across, down]: [i32; 2]) {
    dispatch(
        #[inline(always)]
        || {
            for (y, row) in channel.chunks_exact_mut(SIDE).enumerate() {
                let at_row = down * (2 * y as i32 - 31);
                for (x, value) in row.iter_mut().enumerate() {
                    *value = ground + (across * (2 * x as i32 - 31) + at_row) / 62;
                }
            }
        },
    );
}

/// The canvas as bytes, under noise: six draws of ten bits a pixel, the sum of two to each channel.
pub(super) fn develop(canvas: &Canvas, levels: i32, random: &mut Stream, image: &mut [u8]) {
    let bits: [u64; SIDE * SIDE] = std::array::from_fn(|_| random.bits());
    let mut noisy = [[0u8; SIDE * SIDE]; 3];
    dispatch(
        #[inline(always)]
        || {
            for (c, (channel, noisy)) in canvas.iter().zip(&mut noisy).enumerate() {
                let draw = |bits: u64, i: usize| ((bits >> (10 * i)) as i32 & 1023) * levels / 1024;
                for ((value, bits), byte) in channel.iter().zip(&bits).zip(noisy) {
                    let noise = draw(*bits, 2 * c) + draw(*bits, 2 * c + 1) - (levels - 1);
                    *byte = (value + noise).clamp(0, 255) as u8;
                }
            }
        },
    );
    let [red, green, blue] = &noisy;
    for (place, pixel) in image.chunks_exact_mut(3).enumerate() {
        pixel.copy_from_slice(&[red[place], green[place], blue[place]]);
    }
}

/// The cosine and sine of a random angle: within 23 degrees of none for `most` of 0.2.
pub(super) fn turn(random: &mut Stream, most: f64) -> [f64; 2] {
    // (1 - t^2, 2 t) / (1 + t^2) is on the circle.
    let t = most * (2.0 * random.unit() - 1.0);
    [(1.0 - t * t) / (1.0 + t * t), 2.0 * t / (1.0 + t * t)]
}

pub(super) struct Figure {
    pub(super) cover: Cover,
    pub(super) centre: [f64; 2],
    pub(super) radius: f64,
    pub(super) turn: [f64; 2],
}

impl Figure {
    /// Covers each pixel by as many of its four quarters as are inside.
    pub(super) fn paint(&self, canvas: &mut Canvas, ink: &Colour) {
        let reach = 1.3 * self.radius;
        let range =
            |c: f64| (c - reach).max(0.0) as usize..((c + reach + 1.0).max(0.0) as usize).min(SIDE);
        let [across, down] = self.centre.map(range);
        for y in down {
            let mut covered = [0; SIDE];
            (self.cover)(self, y, across.clone(), &mut covered);
            for (channel, ink) in canvas.iter_mut().zip(ink) {
                let row = &mut channel[y * SIDE..][across.clone()];
                for (value, covered) in row.iter_mut().zip(covered) {
                    *value += (ink - *value) * covered / 4;
                }
            }
        }
    }

    /// Marks the pixels of which at least two quarters are inside.
    pub(super) fn mark(&self, mask: &mut [u8], class: u8) {
        for (y, row) in mask.chunks_exact_mut(SIDE).enumerate() {
            let mut covered = [0; SIDE];
            (self.cover)(self, y, 0..SIDE, &mut covered);
            let pixels = row.iter_mut().zip(covered);
            pixels
                .filter(|(_, covered)| *covered >= 2)
                .for_each(|(pixel, _)| *pixel = class);
        }
    }

    /// A [`Cover`], of the figure that `inside` tells of.
    #[inline(always)]
    fn cover(
        &self,
        y: usize,
        x: Range<usize>,
        covered: &mut [i32; SIDE],
        inside: impl Fn(f64, f64) -> bool,
    ) {
        let ([cx, cy], [cos, sin]) = (self.centre, self.turn.map(|t| t / self.radius));
        dispatch(
            #[inline(always)]
            || {
                for (place, covered) in covered[..x.len()].iter_mut().enumerate() {
                    let (x, y) = ((x.start + place) as i32 as f64, y as i32 as f64);
                    for (right, down) in [(0.25, 0.25), (0.75, 0.25), (0.25, 0.75), (0.75, 0.75)] {
                        let (dx, dy) = (x + right - cx, y + down - cy);
                        *covered += i32::from(inside(cos * dx + sin * dy, cos * dy - sin * dx));
                    }
                }
            },
        );
    }
}

/// The directions at multiples of 120 degrees.
const THIRDS: [[f64; 2]; 3] = [
    [1.0, 0.0],
    [-0.5, 0.866_025_403_784],
    [-0.5, -0.866_025_403_784],
];

/// The directions at multiples of 72 degrees.
const FIFTHS: [[f64; 2]; 5] = [
    [1.0, 0.0],
    [0.309_016_994_375, 0.951_056_516_295],
    [-0.809_016_994_375, 0.587_785_252_292],
    [-0.809_016_994_375, -0.587_785_252_292],
    [0.309_016_994_375, -0.951_056_516_295],
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::made::testing::{each_is, fingerprint, labels};

    #[test]
    fn the_images_are_the_same_everywhere() {
        assert_eq!(
            fingerprint(&Shapes),
            "9ab4dc58f7005e0a48ec4a02f45482c34e7e55912d2cab30ddf5b9f89a0ea7bb"
        );
    }

    #[test]
    fn every_class_is_as_frequent() {
        let data = Shapes.read(Path::new("")).unwrap();
        for (split, each) in [(&data.train, 400), (data.test.as_ref().unwrap(), 100)] {
            assert!(each_is(labels(split), 10, each));
        }
    }
}
