//! Real numbers with several normal distributions: the noise of a mixture density network (Bishop 1994).

use super::normal::{MOST_PAIRED, mean_size};
use super::{Likelihood, Marginal, Nll, Numbers, Rows, Summary, TargetKind, Targets, value};
use crate::signature::{Domain, Signature};
use crate::tensor::Math;
use crate::tensor::math::{HALF_LN_TWO_PI, log_sum_exp};
use std::f64::consts::FRAC_1_SQRT_2;

/// MixtureNormal(logits, loc, scale), summed over the entries that the target has
///
/// ```text
/// p(y) = Σ_k π_k N(y; loc_k, scale_k²),   π = softmax(logits)
/// nll = ln Σ_k exp(logits_k) - ln Σ_k exp(logits_k + ln N(y; loc_k, scale_k²))
/// ∂nll/∂logits_k = π_k - r_k      ∂nll/∂loc_k = -r_k z_k/scale_k      ∂nll/∂scale_k = r_k (1 - z_k²)/scale_k
/// ```
///
/// with z_k = (y - loc_k)/scale_k and r_k the probability that y is of component k, π_k N(y; loc_k, scale_k²)/p(y). The
/// components of one entry stand together: entry i, component k of k in all at i·K + k.
pub struct MixtureNormal;

static SIGNATURE: Signature = Signature {
    name: "MixtureNormal",
    summary: "real numbers of one of several normal distributions, a mixture density network",
    parameters: &[
        value(
            "logits",
            Domain::Real,
            "the log-probabilities of an entry's components, up to a constant",
        ),
        value("loc", Domain::Real, "the mean of each component"),
        value(
            "scale",
            Domain::Positive,
            "the standard deviation of each component, or of all",
        ),
    ],
};

impl Likelihood for MixtureNormal {
    fn signature(&self) -> &'static Signature {
        &SIGNATURE
    }

    fn arguments(&self, target: &TargetKind) -> Result<Vec<usize>, String> {
        match target.reals() {
            Some(width) => Ok(vec![width; 3]),
            None => Err(format!(
                "MixtureNormal is for real numbers, and the target is {target}"
            )),
        }
    }

    fn has_components(&self) -> bool {
        true
    }

    fn formula(&self) -> &'static str {
        "ln sum_k exp(logits_k) - ln sum_k exp(logits_k - (y - loc_k)^2/(2 scale_k^2) - ln scale_k - 1/2 ln(2 pi))"
    }

    fn mean(&self) -> Option<&'static str> {
        Some("(sum_k exp(logits_k) loc_k)/(sum_k exp(logits_k))")
    }

    fn notation(&self) -> &'static str {
        "sum_k softmax(logits)_k Normal(loc_k, scale_k^2)"
    }

    fn uninformed(&self, _: &TargetKind) -> Option<f64> {
        None
    }

    fn summary(&'static self, target: &TargetKind) -> Summary {
        Summary::Numbers(Numbers::new(&COMPONENTS, target, 3))
    }
}

/// The components of one entry of an example: where the numbers of each argument lie.
struct Components<'a, 'b, T> {
    arguments: &'a [Rows<'b, T>],
    example: usize,
    /// The first of them in a row of logits.
    first: usize,
    count: usize,
}

impl<T: Math> Components<'_, '_, T> {
    fn at(&self, argument: usize, component: usize) -> T {
        self.arguments[argument].at(self.example, self.first + component)
    }

    fn place(&self, argument: usize, component: usize) -> usize {
        self.arguments[argument].place(self.example, self.first + component)
    }

    /// Writes the logits, and the logits with the log density of y.
    fn joint(&self, y: T, logits: &mut [T], joint: &mut [T]) {
        for component in 0..self.count {
            let [logit, loc, scale] = [0, 1, 2].map(|argument| self.at(argument, component));
            let z = (y - loc) / scale;
            logits[component] = logit;
            joint[component] = logit - T::of(0.5) * z * z - scale.ln() - T::of(HALF_LN_TWO_PI);
        }
    }
}

impl<T: Math> Nll<T> for MixtureNormal {
    fn nll(
        &self,
        arguments: &[Rows<T>],
        targets: Targets<T>,
        weight: T,
        nll: &mut [T],
        gradients: &mut [&mut [T]],
    ) {
        let entries = (targets.reals().len() / nll.len().max(1)).max(1);
        let count = arguments[0].width(nll.len()) / entries;
        let (mut logits, mut joint) = (vec![T::zero(); count], vec![T::zero(); count]);
        for (n, (nll, y)) in nll
            .iter_mut()
            .zip(targets.reals().chunks_exact(entries))
            .enumerate()
        {
            *nll = T::zero();
            for (i, &y) in y.iter().enumerate().filter(|(_, y)| !y.is_nan()) {
                let components = Components {
                    arguments,
                    example: n,
                    first: i * count,
                    count,
                };
                components.joint(y, &mut logits, &mut joint);
                let (all, of_y) = (log_sum_exp(&logits), log_sum_exp(&joint));
                *nll += all - of_y;
                if gradients.iter().all(|gradient| gradient.is_empty()) {
                    continue;
                }
                for k in 0..count {
                    let (loc, scale) = (components.at(1, k), components.at(2, k));
                    let z = (y - loc) / scale;
                    let share = (joint[k] - of_y).exp();
                    let slopes = [
                        (logits[k] - all).exp() - share,
                        -share * z / scale,
                        share * (T::one() - z * z) / scale,
                    ];
                    for (argument, slope) in slopes.into_iter().enumerate() {
                        let gradient = &mut *gradients[argument];
                        if !gradient.is_empty() {
                            gradient[components.place(argument, k)] += weight * slope;
                        }
                    }
                }
            }
        }
    }

    fn nll_only(&self, arguments: &[Rows<T>], targets: Targets<T>, nll: &mut [T]) {
        let none: [&mut [T]; 3] = [&mut [], &mut [], &mut []];
        self.nll(arguments, targets, T::zero(), nll, &mut { none });
    }

    /// Of each entry the probabilities, means and standard deviations of its components.
    fn predictive(&self, arguments: &[Rows<T>], [examples, entries]: [usize; 2], out: &mut [T]) {
        let numbers = out.len() / (examples * entries).max(1);
        let count = numbers / 3;
        for (n, row) in out.chunks_exact_mut((numbers * entries).max(1)).enumerate() {
            for i in 0..entries {
                let components = Components {
                    arguments,
                    example: n,
                    first: i * count,
                    count,
                };
                let logits: Vec<T> = (0..count).map(|k| components.at(0, k)).collect();
                let all = log_sum_exp(&logits);
                for (k, logit) in logits.into_iter().enumerate() {
                    let of = [
                        (logit - all).exp(),
                        components.at(1, k),
                        components.at(2, k),
                    ];
                    for (argument, number) in of.into_iter().enumerate() {
                        row[(argument * count + k) * entries + i] = number;
                    }
                }
            }
        }
    }
}

/// A mixture of normal distributions by the probabilities, the means and the standard deviations of its components.
struct OfComponents;

static COMPONENTS: OfComponents = OfComponents;

/// The probability, mean and standard deviation of each component.
fn components(numbers: &[f64]) -> impl Iterator<Item = [f64; 3]> + Clone + '_ {
    let count = numbers.len() / 3;
    (0..count).map(move |k| [0, 1, 2].map(|argument| numbers[argument * count + k]))
}

impl Marginal for OfComponents {
    fn standardizes(&self) -> bool {
        true
    }

    fn in_units(&self, numbers: &mut [f64], offset: f64, scale: f64) {
        let count = numbers.len() / 3;
        let (locs, scales) = numbers[count..].split_at_mut(count);
        locs.iter_mut().for_each(|loc| *loc = *loc * scale + offset);
        scales.iter_mut().for_each(|own| *own *= scale);
    }

    fn moments(&self, numbers: &[f64]) -> (f64, f64) {
        let all = components(numbers);
        let mean = all.clone().map(|[p, loc, _]| p * loc).sum::<f64>();
        let spread = |[p, loc, scale]: [f64; 3]| p * (scale * scale + (loc - mean).powi(2));
        (mean, all.map(spread).sum())
    }

    fn level(&self, numbers: &[f64], y: f64) -> f64 {
        let of = |[p, loc, scale]: [f64; 3]| match scale > 0.0 {
            true => p * 0.5 * libm::erfc((loc - y) / scale * FRAC_1_SQRT_2),
            // All of it at one place.
            false => p * f64::from(u8::from(y >= loc)),
        };
        components(numbers).map(of).sum()
    }

    fn middle(&self, numbers: &[f64]) -> (f64, f64) {
        let (mean, variance) = self.moments(numbers);
        (mean, variance.sqrt())
    }

    /// As of normal distributions, with the components of all parts.
    fn crps(&self, parts: &[&[f64]], y: f64) -> Option<f64> {
        let count = parts.first()?.len() / 3 * parts.len();
        if count > MOST_PAIRED {
            return None;
        }
        let all: Vec<[f64; 3]> = parts.iter().flat_map(|part| components(part)).collect();
        let (mut to_target, mut to_each_other) = (0.0, 0.0);
        for (i, [p, loc, scale]) in all.iter().enumerate() {
            let variance = scale * scale;
            to_target += p * mean_size(loc - y, variance);
            to_each_other += p * p * mean_size(0.0, 2.0 * variance) / 2.0;
            for [q, other, spread] in &all[..i] {
                to_each_other += p * q * mean_size(loc - other, variance + spread * spread);
            }
        }
        let n = parts.len() as f64;
        Some((to_target / n - to_each_other / (n * n)).max(0.0))
    }
}
