//! ```text
//! y[.., c₁ + … + cᵢ₋₁ + c] = xᵢ[.., c]        dxᵢ is that part of dy
//! ```
//!
//! Values are joined along their last axis, the channels; their other axes must be the same.

use super::joins::{operation, several};
use super::{
    AnyFunction, Function, Layer, Operation, Reads, Sequences, ShapeError, Takes, Towards,
};
use crate::signature::{Constants, Signature};
use crate::tensor::{Real, Shape};

/// The channels of several values, one after the other.
pub struct Concat;

impl Layer for Concat {
    fn signature(&self) -> &'static Signature {
        static SIGNATURE: Signature = Signature {
            name: "concat",
            summary: "the channels of several values, one value's after the other's",
            parameters: &[],
        };
        &SIGNATURE
    }

    fn sequences(&self) -> Sequences {
        Sequences::EachStep
    }

    fn methods(&self, _: &Constants) -> &'static str {
        "the channels of its inputs, one input's after the other's"
    }

    fn takes(&self) -> Takes {
        Takes::Several
    }

    fn join(&self, _: &Constants, shapes: &[Shape]) -> Result<Operation, ShapeError> {
        several(shapes)?;
        let split = |shape: &Shape| {
            let (channels, others) = shape.0.split_last()?;
            Some((*channels, others.to_vec()))
        };
        let expected = || ShapeError {
            expected: "values whose axes but for the last are the same".into(),
            help: None,
        };
        let parts: Option<Vec<_>> = shapes.iter().map(split).collect();
        let parts = parts.ok_or_else(expected)?;
        let others = parts[0].1.clone();
        if parts.iter().any(|(_, axes)| *axes != others) {
            return Err(expected());
        }
        let channels: Vec<usize> = parts.into_iter().map(|(channels, _)| channels).collect();
        let mut axes = others;
        axes.push(channels.iter().sum());
        Ok(operation(Channels {
            channels,
            output: Shape(axes),
        }))
    }
}

struct Channels {
    /// Of each value.
    channels: Vec<usize>,
    output: Shape,
}

impl Channels {
    fn all(&self) -> usize {
        self.channels.iter().sum()
    }

    /// The first channel of each value in the output, with how many it has.
    fn places(&self) -> impl Iterator<Item = (usize, usize)> {
        let mut next = 0;
        self.channels.iter().map(move |&channels| {
            next += channels;
            (next - channels, channels)
        })
    }
}

impl AnyFunction for Channels {
    fn output(&self) -> Shape {
        self.output.clone()
    }

    fn needs_inputs(&self) -> bool {
        false
    }

    fn mean_square(&self, inputs: &[f64], _: &[Option<f64>]) -> Option<f64> {
        let channels = self.channels.iter().zip(inputs);
        let sum: f64 = channels
            .map(|(channels, square)| *channels as f64 * square)
            .sum();
        Some(sum / self.all() as f64)
    }
}

impl<T: Real> Function<T> for Channels {
    fn forward(&self, reads: Reads<T>, y: &mut [T], _: &mut [T]) {
        let all = self.all();
        for (x, (first, channels)) in reads.x.iter().zip(self.places()) {
            let rows = x.chunks_exact(channels).zip(y.chunks_exact_mut(all));
            rows.for_each(|(x, y)| y[first..first + channels].copy_from_slice(x));
        }
    }

    fn backward(
        &self,
        _: Reads<T>,
        _: &[T],
        dy: &[T],
        towards: &mut [Towards<T>],
        _: &mut [&mut [T]],
    ) {
        let all = self.all();
        for (Towards { dx, add }, (first, channels)) in towards.iter_mut().zip(self.places()) {
            let rows = dx.chunks_exact_mut(channels).zip(dy.chunks_exact(all));
            for (dx, dy) in rows {
                let dy = &dy[first..first + channels];
                match add {
                    false => dx.copy_from_slice(dy),
                    true => dx.iter_mut().zip(dy).for_each(|(dx, &dy)| *dx += dy),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joins_channels_and_refuses_other_axes() {
        let shapes = [Shape::new(&[2, 1]), Shape::new(&[2, 2])];
        let built = Concat.join(&Constants::default(), &shapes);
        let Ok(Operation::Function(concat)) = built else {
            panic!("a function")
        };
        assert_eq!(concat.output(), Shape::new(&[2, 3]));
        let reads = Reads {
            x: &[&[1.0, 2.0], &[10.0, 11.0, 20.0, 21.0]],
            parameters: &[],
            mask: &[],
        };
        let mut y = [0.0f64; 6];
        Function::forward(&*concat, reads, &mut y, &mut []);
        assert_eq!(y, [1.0, 10.0, 11.0, 2.0, 20.0, 21.0]);
        let others = [Shape::new(&[2, 1]), Shape::new(&[3, 1])];
        assert!(Concat.join(&Constants::default(), &others).is_err());
    }
}
