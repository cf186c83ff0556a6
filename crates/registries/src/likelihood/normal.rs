//! Real numbers with independent normal noise.

use super::{
    ArgumentAt, Information, Likelihood, Marginal, Nll, Numbers, Rows, Summary, TargetKind,
    Targets, value,
};
use crate::signature::{Domain, Signature};
use crate::tensor::Math;
use crate::tensor::math::HALF_LN_TWO_PI;
use std::f64::consts::FRAC_1_SQRT_2;

/// Normal(loc, scale), summed over the entries that the target has
///
/// ```text
/// nll = ½ z² + ln scale + ½ ln 2π,   z = (y - loc) / scale
/// ∂nll/∂loc = -z / scale             ∂nll/∂scale = (1 - z²) / scale
/// ```
pub struct Normal;

static SIGNATURE: Signature = Signature {
    name: "Normal",
    summary: "real numbers with independent normal noise",
    parameters: &[
        value("loc", Domain::Real, "the mean of each entry"),
        value(
            "scale",
            Domain::Positive,
            "the standard deviation of each entry, or of all",
        ),
    ],
};

impl Likelihood for Normal {
    fn signature(&self) -> &'static Signature {
        &SIGNATURE
    }

    fn arguments(&self, target: &TargetKind) -> Result<Vec<usize>, String> {
        match target.reals() {
            Some(width) => Ok(vec![width; 2]),
            None => Err(format!(
                "Normal is for real numbers, and the target is {target}"
            )),
        }
    }

    fn formula(&self) -> &'static str {
        "(y - loc)^2/(2 scale^2) + ln scale + 1/2 ln(2 pi)"
    }

    fn mean(&self) -> Option<&'static str> {
        Some("loc")
    }

    fn notation(&self) -> &'static str {
        "Normal(loc, scale^2)"
    }

    fn uninformed(&self, _: &TargetKind) -> Option<f64> {
        None
    }

    /// 1/scale² by loc, and 2/scale² by scale.
    fn information(
        &self,
        arguments: &[ArgumentAt],
        observed: &[bool],
    ) -> Result<Information, String> {
        let of = |values: &[f64]| {
            let per_variance = 1.0 / (values[1] * values[1]);
            vec![Some(per_variance), Some(2.0 * per_variance)]
        };
        let information = Information::of_entries(arguments, observed, of);
        Ok(information.expect("known by both arguments"))
    }

    /// The variance of the target is that of loc and that of the noise.
    fn averaged(&self, arguments: &mut [Vec<f64>], variances: &[Vec<f64>]) -> Result<(), String> {
        let [loc, scale] = arguments else {
            panic!("Normal has two arguments")
        };
        if !variances[1].is_empty() {
            return Err(
                "the scale of `Normal` comes from the network, so its average has no closed form"
                    .into(),
            );
        }
        let variances = &variances[0];
        let at = |entry: usize| scale[entry.min(scale.len() - 1)];
        let all = (0..loc.len()).map(|entry| {
            let of_loc = variances.get(entry).copied().unwrap_or(0.0);
            (at(entry).powi(2) + of_loc).sqrt()
        });
        *scale = all.collect();
        Ok(())
    }

    fn summary(&'static self, target: &TargetKind) -> Summary {
        Summary::Numbers(Numbers::new(&NORMAL, target, 2))
    }
}

/// A normal distribution by its mean and variance.
pub(super) struct MeanAndVariance;

pub(super) static NORMAL: MeanAndVariance = MeanAndVariance;

impl Marginal for MeanAndVariance {
    fn standardizes(&self) -> bool {
        true
    }

    fn in_units(&self, numbers: &mut [f64], offset: f64, scale: f64) {
        numbers[0] = numbers[0] * scale + offset;
        numbers[1] *= scale.powi(2);
    }

    fn moments(&self, numbers: &[f64]) -> (f64, f64) {
        (numbers[0], numbers[1])
    }

    fn level(&self, numbers: &[f64], y: f64) -> f64 {
        let (mean, deviation) = self.middle(numbers);
        match deviation > 0.0 {
            true => 0.5 * libm::erfc((mean - y) / deviation * FRAC_1_SQRT_2),
            // All of it at one place.
            false => f64::from(u8::from(y >= mean)),
        }
    }

    fn middle(&self, numbers: &[f64]) -> (f64, f64) {
        (numbers[0], numbers[1].sqrt())
    }

    /// Grimit et al. 2006: `E|Y − y| − ½ E|Y − Y′|`, Y and Y′ two numbers of the mixture. The mean size of a normal
    /// number is known.
    fn crps(&self, parts: &[&[f64]], y: f64) -> Option<f64> {
        // Pairs of many draws take longer than quadrature.
        if parts.len() > MOST_PAIRED {
            return None;
        }
        let (mut to_target, mut to_each_other) = (0.0, 0.0);
        for (i, a) in parts.iter().enumerate() {
            to_target += mean_size(a[0] - y, a[1]);
            to_each_other += mean_size(0.0, 2.0 * a[1]) / 2.0;
            for b in &parts[..i] {
                to_each_other += mean_size(a[0] - b[0], a[1] + b[1]);
            }
        }
        let n = parts.len() as f64;
        Some((to_target / n - to_each_other / (n * n)).max(0.0))
    }
}

/// The most draws whose pairs are all looked at.
pub(super) const MOST_PAIRED: usize = 1000;

/// `E|X|` of a normal number X.
pub(super) fn mean_size(mean: f64, variance: f64) -> f64 {
    if variance <= 0.0 {
        return mean.abs();
    }
    let z = mean / (2.0 * variance).sqrt();
    mean * libm::erf(z) + (variance * std::f64::consts::FRAC_2_PI).sqrt() * (-z * z).exp()
}

impl<T: Math> Nll<T> for Normal {
    fn nll(
        &self,
        arguments: &[Rows<T>],
        targets: Targets<T>,
        weight: T,
        nll: &mut [T],
        gradients: &mut [&mut [T]],
    ) {
        self.nll_only(arguments, targets, nll);
        let (loc, scale) = (&arguments[0], &arguments[1]);
        let width = targets.reals().len() / nll.len().max(1);
        let [by_loc, by_scale] = gradients else {
            panic!("Normal has two arguments")
        };
        for (n, y) in targets.reals().chunks_exact(width.max(1)).enumerate() {
            for (i, &y) in y.iter().enumerate().filter(|(_, y)| !y.is_nan()) {
                let per_scale = T::one() / scale.at(n, i);
                let z = (y - loc.at(n, i)) * per_scale;
                if !by_loc.is_empty() {
                    by_loc[loc.place(n, i)] -= weight * z * per_scale;
                }
                if !by_scale.is_empty() {
                    by_scale[scale.place(n, i)] += weight * (T::one() - z * z) * per_scale;
                }
            }
        }
    }

    fn nll_only(&self, arguments: &[Rows<T>], targets: Targets<T>, nll: &mut [T]) {
        let (loc, scale) = (&arguments[0], &arguments[1]);
        let width = targets.reals().len() / nll.len().max(1);
        for (n, (nll, y)) in nll
            .iter_mut()
            .zip(targets.reals().chunks_exact(width.max(1)))
            .enumerate()
        {
            *nll = T::zero();
            for (i, &y) in y.iter().enumerate().filter(|(_, y)| !y.is_nan()) {
                let z = (y - loc.at(n, i)) / scale.at(n, i);
                *nll += T::of(0.5) * z * z + scale.at(n, i).ln() + T::of(HALF_LN_TWO_PI);
            }
        }
    }

    fn predictive(&self, arguments: &[Rows<T>], [_, width]: [usize; 2], out: &mut [T]) {
        let (loc, scale) = (&arguments[0], &arguments[1]);
        for (n, out) in out.chunks_exact_mut((2 * width).max(1)).enumerate() {
            let (mean, variance) = out.split_at_mut(width);
            for i in 0..width {
                mean[i] = loc.at(n, i);
                variance[i] = scale.at(n, i) * scale.at(n, i);
            }
        }
    }
}
