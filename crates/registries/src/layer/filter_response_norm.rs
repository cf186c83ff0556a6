//! ```text
//! ν²[c] = mean of x[.., c]² over the positions        x̂ = x/√(ν² + ε)
//! z = γ·x̂ + β        y = max(z, τ)
//!
//! g = dy where z ≥ τ, else 0
//! dγ = Σ g·x̂        dβ = Σ g        dτ = Σ (dy − g)
//! dx = γ/√(ν² + ε)·(g − x̂·mean of g·x̂)
//! ```
//!
//! The means and sums are over one example's positions, channel by channel: an example's output depends on no other
//! example, and with one draw of the weights for each example nothing of two draws is mixed. Singh and Krishnan, 2020.

use super::lanes::{add, in_blocks, lanes, load_or, store, sums, write};
use super::{
    AnyFunction, Function, Layer, Operation, Reads, Sequences, ShapeError, Slot, Towards, norms,
};
use crate::signature::{Constants, Parameter, Signature};
use crate::tensor::{Real, Shape};
use std::sync::Arc;

/// Channels divided by their root mean square over the positions.
pub struct FilterResponseNorm;

impl Layer for FilterResponseNorm {
    fn signature(&self) -> &'static Signature {
        static SIGNATURE: Signature = Signature {
            name: "filter_response_norm",
            summary: "each channel over its root mean square in the example, times a gain, plus a shift, no less than \
                      a threshold",
            parameters: &[Parameter {
                default: Some("1e-6"),
                ..norms::EPSILON
            }],
        };
        &SIGNATURE
    }

    fn methods(&self, _: &Constants) -> &'static str {
        "$y = max(gamma x/sqrt(nu^2 + epsilon) + beta, tau)$, $nu^2$ the mean of $x^2$ over the positions, channel by \
         channel [@singh2020]"
    }

    fn sequences(&self) -> Sequences {
        norms::OVER_STEPS
    }

    fn slots(&self) -> &'static [Slot] {
        const {
            &[
                norms::GAIN,
                norms::SHIFT,
                Slot::row("threshold", "[channels]", 0.0, true),
            ]
        }
    }

    fn build(&self, arguments: &Constants, shape: &Shape) -> Result<Operation, ShapeError> {
        let [positions, channels] = norms::positions(shape)?;
        Ok(Operation::Function(Arc::new(Responses {
            shape: shape.clone(),
            positions,
            channels,
            epsilon: arguments.number("epsilon"),
        })))
    }
}

struct Responses {
    shape: Shape,
    positions: usize,
    channels: usize,
    epsilon: f64,
}

impl AnyFunction for Responses {
    fn output(&self) -> Shape {
        self.shape.clone()
    }

    fn parameters(&self) -> Vec<super::ParameterShape> {
        norms::rows(self.channels, 3)
    }

    /// A threshold near 0 stops half of the numbers.
    fn mean_square(&self, _: &[f64], rows: &[Option<f64>]) -> Option<f64> {
        let square = norms::mean_square(rows);
        Some(rows[2].map_or(square, |threshold| (square + threshold) / 2.0))
    }

    /// 1/√(ν² + ε) of each channel.
    fn saved(&self) -> usize {
        self.channels
    }
}

impl<T: Real> Function<T> for Responses {
    fn forward(&self, reads: Reads<T>, y: &mut [T], saved: &mut [T]) {
        let x = reads.x[0];
        T::dispatch(
            #[inline(always)]
            || {
                in_blocks!(self.channels, |c| forward(
                    self,
                    c,
                    x,
                    reads.parameters,
                    y,
                    saved
                ))
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
        let (x, towards) = (reads.x[0], &mut towards[0]);
        T::dispatch(
            #[inline(always)]
            || {
                in_blocks!(self.channels, |c| backward(
                    self,
                    c,
                    [x, dy],
                    reads.parameters,
                    saved,
                    towards,
                    rows
                ));
            },
        );
    }
}

#[inline(always)]
fn forward<T: Real, const L: usize>(
    of: &Responses,
    first: usize,
    x: &[T],
    parameters: &[&[T]],
    y: &mut [T],
    saved: &mut [T],
) {
    let place = [of.channels, first];
    let [squares] = sums::<T, L, 1, 1, 4>(
        [x],
        place,
        #[inline(always)]
        |[x], _| [x * x],
    );
    let inverse: [T; L] = lanes(
        #[inline(always)]
        |l| norms::inverse(squares[l], of.positions, of.epsilon),
    );
    store(saved, first, inverse);
    let own = Own::<T, L>::of(parameters, first, &inverse);
    write::<T, L, 1>(
        y,
        false,
        [x],
        place,
        #[inline(always)]
        |[x], l| {
            let z = own.before(x, l);
            // Not a number stays one.
            if z < own.threshold[l] {
                own.threshold[l]
            } else {
                z
            }
        },
    );
}

#[inline(always)]
fn backward<T: Real, const L: usize>(
    of: &Responses,
    first: usize,
    [x, dy]: [&[T]; 2],
    parameters: &[&[T]],
    saved: &[T],
    Towards { dx, add: on_top }: &mut Towards<T>,
    rows: &mut [&mut [T]],
) {
    let place = [of.channels, first];
    let inverse: [T; L] = super::lanes::load(saved, first);
    let own = Own::<T, L>::of(parameters, first, &inverse);
    let [through, products, stopped] = sums::<T, L, 2, 3, 1>(
        [x, dy],
        place,
        #[inline(always)]
        |[x, dy], l| {
            let g = own.through(x, dy, l);
            [g, g * x, dy - g]
        },
    );
    let gains: [T; L] = lanes(
        #[inline(always)]
        |l| products[l] * inverse[l],
    );
    add(rows[0], first, gains);
    add(rows[1], first, through);
    add(rows[2], first, stopped);
    if dx.is_empty() {
        return;
    }
    let share = T::of(1.0 / of.positions as f64);
    let back: [T; L] = lanes(
        #[inline(always)]
        |l| own.scale[l] * inverse[l] * gains[l] * share,
    );
    write::<T, L, 2>(
        dx,
        *on_top,
        [x, dy],
        place,
        #[inline(always)]
        |[x, dy], l| own.scale[l] * own.through(x, dy, l) - back[l] * x,
    );
}

/// What L channels are multiplied with, moved by, and stopped at.
struct Own<T, const L: usize> {
    /// γ/√(ν² + ε)
    scale: [T; L],
    shift: [T; L],
    threshold: [T; L],
}

impl<T: Real, const L: usize> Own<T, L> {
    #[inline(always)]
    fn of(parameters: &[&[T]], first: usize, inverse: &[T; L]) -> Self {
        let gain: [T; L] = load_or(parameters[0], first, T::one());
        Own {
            scale: lanes(
                #[inline(always)]
                |l| gain[l] * inverse[l],
            ),
            shift: load_or(parameters[1], first, T::zero()),
            threshold: load_or(parameters[2], first, T::neg_infinity()),
        }
    }

    /// z
    #[inline(always)]
    fn before(&self, x: T, lane: usize) -> T {
        x * self.scale[lane] + self.shift[lane]
    }

    /// g
    #[inline(always)]
    fn through(&self, x: T, dy: T, lane: usize) -> T {
        if self.before(x, lane) < self.threshold[lane] {
            T::zero()
        } else {
            dy
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{function, numbers};
    use super::*;
    use crate::signature::Constant;

    /// Against the formula, with channels that fill vectors and some that do not.
    #[test]
    fn is_its_formula() {
        for channels in [1, 3, 8, 16, 27] {
            let (positions, epsilon) = (6, 1e-3);
            let arguments = Constants(vec![("epsilon", Constant::Number(epsilon))]);
            let shape = Shape::new(&[2, 3, channels]);
            let norm = function(&FilterResponseNorm, &arguments, &shape);
            let x = numbers(positions * channels, 1);
            let rows = [2, 3, 4].map(|salt| numbers(channels, salt));
            for left_out in [None, Some(0), Some(1), Some(2)] {
                let mut given = [&rows[0][..], &rows[1], &rows[2]];
                if let Some(left_out) = left_out {
                    given[left_out] = &[];
                }
                let reads = Reads {
                    x: &[&x],
                    parameters: &given,
                    mask: &[],
                };
                let (mut y, mut saved) = (vec![f64::NAN; x.len()], vec![f64::NAN; channels]);
                Function::<f64>::forward(&*norm, reads, &mut y, &mut saved);
                for (at, y) in y.iter().enumerate() {
                    let c = at % channels;
                    let square: f64 = x.iter().skip(c).step_by(channels).map(|x| x * x).sum();
                    let gain = given[0].get(c).unwrap_or(&1.0);
                    let shift = given[1].get(c).unwrap_or(&0.0);
                    let z = gain * x[at] / (square / positions as f64 + epsilon).sqrt() + shift;
                    let expected = given[2].get(c).map_or(z, |threshold| z.max(*threshold));
                    assert!((y - expected).abs() < 1e-14, "{y} for {expected}");
                }
            }
        }
    }

    #[test]
    fn one_position_is_refused() {
        let arguments = Constants(vec![("epsilon", Constant::Number(1e-6))]);
        for shape in [&[5][..], &[1, 1, 5]] {
            let refused = FilterResponseNorm.build(&arguments, &Shape::new(shape));
            assert!(refused.is_err(), "{shape:?}");
        }
    }
}
