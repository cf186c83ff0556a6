//! ```text
//! μ, v = mean and mean square distance from it of a channel, over the examples and positions of the minibatch
//! x̂ = (x − μ)/√(v + ε)        y = γ·x̂ + β
//! kept: mean ← momentum·mean + (1 − momentum)·μ, variance likewise with v; predictions take them for μ and v
//!
//! dγ = Σ dy·x̂        dβ = Σ dy, of each example
//! dx = (γ·dy − mean of γ·dy − x̂·mean of γ·dy·x̂)/√(v + ε), the means over the minibatch
//! ```
//!
//! Ioffe and Szegedy, 2015, with Keras' momentum and ε, and the biased variance kept, as Keras has it; PyTorch keeps
//! the unbiased one.
//!
//! Sums go over pieces of examples or positions and then over the pieces, in their order. The pieces' own sums lie in
//! arrays that are written later: a step allocates nothing.

use super::lanes::{in_blocks, lanes, load, load_or, store, sums, write};
use super::{
    AnyFunction, AnyStatistics, Function, Layer, Moments, Operation, ParameterShape, Reads,
    Sequences, ShapeError, Slot, Statistics, Towards, norms,
};
use crate::signature::{Constants, Domain, Kind, Parameter, Signature};
use crate::tensor::simd::par_add_rows;
use crate::tensor::{Real, Shape, Share};
use rayon::prelude::*;
use std::sync::Arc;

/// Channels normalised by their mean and variance in the minibatch.
pub struct BatchNorm;

impl Layer for BatchNorm {
    fn signature(&self) -> &'static Signature {
        static SIGNATURE: Signature = Signature {
            name: "batch_norm",
            summary: "each channel less its mean, over its standard deviation, in the minibatch",
            parameters: &[
                Parameter {
                    name: "momentum",
                    kind: Kind::Number {
                        domain: Domain::OpenUnit,
                        learnable: false,
                    },
                    default: Some("0.99"),
                    summary: "the share of what is kept that stays at each step",
                },
                norms::EPSILON,
            ],
        };
        &SIGNATURE
    }

    fn methods(&self, _: &Constants) -> &'static str {
        "$y = gamma (x - mu)/sqrt(v + epsilon) + beta$, $mu$ and $v$ the mean and variance of a channel in the \
         minibatch, and their moving averages in predictions [@ioffe2015]"
    }

    fn sequences(&self) -> Sequences {
        norms::OVER_STEPS
    }

    fn slots(&self) -> &'static [Slot] {
        const {
            &[
                norms::GAIN,
                norms::SHIFT,
                Slot::state("mean", "[channels]", 0.0),
                Slot::state("variance", "[channels]", 1.0),
            ]
        }
    }

    fn build(&self, arguments: &Constants, shape: &Shape) -> Result<Operation, ShapeError> {
        Ok(Operation::Statistics(Arc::new(Minibatch {
            momentum: arguments.number("momentum"),
            kept: Kept {
                shape: shape.clone(),
                channels: norms::channels(shape),
                epsilon: arguments.number("epsilon"),
            },
        })))
    }
}

/// Numbers of a piece, and the fewest positions that it has.
const PIECE: usize = 16_384;
const LEAST: usize = 32;

struct Minibatch {
    momentum: f64,
    kept: Kept,
}

impl AnyStatistics for Minibatch {
    fn output(&self) -> Shape {
        self.kept.shape.clone()
    }

    fn parameters(&self) -> Vec<ParameterShape> {
        norms::rows(self.kept.channels, 4)
    }

    fn channels(&self) -> usize {
        self.kept.channels
    }

    fn momentum(&self) -> f64 {
        self.momentum
    }

    fn settled(&self) -> &dyn AnyFunction {
        &self.kept
    }
}

/// The row of example `n` where there is one for each, the row that all share, or none.
#[inline(always)]
fn row<T>(rows: &[T], channels: usize, n: usize) -> &[T] {
    match rows.len() <= channels {
        true => rows,
        false => &rows[n * channels..(n + 1) * channels],
    }
}

impl Minibatch {
    /// Numbers of a piece.
    fn piece(&self) -> usize {
        (PIECE / self.kept.channels).max(LEAST) * self.kept.channels
    }

    /// `to` = the mean of what `f` makes of a number of `x` and its channel, with `scratch` for each piece's sums.
    #[inline(always)]
    fn means<T: Real>(
        &self,
        x: &[T],
        to: &mut [T],
        scratch: &mut [T],
        f: impl Fn(T, usize) -> T + Sync,
    ) {
        let channels = self.kept.channels;
        let pieces = x.len().div_ceil(self.piece());
        let scratch = &mut scratch[..pieces * channels];
        let parts = scratch.par_chunks_mut(channels);
        parts.zip(x.par_chunks(self.piece())).share(|(sums, x)| {
            T::dispatch(
                #[inline(always)]
                || in_blocks!(channels, |first| piece_sums(x, sums, [channels, first], &f)),
            );
        });
        to.fill(T::zero());
        par_add_rows(to, scratch);
        let share = T::of(channels as f64 / x.len() as f64);
        to.iter_mut().for_each(|to| *to *= share);
    }
}

#[inline(always)]
fn piece_sums<T: Real, const L: usize>(
    x: &[T],
    to: &mut [T],
    place: [usize; 2],
    f: &impl Fn(T, usize) -> T,
) {
    let [found] = sums::<T, L, 1, 1, 4>(
        [x],
        place,
        #[inline(always)]
        |[x], l| [f(x, place[1] + l)],
    );
    store(to, place[1], found);
}

impl<T: Real> Statistics<T> for Minibatch {
    fn forward(&self, x: &[T], rows: [&[T]; 2], moments: Moments<T>, y: &mut [T]) {
        let (channels, len) = (self.kept.channels, self.kept.shape.len());
        let Moments { mean, variance } = moments;
        self.means(
            x,
            mean,
            y,
            #[inline(always)]
            |x, _| x,
        );
        let mean = &*mean;
        self.means(
            x,
            variance,
            y,
            #[inline(always)]
            |x, c| (x - mean[c]) * (x - mean[c]),
        );
        let variance = &*variance;
        // By examples only where each has rows of its own.
        let shared = rows.iter().all(|rows| rows.len() <= channels);
        let piece = if shared { self.piece() } else { len };
        let pieces = y.par_chunks_mut(piece).zip(x.par_chunks(piece));
        pieces.enumerate().share(|(n, (y, x))| {
            let [gain, shift] = rows.map(|rows| row(rows, channels, n));
            self.kept.forward(x, [gain, shift, mean, variance], y);
        });
    }

    fn backward(
        &self,
        x: &[T],
        rows: [&[T]; 2],
        moments: [&[T]; 2],
        dy: &[T],
        dx: &mut [T],
        add: bool,
        d_rows: [&mut [T]; 2],
    ) {
        let (channels, len) = (self.kept.channels, self.kept.shape.len());
        let examples = x.len() / len;
        let d_rows = d_rows.map(|rows| rows.split_at_mut(examples * channels));
        let [(to_gain, products), (to_shift, all)] = d_rows;
        let together = (PIECE / len).max(1);
        let parts = to_gain.par_chunks_mut(together * channels);
        let parts = parts.zip(to_shift.par_chunks_mut(together * channels));
        let of = (x.par_chunks(together * len)).zip(dy.par_chunks(together * len));
        parts.zip(of).share(|((to_gain, to_shift), (x, dy))| {
            T::dispatch(
                #[inline(always)]
                || {
                    in_blocks!(channels, |first| example_sums(
                        &self.kept,
                        [x, dy],
                        moments,
                        [&mut *to_gain, &mut *to_shift],
                        first
                    ));
                },
            );
        });
        if dx.is_empty() {
            return;
        }
        let sums = [&*to_gain, &*to_shift];
        weighted_means(
            sums,
            rows[0],
            x.len() / channels,
            [&mut *products, &mut *all],
        );
        let pieces = dx.par_chunks_mut(together * len);
        let of = (x.par_chunks(together * len)).zip(dy.par_chunks(together * len));
        pieces.zip(of).enumerate().share(|(piece, (dx, (x, dy)))| {
            let back = Back {
                of: &self.kept,
                gains: rows[0],
                moments,
                means: [&*products, &*all],
                first_example: piece * together,
                add,
            };
            T::dispatch(
                #[inline(always)]
                || in_blocks!(channels, |first| by_input(&back, [x, dy], dx, first)),
            );
        });
    }
}

/// `to` = the means over the minibatch of γ·dy·x̂ and of γ·dy, from each example's sums of dy·x̂ and of dy.
fn weighted_means<T: Real>(sums: [&[T]; 2], gains: &[T], numbers: usize, to: [&mut [T]; 2]) {
    let share = T::of(1.0 / numbers as f64);
    for (sums, to) in sums.into_iter().zip(to) {
        let channels = to.len();
        to.fill(T::zero());
        for (n, sums) in sums.chunks_exact(channels).enumerate() {
            let gain = row(gains, channels, n);
            for (c, (to, &d)) in to.iter_mut().zip(sums).enumerate() {
                *to += gain.get(c).copied().unwrap_or(T::one()) * d;
            }
        }
        to.iter_mut().for_each(|to| *to *= share);
    }
}

/// Each example's gradient by its gain and shift.
#[inline(always)]
fn example_sums<T: Real, const L: usize>(
    of: &Kept,
    [x, dy]: [&[T]; 2],
    [mean, variance]: [&[T]; 2],
    [to_gain, to_shift]: [&mut [T]; 2],
    first: usize,
) {
    let (channels, len) = (of.channels, of.shape.len());
    let mean: [T; L] = load(mean, first);
    let inverse: [T; L] = of.inverse(variance, first);
    for (n, (x, dy)) in x.chunks_exact(len).zip(dy.chunks_exact(len)).enumerate() {
        let [gain, shift] = sums::<T, L, 2, 2, 2>(
            [x, dy],
            [channels, first],
            #[inline(always)]
            |[x, dy], l| [dy * ((x - mean[l]) * inverse[l]), dy],
        );
        store(to_gain, n * channels + first, gain);
        store(to_shift, n * channels + first, shift);
    }
}

/// What the gradient by the input is worked out from.
struct Back<'a, T> {
    of: &'a Kept,
    /// A row for all, one for each example, or none.
    gains: &'a [T],
    moments: [&'a [T]; 2],
    /// Over the minibatch, of γ·dy·x̂ and of γ·dy.
    means: [&'a [T]; 2],
    /// The first of the piece.
    first_example: usize,
    add: bool,
}

#[inline(always)]
fn by_input<T: Real, const L: usize>(
    back: &Back<T>,
    [x, dy]: [&[T]; 2],
    dx: &mut [T],
    first: usize,
) {
    let (channels, len) = (back.of.channels, back.of.shape.len());
    let mean: [T; L] = load(back.moments[0], first);
    let inverse: [T; L] = back.of.inverse(back.moments[1], first);
    let [products, all] = back.means.map(|means| load::<T, L>(means, first));
    let examples = dx.chunks_exact_mut(len);
    let of = x.chunks_exact(len).zip(dy.chunks_exact(len));
    for (n, (dx, (x, dy))) in examples.zip(of).enumerate() {
        let own = row(back.gains, channels, back.first_example + n);
        let gain: [T; L] = load_or(own, first, T::one());
        write::<T, L, 2>(
            dx,
            back.add,
            [x, dy],
            [channels, first],
            #[inline(always)]
            |[x, dy], l| {
                let unit = (x - mean[l]) * inverse[l];
                (gain[l] * dy - all[l] - unit * products[l]) * inverse[l]
            },
        );
    }
}

/// The function of one example with given means and variances.
struct Kept {
    shape: Shape,
    channels: usize,
    epsilon: f64,
}

impl Kept {
    /// 1/√(v + ε)
    #[inline(always)]
    fn inverse<T: Real, const L: usize>(&self, variance: &[T], first: usize) -> [T; L] {
        let variance: [T; L] = load(variance, first);
        lanes(
            #[inline(always)]
            |l| norms::inverse(variance[l], 1, self.epsilon),
        )
    }

    /// y of any number of positions, with the gain, the shift, the mean and the variance.
    fn forward<T: Real>(&self, x: &[T], rows: [&[T]; 4], y: &mut [T]) {
        T::dispatch(
            #[inline(always)]
            || in_blocks!(self.channels, |first| forward(self, x, rows, y, first)),
        );
    }
}

#[inline(always)]
fn forward<T: Real, const L: usize>(
    of: &Kept,
    x: &[T],
    [gain, shift, mean, variance]: [&[T]; 4],
    y: &mut [T],
    first: usize,
) {
    let gain: [T; L] = load_or(gain, first, T::one());
    let shift: [T; L] = load_or(shift, first, T::zero());
    let mean: [T; L] = load(mean, first);
    let inverse: [T; L] = of.inverse(variance, first);
    let scale: [T; L] = lanes(
        #[inline(always)]
        |l| gain[l] * inverse[l],
    );
    write::<T, L, 1>(
        y,
        false,
        [x],
        [of.channels, first],
        #[inline(always)]
        |[x], l| (x - mean[l]) * scale[l] + shift[l],
    );
}

impl AnyFunction for Kept {
    fn output(&self) -> Shape {
        self.shape.clone()
    }

    fn parameters(&self) -> Vec<ParameterShape> {
        norms::rows(self.channels, 4)
    }

    fn mean_square(&self, _: &[f64], rows: &[Option<f64>]) -> Option<f64> {
        Some(norms::mean_square(rows))
    }
}

impl<T: Real> Function<T> for Kept {
    fn forward(&self, reads: Reads<T>, y: &mut [T], _: &mut [T]) {
        let rows = [0, 1, 2, 3].map(|row| reads.parameters[row]);
        Kept::forward(self, reads.x[0], rows, y);
    }

    /// The means and variances are given: there is no gradient by them.
    fn backward(
        &self,
        reads: Reads<T>,
        _: &[T],
        dy: &[T],
        towards: &mut [Towards<T>],
        rows: &mut [&mut [T]],
    ) {
        let Towards { dx, add } = &mut towards[0];
        for (at, (&x, &dy)) in reads.x[0].iter().zip(dy).enumerate() {
            let c = at % self.channels;
            let [mean, variance] = [reads.parameters[2][c], reads.parameters[3][c]];
            let inverse = norms::inverse(variance, 1, self.epsilon);
            if let Some(row) = rows[0].get_mut(c) {
                *row += dy * ((x - mean) * inverse);
            }
            if let Some(row) = rows[1].get_mut(c) {
                *row += dy;
            }
            if let Some(dx) = dx.get_mut(at) {
                let gain = reads.parameters[0].get(c).copied().unwrap_or(T::one());
                let d = dy * gain * inverse;
                *dx = if *add { *dx + d } else { d };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::numbers;
    use super::*;
    use crate::signature::Constant;

    fn built(shape: &[usize]) -> Arc<dyn AnyStatistics> {
        let arguments = Constants(vec![
            ("momentum", Constant::Number(0.9)),
            ("epsilon", Constant::Number(1e-3)),
        ]);
        match BatchNorm.build(&arguments, &Shape::new(shape)) {
            Ok(Operation::Statistics(statistics)) => statistics,
            _ => panic!("statistics"),
        }
    }

    /// Against the formula, with sums of one piece and of several.
    #[test]
    fn is_its_formula() {
        for (shape, examples) in [(&[3][..], 4), (&[5, 4, 8], 7), (&[40, 50, 17], 10)] {
            let norm = built(shape);
            let channels = norm.channels();
            let x = numbers(examples * norm.output().len(), 1);
            let rows = [2, 3].map(|salt| numbers(channels, salt));
            let (mut y, mut mean, mut variance) = (
                vec![f64::NAN; x.len()],
                vec![f64::NAN; channels],
                vec![f64::NAN; channels],
            );
            let into = Moments {
                mean: &mut mean,
                variance: &mut variance,
            };
            Statistics::<f64>::forward(&*norm, &x, [&rows[0], &rows[1]], into, &mut y);
            for c in 0..channels {
                let own = || x.iter().skip(c).step_by(channels);
                let count = own().count() as f64;
                let m = own().sum::<f64>() / count;
                let v = own().map(|x| (x - m).powi(2)).sum::<f64>() / count;
                assert!((mean[c] - m).abs() < 1e-13 && (variance[c] - v).abs() < 1e-13);
                for (x, y) in own().zip(y.iter().skip(c).step_by(channels)) {
                    let expected = rows[0][c] * (x - m) / (v + 1e-3).sqrt() + rows[1][c];
                    assert!((y - expected).abs() < 1e-12);
                }
            }
        }
    }

    #[test]
    fn the_number_of_threads_does_not_matter() {
        let norm = built(&[30, 30, 12]);
        let examples = 9;
        let narrow = |salt| -> Vec<f32> {
            let numbers = numbers(examples * norm.output().len(), salt);
            numbers.iter().map(|x| *x as f32).collect()
        };
        let (x, dy) = (narrow(1), narrow(2));
        let run = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
            pool.build().unwrap().install(|| {
                let [mut y, mut dx] = [x.clone(), x.clone()];
                let [mut mean, mut variance] = [[0.0; 12]; 2];
                let into = Moments {
                    mean: &mut mean,
                    variance: &mut variance,
                };
                Statistics::<f32>::forward(&*norm, &x, [&[], &[]], into, &mut y);
                let [mut gain, mut shift] = [[0.0; 12 * 10]; 2];
                let moments = [&mean[..], &variance];
                let rows = [&mut gain[..], &mut shift];
                Statistics::<f32>::backward(
                    &*norm,
                    &x,
                    [&[], &[]],
                    moments,
                    &dy,
                    &mut dx,
                    false,
                    rows,
                );
                (y, dx, mean, variance, gain, shift)
            })
        };
        let alone = run(1);
        assert!(alone.1.iter().all(|dx| dx.is_finite()));
        for threads in [2, 5] {
            assert_eq!(run(threads), alone, "{threads}");
        }
    }
}
