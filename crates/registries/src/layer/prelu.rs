//! ```text
//! y = x where x > 0, else a·x, a a number a channel
//!
//! dx = dy where x > 0, else a·dy        da = Σ x·dy where x ≤ 0
//! ```
//!
//! He et al., 2015, with a channel's slope shared by all positions, as PyTorch has it; Keras has one for each entry
//! unless told to share. It starts at 0.25.

use super::lanes::{add, in_blocks, load, sums, write};
use super::{
    AnyFunction, Function, Layer, Operation, Reads, Sequences, ShapeError, Slot, Towards, norms,
};
use crate::signature::{Constants, Signature};
use crate::tensor::{Real, Shape};
use std::sync::Arc;

/// The rectified linear unit with a slope below 0 that is trained.
pub struct Prelu;

impl Layer for Prelu {
    fn signature(&self) -> &'static Signature {
        static SIGNATURE: Signature = Signature {
            name: "prelu",
            summary: "the input above 0, times a slope that is trained below, one for each channel",
            parameters: &[],
        };
        &SIGNATURE
    }

    fn sequences(&self) -> Sequences {
        Sequences::EachStep
    }

    fn methods(&self, _: &Constants) -> &'static str {
        "$y = max(x, 0) + a min(x, 0)$ with a slope $a$ for each channel [@he2015]"
    }

    fn slots(&self) -> &'static [Slot] {
        const { &[Slot::row("slope", "[channels]", 0.25, false)] }
    }

    fn build(&self, _: &Constants, shape: &Shape) -> Result<Operation, ShapeError> {
        Ok(Operation::Function(Arc::new(Slopes {
            shape: shape.clone(),
            channels: norms::channels(shape),
        })))
    }
}

struct Slopes {
    shape: Shape,
    channels: usize,
}

impl AnyFunction for Slopes {
    fn output(&self) -> Shape {
        self.shape.clone()
    }

    fn parameters(&self) -> Vec<super::ParameterShape> {
        norms::rows(self.channels, 1)
    }

    fn mean_square(&self, inputs: &[f64], rows: &[Option<f64>]) -> Option<f64> {
        Some(inputs[0] * (1.0 + rows[0].unwrap_or(0.0)) / 2.0)
    }
}

impl<T: Real> Function<T> for Slopes {
    fn forward(&self, reads: Reads<T>, y: &mut [T], _: &mut [T]) {
        let (x, slopes, channels) = (reads.x[0], reads.parameters[0], self.channels);
        T::dispatch(
            #[inline(always)]
            || in_blocks!(channels, |first| forward(x, slopes, y, [channels, first])),
        );
    }

    fn backward(
        &self,
        reads: Reads<T>,
        _: &[T],
        dy: &[T],
        towards: &mut [Towards<T>],
        rows: &mut [&mut [T]],
    ) {
        let (of, slopes, channels) = ([reads.x[0], dy], reads.parameters[0], self.channels);
        let (towards, row) = (&mut towards[0], &mut *rows[0]);
        T::dispatch(
            #[inline(always)]
            || {
                in_blocks!(channels, |first| backward(
                    of,
                    slopes,
                    towards,
                    row,
                    [channels, first]
                ));
            },
        );
    }
}

#[inline(always)]
fn forward<T: Real, const L: usize>(x: &[T], slopes: &[T], y: &mut [T], place: [usize; 2]) {
    let slope: [T; L] = load(slopes, place[1]);
    write::<T, L, 1>(
        y,
        false,
        [x],
        place,
        #[inline(always)]
        |[x], l| if x > T::zero() { x } else { slope[l] * x },
    );
}

#[inline(always)]
fn backward<T: Real, const L: usize>(
    of: [&[T]; 2],
    slopes: &[T],
    Towards { dx, add: on_top }: &mut Towards<T>,
    row: &mut [T],
    place: [usize; 2],
) {
    let slope: [T; L] = load(slopes, place[1]);
    let [by_slope] = sums::<T, L, 2, 1, 2>(
        of,
        place,
        #[inline(always)]
        |[x, dy], _| [if x > T::zero() { T::zero() } else { x * dy }],
    );
    add(row, place[1], by_slope);
    write::<T, L, 2>(
        dx,
        *on_top,
        of,
        place,
        #[inline(always)]
        |[x, dy], l| if x > T::zero() { dy } else { slope[l] * dy },
    );
}

#[cfg(test)]
mod tests {
    use super::super::testing::function;
    use super::*;

    #[test]
    fn each_channel_has_its_slope_below_0() {
        let prelu = function(&Prelu, &Constants::default(), &Shape::new(&[2, 2]));
        let reads = Reads {
            x: &[&[-1.0, -1.0, 2.0, -4.0]],
            parameters: &[&[0.25, 3.0]],
            mask: &[],
        };
        let mut y = [0.0f64; 4];
        Function::forward(&*prelu, reads, &mut y, &mut []);
        assert_eq!(y, [-0.25, -3.0, 2.0, -12.0]);
    }
}
