//! What the axes of an archive's arrays are: examples first, then those of one, whose channels are last or are moved there.

use super::archive::Archive;
use crate::data::npy::{Contents, Header};
use crate::data::{Choices, Values};
use crate::diagnostic::{Diagnostic, Failure, Result};
use crate::tensor::Shape;
use std::io::{Read, Seek};

impl<R: Read + Seek> Archive<'_, R> {
    /// The values of an array of inputs, its channels last.
    pub(super) fn input_values(&mut self, name: &str, choices: &Choices) -> Result<Values> {
        let found = self.array(name)?;
        let Contents::Numbers(mut values) = found.contents else {
            return Err(self
                .fault(&format!("holds text in the array of inputs `{name}`"))
                .help("inputs are numbers; a .csv may hold text, which becomes categories")
                .into());
        };
        move_channels(&mut values, &found.header, choices);
        Ok(values)
    }

    /// The shape of one input, its channels last. A row of `x` alone is one number an example.
    pub(super) fn input_shape(
        &self,
        name: &str,
        header: &Header,
        choices: &Choices,
    ) -> Result<Shape> {
        let axes = match &header.shape[..] {
            [] | [0, ..] => return Err(self.empty(name, header)),
            [_, axes @ ..] if axes.contains(&0) => return Err(self.empty(name, header)),
            [_] => &[1][..],
            [_, axes @ ..] => axes,
        };
        match (choices.layout.as_deref(), axes) {
            (None | Some("nhwc"), _) => Ok(Shape::new(axes)),
            (Some("nchw"), [c, h, w]) => Ok(Shape::new(&[*h, *w, *c])),
            (Some("nchw"), _) => {
                let fact = format!("holds an array `{name}` that has no channels to move");
                let expected = "`layout = \"nchw\"` is for [examples, channels, height, width]";
                Err(self
                    .fault(&fact)
                    .note(format!("its shape is {:?}, {expected}", header.shape))
                    .into())
            }
            (Some(other), _) => Err(Diagnostic::error("E0506", format!("`{other}` is no layout"))
                .note("expected `nhwc`, channels last, or `nchw`, channels first as PyTorch has them")
                .into()),
        }
    }

    /// The shape of one target, its channels last. A column of `y` alone is one number an example.
    pub(super) fn target_shape(
        &self,
        name: &str,
        header: &Header,
        choices: &Choices,
    ) -> Result<Shape> {
        match &header.shape[..] {
            [] | [0, ..] | [_, 0] => Err(self.empty(name, header)),
            [_, axes @ ..] if axes.iter().all(|n| *n == 1) => Ok(Shape::default()),
            [_, axes @ ..] if axes.contains(&0) => Err(self.empty(name, header)),
            [_, c, h, w] if choices.layout.as_deref() == Some("nchw") => {
                Ok(Shape::new(&[*h, *w, *c]))
            }
            [_, axes @ ..] => Ok(Shape::new(axes)),
        }
    }

    fn empty(&self, name: &str, header: &Header) -> Failure {
        self.fault(&format!("holds an array `{name}` with no examples"))
            .note(format!("its shape is {:?}", header.shape))
            .into()
    }
}

/// Moves the channels of images last, where they are said to stand first.
pub(super) fn move_channels(values: &mut Values, header: &Header, choices: &Choices) {
    if let (Some("nchw"), [_, c, h, w]) = (choices.layout.as_deref(), &header.shape[..]) {
        channels_last(values, [*c, *h, *w]);
    }
}

/// Moves the channels of images `[c, h, w]` last, one image after the other.
pub(super) fn channels_last(values: &mut Values, [c, h, w]: [usize; 3]) {
    fn each<V: Copy>(values: &mut [V], c: usize, pixels: usize) {
        for image in values.chunks_exact_mut(c * pixels) {
            let planes = image.to_vec();
            for (pixel, channels) in image.chunks_exact_mut(c).enumerate() {
                for (channel, value) in channels.iter_mut().enumerate() {
                    *value = planes[channel * pixels + pixel];
                }
            }
        }
    }
    match values {
        Values::U8(v) => each(v, c, h * w),
        Values::F32(v) => each(v, c, h * w),
        Values::F64(v) => each(v, c, h * w),
        // What is stored is moved as it is read.
        Values::Stored(_) => {}
    }
}
