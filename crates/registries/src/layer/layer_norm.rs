//! ```text
//! μ, v = mean and mean square distance from it, over the channels of a position
//! x̂ = (x − μ)/√(v + ε)        y = γ·x̂ + β
//!
//! dγ = Σ dy·x̂        dβ = Σ dy, over the positions
//! dx = (γ·dy − mean of γ·dy − x̂·mean of γ·dy·x̂)/√(v + ε), the means over the channels
//! ```
//!
//! Ba, Kiros and Hinton, 2016.

use super::lanes::total;
use super::{
    AnyFunction, Function, Layer, Operation, Reads, Sequences, ShapeError, Slot, Towards, norms,
};
use crate::signature::{Constants, Signature};
use crate::tensor::{Real, Shape};
use std::sync::Arc;

/// The channels of each position normalised by their mean and variance.
pub struct LayerNorm;

impl Layer for LayerNorm {
    fn signature(&self) -> &'static Signature {
        static SIGNATURE: Signature = Signature {
            name: "layer_norm",
            summary: "the last axis less its mean, over its standard deviation",
            parameters: &[norms::EPSILON],
        };
        &SIGNATURE
    }

    fn sequences(&self) -> Sequences {
        Sequences::EachStep
    }

    fn methods(&self, _: &Constants) -> &'static str {
        "$y = gamma (x - mu)/sqrt(v + epsilon) + beta$, $mu$ and $v$ the mean and variance over the last axis [@ba2016]"
    }

    fn slots(&self) -> &'static [Slot] {
        const { &[norms::GAIN, norms::SHIFT] }
    }

    fn build(&self, arguments: &Constants, shape: &Shape) -> Result<Operation, ShapeError> {
        let channels = norms::channels(shape);
        if channels < 2 {
            return Err(ShapeError {
                expected: "a last axis of several numbers: it takes their mean".into(),
                help: Some("less its mean a number by itself is 0".into()),
            });
        }
        Ok(Operation::Function(Arc::new(Channels {
            shape: shape.clone(),
            channels,
            epsilon: arguments.number("epsilon"),
        })))
    }
}

struct Channels {
    shape: Shape,
    channels: usize,
    epsilon: f64,
}

impl AnyFunction for Channels {
    fn output(&self) -> Shape {
        self.shape.clone()
    }

    fn parameters(&self) -> Vec<super::ParameterShape> {
        norms::rows(self.channels, 2)
    }

    fn mean_square(&self, _: &[f64], rows: &[Option<f64>]) -> Option<f64> {
        Some(norms::mean_square(rows))
    }

    /// The mean of each position, and 1/√(v + ε).
    fn saved(&self) -> usize {
        2 * (self.shape.len() / self.channels)
    }
}

impl<T: Real> Function<T> for Channels {
    fn forward(&self, reads: Reads<T>, y: &mut [T], saved: &mut [T]) {
        let [gain, shift] = [reads.parameters[0], reads.parameters[1]];
        let x = reads.x[0].chunks_exact(self.channels);
        let positions = x.zip(y.chunks_exact_mut(self.channels));
        let positions = positions.zip(saved.chunks_exact_mut(2));
        let share = T::of(1.0 / self.channels as f64);
        T::dispatch(
            #[inline(always)]
            || {
                for ((x, y), saved) in positions {
                    let sum = total(
                        [x],
                        #[inline(always)]
                        |[x]| x,
                    );
                    let mean = sum * share;
                    let squares = total(
                        [x],
                        #[inline(always)]
                        |[x]| (x - mean) * (x - mean),
                    );
                    let inverse = norms::inverse(squares, self.channels, self.epsilon);
                    (saved[0], saved[1]) = (mean, inverse);
                    for (y, &x) in y.iter_mut().zip(x) {
                        *y = (x - mean) * inverse;
                    }
                    // One that is left out is an empty row.
                    for (y, &gain) in y.iter_mut().zip(gain) {
                        *y *= gain;
                    }
                    for (y, &shift) in y.iter_mut().zip(shift) {
                        *y += shift;
                    }
                }
            },
        );
    }

    fn backward(
        &self,
        reads: Reads<T>,
        saved: &[T],
        dy: &[T],
        towards: &mut [Towards<T>],
        rows: &mut [&mut [T]],
    ) {
        let (x, gain) = (reads.x[0].chunks_exact(self.channels), reads.parameters[0]);
        let positions = x.zip(dy.chunks_exact(self.channels));
        let positions = positions.zip(saved.chunks_exact(2));
        let [to_gain, to_shift] = rows else {
            unreachable!("two rows")
        };
        T::dispatch(
            #[inline(always)]
            || {
                for ((x, dy), saved) in positions {
                    let [mean, inverse] = [saved[0], saved[1]];
                    for ((to, &x), &dy) in to_gain.iter_mut().zip(x).zip(dy) {
                        *to += dy * ((x - mean) * inverse);
                    }
                    for (to, &dy) in to_shift.iter_mut().zip(dy) {
                        *to += dy;
                    }
                }
            },
        );
        let Towards { dx, add } = &mut towards[0];
        let x = reads.x[0].chunks_exact(self.channels);
        let positions = x.zip(dy.chunks_exact(self.channels));
        let positions = positions.zip(saved.chunks_exact(2));
        let positions = positions.zip(dx.chunks_exact_mut(self.channels));
        T::dispatch(
            #[inline(always)]
            || {
                for (((x, dy), saved), dx) in positions {
                    let of = [saved[0], saved[1]];
                    match gain.is_empty() {
                        true => by_input(of, [x, dy], |[x, dy]| [x, dy], dx, *add),
                        false => by_input(
                            of,
                            [x, dy, gain],
                            #[inline(always)]
                            |[x, dy, gain]| [x, dy * gain],
                            dx,
                            *add,
                        ),
                    }
                }
            },
        );
    }
}

/// A position's gradient by its input; `part` gives x and γ·dy of a channel.
#[inline(always)]
fn by_input<T: Real, const N: usize>(
    [mean, inverse]: [T; 2],
    of: [&[T]; N],
    part: impl Fn([T; N]) -> [T; 2],
    dx: &mut [T],
    add: bool,
) {
    let share = T::of(1.0 / dx.len() as f64);
    let all = total(
        of,
        #[inline(always)]
        |numbers| part(numbers)[1],
    );
    let products = total(
        of,
        #[inline(always)]
        |numbers| {
            let [x, g] = part(numbers);
            (x - mean) * inverse * g
        },
    );
    let (all, products) = (all * share, products * share);
    let len = dx.len();
    let of = of.map(
        #[inline(always)]
        |all| &all[..len],
    );
    for (c, dx) in dx.iter_mut().enumerate() {
        let mut numbers = [T::zero(); N];
        for n in 0..N {
            numbers[n] = of[n][c];
        }
        let [x, g] = part(numbers);
        let d = (g - all - (x - mean) * inverse * products) * inverse;
        *dx = if add { *dx + d } else { d };
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{function, numbers};
    use super::*;
    use crate::signature::Constant;

    #[test]
    fn is_its_formula() {
        for channels in [2, 5, 16, 33] {
            let arguments = Constants(vec![("epsilon", Constant::Number(1e-3))]);
            let norm = function(&LayerNorm, &arguments, &Shape::new(&[2, 2, channels]));
            let x = numbers(4 * channels, 1);
            let rows = [2, 3].map(|salt| numbers(channels, salt));
            let reads = Reads {
                x: &[&x],
                parameters: &[&rows[0], &rows[1]],
                mask: &[],
            };
            let (mut y, mut saved) = (vec![f64::NAN; x.len()], vec![f64::NAN; 8]);
            Function::<f64>::forward(&*norm, reads, &mut y, &mut saved);
            for (x, y) in x.chunks(channels).zip(y.chunks(channels)) {
                let mean = x.iter().sum::<f64>() / channels as f64;
                let squares = x.iter().map(|x| (x - mean).powi(2)).sum::<f64>();
                for c in 0..channels {
                    let unit = (x[c] - mean) / (squares / channels as f64 + 1e-3).sqrt();
                    assert!((y[c] - rows[0][c] * unit - rows[1][c]).abs() < 1e-13);
                }
            }
        }
        let arguments = Constants(vec![("epsilon", Constant::Number(1e-3))]);
        assert!(LayerNorm.build(&arguments, &Shape::new(&[4, 1])).is_err());
    }
}
