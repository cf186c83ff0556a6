//! ```text
//! y[i, j, c] = x[s·i, s·j, c] for c < C_in, else 0
//! ```
//!
//! The shortcut without parameters of residual networks (He et al. 2015, option A): every s-th position along each
//! axis, and zeros in the channels that the input does not have.

use super::{AnyMap, Layer, Map, Operation, ShapeError};
use crate::signature::{Constants, Kind, Parameter, Signature};
use crate::tensor::{Real, Shape};
use std::sync::Arc;

/// Every s-th position, with channels of zeros.
pub struct PadChannels;

impl Layer for PadChannels {
    fn signature(&self) -> &'static Signature {
        static SIGNATURE: Signature = Signature {
            name: "pad_channels",
            summary: "every so many positions, with channels of zeros behind those of the input",
            parameters: &[
                Parameter {
                    name: "channels",
                    kind: Kind::Count,
                    default: None,
                    summary: "channels of the output, as many as the input has or more",
                },
                Parameter {
                    name: "stride",
                    kind: Kind::Count,
                    default: Some("1"),
                    summary: "along each axis, steps from one position to the next",
                },
            ],
        };
        &SIGNATURE
    }

    fn methods(&self, _: &Constants) -> &'static str {
        "$y_(i, j, c) = x_(s i, s j, c)$ with $s$ its stride, and 0 in the channels that $x$ does not have"
    }

    fn build(&self, arguments: &Constants, shape: &Shape) -> Result<Operation, ShapeError> {
        let (channels, stride) = (arguments.count("channels"), arguments.count("stride"));
        let refused = |expected: String| ShapeError {
            expected,
            help: None,
        };
        let Some((&own, axes)) = shape.0.split_last() else {
            return Err(refused("an input of 1 axis or more".into()));
        };
        if own > channels {
            return Err(refused(format!("an input of at most {channels} channels")));
        }
        let mut output: Vec<usize> = axes.iter().map(|axis| axis.div_ceil(stride)).collect();
        output.push(channels);
        Ok(Operation::Map(Arc::new(Kept {
            stride,
            own,
            channels,
            input: shape.clone(),
            output: Shape(output),
        })))
    }
}

struct Kept {
    stride: usize,
    /// Channels of the input.
    own: usize,
    /// Channels of the output.
    channels: usize,
    input: Shape,
    output: Shape,
}

impl Kept {
    /// Where the channels of the output's position number `position` begin in the input.
    fn place(&self, mut position: usize) -> usize {
        let (mut place, mut step) = (0, self.own);
        let axes = self.output.0.iter().zip(&self.input.0).rev().skip(1);
        for (output, input) in axes {
            place += position % output * self.stride * step;
            position /= output;
            step *= input;
        }
        place
    }
}

impl AnyMap for Kept {
    fn output(&self) -> Shape {
        self.output.clone()
    }

    fn needs_input(&self) -> bool {
        false
    }

    fn elementwise(&self) -> bool {
        false
    }
}

impl<T: Real> Map<T> for Kept {
    fn forward(&self, x: &[T], y: &mut [T]) {
        for (position, y) in y.chunks_exact_mut(self.channels).enumerate() {
            let (same, zeros) = y.split_at_mut(self.own);
            same.copy_from_slice(&x[self.place(position)..][..self.own]);
            zeros.fill(T::zero());
        }
    }

    fn backward(&self, _: &[T], _: &[T], dy: &[T], dx: &mut [T]) {
        dx.fill(T::zero());
        for (position, dy) in dy.chunks_exact(self.channels).enumerate() {
            dx[self.place(position)..][..self.own].copy_from_slice(&dy[..self.own]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signature::Constant;

    fn built(channels: usize, stride: usize, shape: &[usize]) -> Result<Operation, ShapeError> {
        let arguments = Constants(vec![
            ("channels", Constant::Count(channels)),
            ("stride", Constant::Count(stride)),
        ]);
        PadChannels.build(&arguments, &Shape::new(shape))
    }

    #[test]
    fn keeps_every_other_position_and_adds_zeros() {
        let Ok(Operation::Map(map)) = built(3, 2, &[3, 4, 2]) else {
            panic!("a map")
        };
        assert_eq!(map.output(), Shape::new(&[2, 2, 3]));
        let x: Vec<f64> = (0..24).map(f64::from).collect();
        let mut y = vec![f64::NAN; 12];
        map.forward(&x, &mut y);
        let expected = [0, 1, 0, 4, 5, 0, 16, 17, 0, 20, 21, 0].map(f64::from);
        assert_eq!(y, expected);
        assert!(built(1, 1, &[3, 4, 2]).is_err());
        assert!(built(4, 1, &[2]).is_ok());
    }
}
