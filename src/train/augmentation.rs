//! Augmentation: the images of each minibatch, moved and mirrored at random. Targets that are images change with them.
//!
//! What is drawn for an image is keyed by the run's seed, the step and the image's row: it depends neither on the
//! other images nor on threads, and a run that is resumed draws the same. Only training steps see it: validation,
//! the test part and predictions have the images as they are.

use crate::data::random::{Stream, mix};
use crate::diagnostic::{Diagnostic, Result};
use crate::engine::Step;
use crate::examples::{self, Part};
use crate::exec::Batch;
use crate::ir::{Input, Target};
use crate::likelihood::{TargetKind, Targets};
use crate::tensor::Share;
use rayon::prelude::*;

/// Which way images may be mirrored.
pub const FLIPS: &[&str] = &["none", "horizontal"];
/// What lies around an image before it is cropped.
pub const FILLS: &[&str] = &["zero", "reflect"];

const LEAVE_OUT: &str = "leave `[augmentation]` out, or `--flip` and `--crop-padding`";

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
    /// The same of targets that are images.
    target: Option<[usize; 3]>,
}

/// Memory that every step uses again.
#[derive(Default)]
pub struct Buffers {
    plain: examples::Buffers<f32>,
    rows: Vec<usize>,
    inputs: Vec<f32>,
    labels: Vec<u32>,
    reals: Vec<f32>,
}

impl Default for Augmentation {
    fn default() -> Self {
        Augmentation {
            flip: FLIPS[0],
            crop_padding: 0,
            crop_fill: FILLS[0],
            shape: [0; 3],
            target: None,
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

    /// Takes the shapes of the model's images, if they are changed.
    ///
    /// # Errors
    ///
    /// `E0603` for an input that is no image, one that the padding is too large for, or targets with axes that cannot
    /// change as the images do.
    pub fn settle(&mut self, input: &Input, target: &Target) -> Result<()> {
        if !self.is_on() {
            return Ok(());
        }
        let [height, width, channels] = input.shape.0[..] else {
            let title = format!(
                "`[augmentation]` takes images, and the input `{}` is {}: no height, width and channels",
                input.name, input.shape
            );
            return Err(Diagnostic::error("E0603", title).help(LEAVE_OUT).into());
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
        self.target = match target.kind.axes() {
            Some(_) => Some(self.target_image(target)?),
            None => None,
        };
        Ok(())
    }

    /// Height, width and channels of a target that has axes.
    fn target_image(&self, target: &Target) -> Result<[usize; 3]> {
        let [height, width, _] = self.shape;
        let (name, axes) = (&target.name, target.kind.axes().expect("axes"));
        let refused = |title| Diagnostic::error("E0603", title);
        let image = match (target.kind, axes.sizes()) {
            // The axis of one channel may be there or not.
            (TargetKind::Categories { .. }, &[h, w] | &[h, w, 1]) => [h, w, 1],
            (TargetKind::Reals(_) | TargetKind::Binaries(_), &[h, w, channels]) => [h, w, channels],
            (_, &[h, w]) if [h, w] == [height, width] => [h, w, 1],
            _ => {
                let title = format!(
                    "`[augmentation]` changes images and their targets alike, and the target `{name}` is {axes}: no \
                     height and width"
                );
                return Err(refused(title).help(LEAVE_OUT).into());
            }
        };
        if self.crop_padding == 0 {
            return Ok(image);
        }
        if self.crop_fill != "reflect" {
            let title =
                format!("`crop_padding` leaves places of the target `{name}` without a value");
            return Err(refused(title)
                .note("around an image there are pixels of 0, and nothing is observed there")
                .help("`crop_fill = \"reflect\"` mirrors the image and its target at their edges")
                .into());
        }
        if image[..2] != [height, width] {
            let title = format!(
                "`crop_padding` moves images of {height} by {width}, and the target `{name}` is {axes}: it cannot be \
                 moved as far"
            );
            return Err(refused(title)
                .help("leave `crop_padding` out, or `--crop-padding`; `flip` mirrors targets of any size")
                .into());
        }
        Ok(image)
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
        let Buffers {
            rows,
            inputs,
            labels,
            reals,
            ..
        } = into;
        self.apply(step, rows, (batch.inputs, self.shape), inputs);
        let targets = match (self.target, batch.targets) {
            (None, targets) => targets,
            (Some(shape), Targets::Labels(images)) => {
                self.apply(step, rows, (images, shape), labels);
                Targets::Labels(labels)
            }
            (Some(shape), Targets::Reals(images)) => {
                self.apply(step, rows, (images, shape), reals);
                Targets::Reals(reals)
            }
        };
        Ok(Batch {
            inputs,
            targets,
            ..batch
        })
    }

    /// Writes images of a shape, those of these rows of the data, to `out` as the step sees them.
    fn apply<V: Copy + Default + Send + Sync>(
        &self,
        step: &Step,
        rows: &[usize],
        (images, shape): (&[V], [usize; 3]),
        out: &mut Vec<V>,
    ) {
        let [height, width, channels] = shape;
        let len = height * width * channels;
        let reflects = self.crop_fill == "reflect";
        out.resize(images.len(), V::default());
        let images = images.par_chunks(len);
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
                        line.fill(V::default());
                        continue;
                    };
                    let source = &image[source * width * channels..][..width * channels];
                    for (x, pixel) in line.chunks_exact_mut(channels).enumerate() {
                        let x = if change.mirrored { width - 1 - x } else { x };
                        match place(x, change.from[1], width) {
                            Some(x) => pixel.copy_from_slice(&source[x * channels..][..channels]),
                            None => pixel.fill(V::default()),
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
mod tests;
