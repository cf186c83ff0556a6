//! ```text
//! μ, v = mean and mean square distance from it, over the positions and channels of a group
//! x̂ = (x − μ)/√(v + ε)        y = γ·x̂ + β, γ and β a number a channel
//!
//! dγ = Σ dy·x̂        dβ = Σ dy
//! dx = (γ·dy − mean of γ·dy − x̂·mean of γ·dy·x̂)/√(v + ε), the means over the group
//! ```
//!
//! Wu and He, 2018. Groups of one channel are instance normalisation.

use super::lanes::{add, fold, lanes, load_or, sums, write};
use super::{
    AnyFunction, Function, Layer, Operation, Reads, Sequences, ShapeError, Slot, Towards, norms,
};
use crate::signature::{Constants, Kind, Parameter, Signature};
use crate::tensor::{Real, Shape};
use std::sync::Arc;

/// Groups of channels normalised by their own mean and variance.
pub struct GroupNorm;

impl Layer for GroupNorm {
    fn signature(&self) -> &'static Signature {
        static SIGNATURE: Signature = Signature {
            name: "group_norm",
            summary: "groups of channels less their mean, over their standard deviation in the example",
            parameters: &[
                Parameter {
                    name: "groups",
                    kind: Kind::Count,
                    default: Some("32"),
                    summary: "how many groups; the channels are a multiple of it",
                },
                norms::EPSILON,
            ],
        };
        &SIGNATURE
    }

    fn methods(&self, _: &Constants) -> &'static str {
        "$y = gamma (x - mu)/sqrt(v + epsilon) + beta$, $mu$ and $v$ the mean and variance over the positions and \
         channels of a group [@wu2018]"
    }

    fn sequences(&self) -> Sequences {
        norms::OVER_STEPS
    }

    fn slots(&self) -> &'static [Slot] {
        const { &[norms::GAIN, norms::SHIFT] }
    }

    fn build(&self, arguments: &Constants, shape: &Shape) -> Result<Operation, ShapeError> {
        let (groups, channels) = (arguments.count("groups"), norms::channels(shape));
        if channels % groups != 0 || channels == 0 {
            let fit = (2..=channels.min(64)).filter(|groups| channels % groups == 0);
            let fit: Vec<String> = fit.map(|groups| groups.to_string()).collect();
            return Err(ShapeError {
                expected: format!("channels in {groups} groups of one size"),
                help: Some(match &fit[..] {
                    [] => "`groups = 1` makes one group of them all".into(),
                    _ => format!("`groups` of {channels} channels: 1, {}", fit.join(", ")),
                }),
            });
        }
        if shape.len() == groups {
            return Err(ShapeError {
                expected: "groups of several numbers".into(),
                help: Some("less its mean a number by itself is 0: take fewer groups".into()),
            });
        }
        Ok(operation(shape, groups, arguments))
    }
}

/// The normalisation in `groups` groups of channels, which they divide.
pub(super) fn operation(shape: &Shape, groups: usize, arguments: &Constants) -> Operation {
    let channels = norms::channels(shape);
    Operation::Function(Arc::new(Groups {
        shape: shape.clone(),
        channels,
        width: channels / groups,
        count: shape.len() / groups,
        epsilon: arguments.number("epsilon"),
    }))
}

struct Groups {
    shape: Shape,
    channels: usize,
    /// Channels of a group.
    width: usize,
    /// Numbers of a group.
    count: usize,
    epsilon: f64,
}

impl Groups {
    /// Whether blocks of this many channels hold whole groups, or groups whole blocks.
    fn fits(&self, lanes: usize) -> bool {
        let blocks_of_groups = self.width.is_multiple_of(lanes) || lanes.is_multiple_of(self.width);
        self.channels.is_multiple_of(lanes) && blocks_of_groups
    }
}

impl AnyFunction for Groups {
    fn output(&self) -> Shape {
        self.shape.clone()
    }

    fn parameters(&self) -> Vec<super::ParameterShape> {
        norms::rows(self.channels, 2)
    }

    fn mean_square(&self, _: &[f64], rows: &[Option<f64>]) -> Option<f64> {
        Some(norms::mean_square(rows))
    }

    /// The mean of each group, then 1/√(v + ε) of each.
    fn saved(&self) -> usize {
        2 * (self.channels / self.width)
    }
}

impl<T: Real> Function<T> for Groups {
    fn forward(&self, reads: Reads<T>, y: &mut [T], saved: &mut [T]) {
        let (x, rows) = (reads.x[0], reads.parameters);
        T::dispatch(
            #[inline(always)]
            || match () {
                () if self.fits(16) => forward::<T, 16>(self, x, rows, y, saved),
                () if self.fits(8) => forward::<T, 8>(self, x, rows, y, saved),
                () => forward::<T, 1>(self, x, rows, y, saved),
            },
        );
    }

    fn backward(
        &self,
        reads: Reads<T>,
        saved: &[T],
        dy: &[T],
        towards: &mut [Towards<T>],
        to_rows: &mut [&mut [T]],
    ) {
        let (x, rows, towards) = (reads.x[0], reads.parameters, &mut towards[0]);
        T::dispatch(
            #[inline(always)]
            || match () {
                () if self.fits(16) => {
                    backward::<T, 16>(self, [x, dy], rows, saved, towards, to_rows);
                }
                () if self.fits(8) => {
                    backward::<T, 8>(self, [x, dy], rows, saved, towards, to_rows);
                }
                () => backward::<T, 1>(self, [x, dy], rows, saved, towards, to_rows),
            },
        );
    }
}

/// One run of channels after the other: a group, or a block of several whole groups.
#[inline(always)]
fn forward<T: Real, const L: usize>(
    of: &Groups,
    x: &[T],
    rows: &[&[T]],
    y: &mut [T],
    saved: &mut [T],
) {
    let run = of.width.max(L);
    let (means, inverses) = saved.split_at_mut(of.channels / of.width);
    for first in (0..of.channels).step_by(run) {
        let mut mean = [T::zero(); L];
        for first in (first..first + run).step_by(L) {
            let [sum] = sums::<T, L, 1, 1, 4>(
                [x],
                [of.channels, first],
                #[inline(always)]
                |[x], _| [x],
            );
            add(&mut mean, 0, sum);
        }
        fold(&mut mean, of.width.min(L));
        mean = lanes(
            #[inline(always)]
            |l| mean[l] * T::of(1.0 / of.count as f64),
        );
        let mut squares = [T::zero(); L];
        for first in (first..first + run).step_by(L) {
            let [sum] = sums::<T, L, 1, 1, 4>(
                [x],
                [of.channels, first],
                #[inline(always)]
                |[x], l| [(x - mean[l]) * (x - mean[l])],
            );
            add(&mut squares, 0, sum);
        }
        fold(&mut squares, of.width.min(L));
        let inverse: [T; L] = lanes(
            #[inline(always)]
            |l| norms::inverse(squares[l], of.count, of.epsilon),
        );
        let groups = first / of.width..(first + run) / of.width;
        for (group, lane) in groups.zip((0..L).step_by(of.width.min(L))) {
            (means[group], inverses[group]) = (mean[lane], inverse[lane]);
        }
        for first in (first..first + run).step_by(L) {
            let gain: [T; L] = load_or(rows[0], first, T::one());
            let shift: [T; L] = load_or(rows[1], first, T::zero());
            write::<T, L, 1>(
                y,
                false,
                [x],
                [of.channels, first],
                #[inline(always)]
                |[x], l| (x - mean[l]) * (inverse[l] * gain[l]) + shift[l],
            );
        }
    }
}

#[inline(always)]
fn backward<T: Real, const L: usize>(
    of: &Groups,
    [x, dy]: [&[T]; 2],
    rows: &[&[T]],
    saved: &[T],
    Towards { dx, add: on_top }: &mut Towards<T>,
    to_rows: &mut [&mut [T]],
) {
    let run = of.width.max(L);
    let (means, inverses) = saved.split_at(of.channels / of.width);
    for first in (0..of.channels).step_by(run) {
        let mean: [T; L] = lanes(|l| means[(first + l) / of.width]);
        let inverse: [T; L] = lanes(|l| inverses[(first + l) / of.width]);
        let [mut all, mut products] = [[T::zero(); L]; 2];
        for first in (first..first + run).step_by(L) {
            let gain: [T; L] = load_or(rows[0], first, T::one());
            let [sum, product] = sums::<T, L, 2, 2, 2>(
                [x, dy],
                [of.channels, first],
                #[inline(always)]
                |[x, dy], l| [dy, dy * ((x - mean[l]) * inverse[l])],
            );
            add(to_rows[0], first, product);
            add(to_rows[1], first, sum);
            for l in 0..L {
                all[l] += gain[l] * sum[l];
                products[l] += gain[l] * product[l];
            }
        }
        if dx.is_empty() {
            continue;
        }
        for sums in [&mut all, &mut products] {
            fold(sums, of.width.min(L));
            *sums = lanes(
                #[inline(always)]
                |l| sums[l] * T::of(1.0 / of.count as f64),
            );
        }
        for first in (first..first + run).step_by(L) {
            let gain: [T; L] = load_or(rows[0], first, T::one());
            write::<T, L, 2>(
                dx,
                *on_top,
                [x, dy],
                [of.channels, first],
                #[inline(always)]
                |[x, dy], l| {
                    let unit = (x - mean[l]) * inverse[l];
                    (gain[l] * dy - all[l] - unit * products[l]) * inverse[l]
                },
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{function, numbers};
    use super::*;
    use crate::signature::Constant;

    pub fn arguments(groups: usize) -> Constants {
        Constants(vec![
            ("groups", Constant::Count(groups)),
            ("epsilon", Constant::Number(1e-3)),
        ])
    }

    /// Against the formula, with groups of many channels and of few.
    #[test]
    fn is_its_formula() {
        for [groups, channels] in [[1, 1], [3, 3], [2, 6], [4, 16], [2, 64], [32, 64], [5, 40]] {
            let norm = function(&GroupNorm, &arguments(groups), &Shape::new(&[5, channels]));
            let x = numbers(5 * channels, 1);
            let rows = [2, 3].map(|salt| numbers(channels, salt));
            let reads = Reads {
                x: &[&x],
                parameters: &[&rows[0], &rows[1]],
                mask: &[],
            };
            let (mut y, mut saved) = (vec![f64::NAN; x.len()], vec![f64::NAN; 2 * groups]);
            Function::<f64>::forward(&*norm, reads, &mut y, &mut saved);
            let width = channels / groups;
            for (at, y) in y.iter().enumerate() {
                let c = at % channels;
                let group = x.iter().enumerate();
                let group: Vec<f64> = group
                    .filter(|(i, _)| i % channels / width == c / width)
                    .map(|(_, x)| *x)
                    .collect();
                let count = group.len() as f64;
                let mean = group.iter().sum::<f64>() / count;
                let variance = group.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / count;
                let expected = rows[0][c] * (x[at] - mean) / (variance + 1e-3).sqrt() + rows[1][c];
                assert!((y - expected).abs() < 1e-13, "{y} for {expected}");
            }
        }
    }

    #[test]
    fn groups_that_do_not_divide_and_groups_of_one_number_are_refused() {
        let refused = |groups, axes: &[usize]| {
            let error = GroupNorm.build(&arguments(groups), &Shape::new(axes)).err();
            error.unwrap().help.unwrap()
        };
        assert_eq!(
            refused(32, &[4, 4, 12]),
            "`groups` of 12 channels: 1, 2, 3, 4, 6, 12"
        );
        assert!(refused(12, &[12]).contains("fewer groups"));
        assert!(
            GroupNorm
                .build(&arguments(12), &Shape::new(&[4, 12]))
                .is_ok()
        );
    }
}
