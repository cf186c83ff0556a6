//! Augmentation: the images of each minibatch, moved and mirrored at random.
//!
//! What is drawn for an image is keyed by the run's seed, the step and the image's row: it depends neither on the
//! other images nor on threads, and a run that is resumed draws the same. Only training steps see it: validation,
//! the test part and predictions have the images as they are.

use crate::data::random::{Stream, mix};
use crate::diagnostic::{Diagnostic, Result};
use crate::engine::Step;
use crate::examples::{self, Part};
use crate::exec::Batch;
use crate::tensor::{Shape, Share};
use rayon::prelude::*;

/// Which way images may be mirrored.
pub const FLIPS: &[&str] = &["none", "horizontal"];
/// What lies around an image before it is cropped.
pub const FILLS: &[&str] = &["zero", "reflect"];

/// `[augmentation]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Augmentation {
    /// `horizontal`: half of the images are mirrored, left to right.
    pub flip: &'static str,
    /// Pixels that are added on each side before an image of the old size is cut out; 0 for none.
    pub crop_padding: usize,
    /// What these are: `zero`, of scaled inputs, or `reflect`, the image mirrored at its edge.
    pub crop_fill: &'static str,
    /// Height, width and channels of the model's images, once [`Augmentation::settle`] has seen them.
    shape: [usize; 3],
}

/// Memory that every step uses again.
#[derive(Default)]
pub struct Buffers {
    plain: examples::Buffers<f32>,
    rows: Vec<usize>,
    inputs: Vec<f32>,
}

impl Default for Augmentation {
    fn default() -> Self {
        Augmentation {
            flip: FLIPS[0],
            crop_padding: 0,
            crop_fill: FILLS[0],
            shape: [0; 3],
        }
    }
}

/// How one image is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Change {
    mirrored: bool,
    /// Where the cut begins, from the image's own first row and column: from −padding to padding.
    from: [isize; 2],
}

impl Augmentation {
    /// Whether images are changed at all.
    pub fn is_on(&self) -> bool {
        self.flip != "none" || self.crop_padding > 0
    }

    /// What is done, in words; `None` where nothing is.
    pub fn words(&self) -> Option<String> {
        let crop = match self.crop_fill {
            "reflect" => format!(
                "random crops after {} reflected pixels on each side",
                self.crop_padding
            ),
            _ => format!(
                "random crops after {} pixels of 0 on each side",
                self.crop_padding
            ),
        };
        let mut parts = vec![];
        parts.extend((self.flip == "horizontal").then(|| "random horizontal flips".to_owned()));
        parts.extend((self.crop_padding > 0).then_some(crop));
        (!parts.is_empty()).then(|| parts.join(", "))
    }

    /// Takes the shape of the model's images, if they are changed.
    ///
    /// # Errors
    ///
    /// `E0603` for an input that is no image, or one that the padding is too large for.
    pub fn settle(&mut self, name: &str, shape: &Shape) -> Result<()> {
        if !self.is_on() {
            return Ok(());
        }
        let [height, width, channels] = shape.0[..] else {
            let title = format!(
                "`[augmentation]` takes images, and the input `{name}` is {shape}: no height, width and channels"
            );
            return Err(Diagnostic::error("E0603", title)
                .help("leave `[augmentation]` out, or `--flip` and `--crop-padding`")
                .into());
        };
        let least = height.min(width);
        // A reflection has no pixel beyond the image's other edge.
        if self.crop_padding >= least {
            let title = format!(
                "`crop_padding` = {} does not leave an image of {height} by {width} in sight",
                self.crop_padding
            );
            return Err(Diagnostic::error("E0603", title)
                .help(format!(
                    "at most {} fits; 4 is common for 32 by 32",
                    least - 1
                ))
                .into());
        }
        self.shape = [height, width, channels];
        Ok(())
    }

    /// What is drawn for the image in this row of the data, at a step.
    fn change(&self, step: &Step, row: usize) -> Change {
        const USE: u64 = 0x6175_676d_656e_7400;
        let mut stream = Stream::new(mix(step.seed ^ USE) ^ mix(step.done), row as u64);
        let padding = self.crop_padding as i32;
        // Drawn whether it is used or not: a crop is the same with flips and without.
        let mirrored = stream.below(2) == 1 && self.flip == "horizontal";
        let mut offset = || stream.between(-padding, padding) as isize;
        Change {
            mirrored,
            from: [offset(), offset()],
        }
    }

    /// The minibatch of the examples at these places of `part`, as the step sees it.
    ///
    /// # Errors
    ///
    /// As [`Part::gather`].
    pub fn gather<'b>(
        &self,
        part: &Part,
        places: &[u32],
        step: &Step,
        into: &'b mut Buffers,
    ) -> Result<Batch<'b, f32>> {
        let places = places.iter().map(|&place| place as usize);
        let batch = part.gather(places.clone(), &mut into.plain)?;
        if !self.is_on() {
            return Ok(batch);
        }
        into.rows.clear();
        into.rows.extend(places.map(|place| part.rows[place]));
        self.apply(step, &into.rows, batch.inputs, &mut into.inputs);
        Ok(Batch {
            inputs: &into.inputs,
            ..batch
        })
    }

    /// Writes `inputs`, images from these rows of the data, to `out` as the step sees them.
    fn apply(&self, step: &Step, rows: &[usize], inputs: &[f32], out: &mut Vec<f32>) {
        let [height, width, channels] = self.shape;
        let len = height * width * channels;
        let reflects = self.crop_fill == "reflect";
        out.resize(inputs.len(), 0.0);
        let images = inputs.par_chunks(len);
        out.par_chunks_mut(len)
            .zip(images)
            .zip(rows)
            .share(|((out, image), row)| {
                let change = self.change(step, *row);
                let place = |at: usize, from: isize, size: usize| {
                    let at = at as isize + from;
                    match reflects {
                        true => Some(reflected(at, size)),
                        false => usize::try_from(at).ok().filter(|at| *at < size),
                    }
                };
                for (y, line) in out.chunks_exact_mut(width * channels).enumerate() {
                    let Some(source) = place(y, change.from[0], height) else {
                        line.fill(0.0);
                        continue;
                    };
                    let source = &image[source * width * channels..][..width * channels];
                    for (x, pixel) in line.chunks_exact_mut(channels).enumerate() {
                        let x = if change.mirrored { width - 1 - x } else { x };
                        match place(x, change.from[1], width) {
                            Some(x) => pixel.copy_from_slice(&source[x * channels..][..channels]),
                            None => pixel.fill(0.0),
                        }
                    }
                }
            });
    }
}

/// The place within `size` of what lies at `at` where the image is mirrored at its first and last pixel.
fn reflected(at: isize, size: usize) -> usize {
    let last = size as isize - 1;
    let at = at.abs();
    (if at > last { 2 * last - at } else { at }) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::Position;

    fn step(done: u64) -> Step {
        Step {
            seed: 7,
            done,
            learning_rate: 0.1,
            at: Position {
                training_examples: 1,
                batch: 1,
                batch_index: 0,
                batches: 1,
                epoch: 0.0,
            },
        }
    }

    /// Images whose every number is its own.
    fn images(count: usize, shape: &Shape) -> Vec<f32> {
        (1..=count * shape.len()).map(|i| i as f32).collect()
    }

    fn applied(augmentation: &Augmentation, done: u64, rows: &[usize]) -> Vec<f32> {
        let shape = Shape::new(&[5, 4, 2]);
        let all = images(40, &shape);
        let inputs: Vec<f32> = rows
            .iter()
            .flat_map(|row| all[row * shape.len()..][..shape.len()].to_vec())
            .collect();
        let mut out = vec![9.0; 3];
        let mut settled = augmentation.clone();
        settled.settle("x", &shape).unwrap();
        settled.apply(&step(done), rows, &inputs, &mut out);
        out
    }

    const ROWS: [usize; 40] = {
        let mut rows = [0; 40];
        let mut i = 0;
        while i < 40 {
            rows[i] = 39 - i;
            i += 1;
        }
        rows
    };

    /// An image padded by its definition, cut out at an offset, then mirrored.
    fn by_definition(
        image: &[f32],
        fill: &str,
        padding: usize,
        from: [usize; 2],
        mirrored: bool,
    ) -> Vec<f32> {
        let (h, w, c) = (5, 4, 2);
        let line = |n: usize| -> Vec<Option<usize>> {
            let before: Vec<Option<usize>> = (1..=padding)
                .rev()
                .map(|i| (fill == "reflect").then_some(i))
                .collect();
            let after: Vec<Option<usize>> = (1..=padding)
                .map(|i| (fill == "reflect").then(|| n - 1 - i))
                .collect();
            [before, (0..n).map(Some).collect(), after].concat()
        };
        let (rows, columns) = (line(h), line(w));
        let mut out = vec![];
        for y in 0..h {
            for x in 0..w {
                let x = if mirrored { w - 1 - x } else { x };
                for channel in 0..c {
                    let place = rows[y + from[0]].zip(columns[x + from[1]]);
                    out.push(place.map_or(0.0, |(y, x)| image[(y * w + x) * c + channel]));
                }
            }
        }
        out
    }

    #[test]
    fn every_image_is_a_crop_of_its_padded_self_and_every_crop_comes() {
        let len = 40;
        for (fill, padding, flip) in [
            ("zero", 2, "horizontal"),
            ("reflect", 2, "none"),
            ("zero", 0, "horizontal"),
            ("reflect", 1, "horizontal"),
        ] {
            let augmentation = Augmentation {
                flip,
                crop_padding: padding,
                crop_fill: fill,
                ..Augmentation::default()
            };
            let mut seen = std::collections::BTreeSet::new();
            for done in 0..20 {
                let out = applied(&augmentation, done, &ROWS);
                for (out, row) in out.chunks(len).zip(ROWS) {
                    let image = &images(40, &Shape::new(&[5, 4, 2]))[row * len..][..len];
                    let offsets =
                        (0..=2 * padding).flat_map(|y| (0..=2 * padding).map(move |x| [y, x]));
                    let all = offsets.flat_map(|from| [(from, false), (from, true)]);
                    let found = all
                        .filter(|(_, mirrored)| flip == "horizontal" || !mirrored)
                        .find(|(from, mirrored)| {
                            by_definition(image, fill, padding, *from, *mirrored) == out
                        });
                    seen.insert(found.unwrap_or_else(|| panic!("{fill} {padding}: {out:?}")));
                }
            }
            let ways = if flip == "horizontal" { 2 } else { 1 };
            assert_eq!(
                seen.len(),
                ways * (2 * padding + 1).pow(2),
                "{fill} {padding} {flip}"
            );
        }
    }

    #[test]
    fn half_of_the_images_are_mirrored() {
        let augmentation = Augmentation {
            flip: "horizontal",
            ..Augmentation::default()
        };
        let changes = (0..50).flat_map(|done| (0..100).map(move |row| (done, row)));
        let mirrored =
            changes.filter(|(done, row)| augmentation.change(&step(*done), *row).mirrored);
        // Of 5,000, with a standard deviation of 35.
        assert!(mirrored.count().abs_diff(2500) < 175);
    }

    #[test]
    fn a_change_depends_on_seed_step_and_row_alone() {
        let augmentation = Augmentation {
            flip: "horizontal",
            crop_padding: 2,
            ..Augmentation::default()
        };
        let whole = applied(&augmentation, 3, &ROWS);
        for (place, row) in ROWS.iter().enumerate() {
            assert_eq!(
                applied(&augmentation, 3, &[*row]),
                whole[place * 40..][..40]
            );
        }
        for threads in [1, 3] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
            let pool = pool.build().unwrap();
            assert_eq!(pool.install(|| applied(&augmentation, 3, &ROWS)), whole);
        }
        assert_ne!(applied(&augmentation, 4, &ROWS), whole);
        let other = Step { seed: 8, ..step(3) };
        let changes = |step: &Step| -> Vec<Change> {
            ROWS.iter()
                .map(|row| augmentation.change(step, *row))
                .collect()
        };
        assert_ne!(changes(&other), changes(&step(3)));
    }

    #[test]
    fn what_is_no_image_is_refused() {
        let on = Augmentation {
            crop_padding: 4,
            ..Augmentation::default()
        };
        let refused = |shape: &[usize]| {
            let failure = on.clone().settle("x", &Shape::new(shape)).err()?;
            Some(failure.diagnostics[0].title.clone())
        };
        assert!(
            refused(&[8])
                .unwrap()
                .contains("takes images, and the input `x` is [8]")
        );
        assert!(refused(&[4, 9, 1]).unwrap().contains("4 by 9"));
        assert_eq!(refused(&[5, 9, 1]), None);
        assert!(
            Augmentation::default()
                .settle("x", &Shape::new(&[8]))
                .is_ok()
        );
    }
}
