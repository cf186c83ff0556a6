//! `LogNormal(loc, scale)`: the exponential of a normal, for numbers above 0.

use super::entrywise::{self, standard_normal, sum};
use super::mean_field::loc_and_rho;
use super::variational::{AnyVariational, Dimensions, VariableSpec, Variational};
use super::{Entries, Posterior};
use crate::distribution::Support;
use crate::signature::{Constants, Kind, Parameter, Signature};
use crate::tensor::simd::par_each;
use crate::tensor::{Math, Shape};
use std::sync::Arc;

/// LogNormal(loc, scale), entry by entry
///
/// ```text
/// w = e^z,   z = loc + scale ε
/// ln q(w)    = -½ ln 2π - ln scale - ½ ε² - z
/// ∂ ln q/∂w  = -(1 + ε/scale)/w
/// ```
///
/// Draws are kept within the positive numbers that the number type has. loc and scale are those of ln w. Its median is e^loc, its mean e^(loc + scale²/2).
pub struct LogNormal;

static SIGNATURE: Signature = Signature {
    name: "LogNormal",
    summary: "the exponential of a normal: numbers above 0",
    parameters: &[
        Parameter {
            name: "loc",
            kind: Kind::Initializer,
            default: Some("0"),
            summary: "how the mean of the logarithm starts",
        },
        Parameter {
            name: "scale",
            kind: Kind::ScaleInitializer,
            default: Some("0.1"),
            summary: "how the standard deviation of the logarithm starts",
        },
    ],
};

impl Posterior for LogNormal {
    fn signature(&self) -> &'static Signature {
        &SIGNATURE
    }
    fn variables(&self, shape: &Shape, _: &Constants) -> Vec<VariableSpec> {
        loc_and_rho(shape)
    }
    fn variational(&self, _: &Constants) -> Option<Arc<dyn AnyVariational>> {
        Some(Arc::new(LogNormal))
    }
    fn entries(&self) -> Entries {
        Entries::LogNormal
    }
    fn support(&self, _: &Constants) -> Support {
        Support::Positive
    }
    fn formula(&self) -> &'static str {
        "LogNormal(loc, scale)"
    }
    fn methods(&self) -> &'static str {
        "a log-normal distribution for each entry, all of them independent, \
         $$q(w_i) = LogNormal(mu_i, sigma_i), sigma_i = softplus(rho_i),$$ \
         with $mu_i$ and $sigma_i$ the mean and standard deviation of $ln w_i$"
    }
    fn draw(&self) -> Option<&'static str> {
        Some("w_i = exp(mu_i + sigma_i epsilon_i), epsilon_i ~ Normal(0, 1)")
    }
}

impl<T: Math> Variational<T> for LogNormal {
    fn noise(&self, at: &Dimensions) -> usize {
        at.entries()
    }

    fn marginal_scales(&self, at: &Dimensions, values: &[T], scales: &mut [T]) {
        entrywise::scales(at.transform, &values[at.entries()..], scales);
    }

    fn marginal_scales_backward(
        &self,
        at: &Dimensions,
        values: &[T],
        _scales: &[T],
        d_scales: &[T],
        gradient: &mut [T],
    ) {
        let n = at.entries();
        entrywise::scales_backward(at.transform, &values[n..], d_scales, &mut gradient[n..]);
    }

    fn total_correlation(
        &self,
        _at: &Dimensions,
        _values: &[T],
        _scales: &[T],
        _weight: T,
        _d_scales: &mut [T],
        _gradient: &mut [T],
    ) -> f64 {
        0.0
    }

    fn draw(&self, at: &Dimensions, values: &[T], noise: &[T], w: &mut [T]) {
        normal(at, values, noise, w);
        par_each(
            w,
            [],
            #[inline(always)]
            |w, []| {
                *w = w
                    .fast_exp()
                    .max(T::min_positive_value())
                    .min(T::max_value())
            },
        );
    }

    fn draw_backward(
        &self,
        at: &Dimensions,
        values: &[T],
        noise: &[T],
        w: &[T],
        d_w: &[T],
        gradient: &mut [T],
    ) {
        let d: Vec<T> = d_w.iter().zip(w).map(|(&d, &w)| d * w).collect();
        normal_backward(at, values, noise, &d, gradient);
    }

    fn score(&self, at: &Dimensions, values: &[T], noise: &[T], w: &[T], out: &mut [T]) {
        entrywise::scales(at.transform, &values[at.entries()..], out);
        par_each(
            out,
            [noise, w],
            #[inline(always)]
            |out, [e, w]| *out = -(T::one() + e / *out) / w,
        );
    }

    /// By z the score is -(1 + ε/scale): 1/w and the draw's slope w, of which either may be beyond the
    /// number type, do not come in.
    fn score_backward(
        &self,
        at: &Dimensions,
        values: &[T],
        noise: &[T],
        _w: &[T],
        weight: T,
        gradient: &mut [T],
    ) {
        let mut d = vec![T::zero(); at.entries()];
        entrywise::scales(at.transform, &values[at.entries()..], &mut d);
        par_each(
            &mut d,
            [noise],
            #[inline(always)]
            |d, [e]| *d = -weight * (T::one() + e / *d),
        );
        normal_backward(at, values, noise, &d, gradient);
    }

    fn log_density(
        &self,
        at: &Dimensions,
        values: &[T],
        noise: &[T],
        w: &[T],
        weight: T,
        gradient: &mut [T],
    ) -> f64 {
        let n = at.entries();
        let mut z = vec![T::zero(); n];
        normal(at, values, noise, &mut z);
        let stretch = sum(
            [&z[..]],
            #[inline(always)]
            |[z]| z,
        );
        let d = vec![-weight; w.len()];
        normal_backward(at, values, noise, &d, gradient);
        normal_log_density(at, values, noise, weight, gradient) - stretch
    }
}

/// z = loc + scale ε
pub(super) fn normal<T: Math>(at: &Dimensions, values: &[T], noise: &[T], z: &mut [T]) {
    let (loc, rho) = values.split_at(at.entries());
    entrywise::scales(at.transform, rho, z);
    par_each(
        z,
        [loc, noise],
        #[inline(always)]
        |z, [loc, e]| *z = loc + *z * e,
    );
}

/// From the gradient by z.
pub(super) fn normal_backward<T: Math>(
    at: &Dimensions,
    values: &[T],
    noise: &[T],
    d_z: &[T],
    gradient: &mut [T],
) {
    let n = at.entries();
    let (d_loc, d_rho) = gradient.split_at_mut(n);
    par_each(
        d_loc,
        [d_z],
        #[inline(always)]
        |to, [d]| *to += d,
    );
    let d_scale: Vec<T> = d_z.iter().zip(noise).map(|(&d, &e)| d * e).collect();
    entrywise::scales_backward(at.transform, &values[n..], &d_scale, d_rho);
}

/// Σ ln N(z; loc, scale²) at z = loc + scale ε, `weight` times its derivatives added, which are by
/// scale alone: -1/scale.
pub(super) fn normal_log_density<T: Math>(
    at: &Dimensions,
    values: &[T],
    noise: &[T],
    weight: T,
    gradient: &mut [T],
) -> f64 {
    let n = at.entries();
    let rho = &values[n..];
    let mut scales = vec![T::zero(); n];
    entrywise::scales(at.transform, rho, &mut scales);
    let width = sum(
        [&scales[..]],
        #[inline(always)]
        |[scale]| scale.fast_ln(),
    );
    par_each(
        &mut scales,
        [],
        #[inline(always)]
        |scale, []| *scale = -weight / *scale,
    );
    entrywise::scales_backward(at.transform, rho, &scales, &mut gradient[n..]);
    standard_normal(noise) - width
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Case, Dense};
    use super::*;
    use crate::posterior::Transform;
    use crate::testing::assert_close;
    use std::f64::consts::TAU;

    fn cases() -> Vec<Case> {
        let mut cases = Vec::new();
        for transform in [Transform::Softplus, Transform::Exp] {
            for (shape, scales) in [
                (vec![], vec![0.1]),
                (vec![2, 2], vec![0.3, 0.05, 0.6, 0.2]),
                (vec![3], vec![1e-6, 3.0, 1e-3]),
            ] {
                let mut case = Case::new(&LogNormal, &shape, Constants::default(), transform);
                case.fill(|name, entry| match name {
                    "rho" => transform.raw(scales[entry], f64::EPSILON),
                    _ => 0.8 * entry as f64 - 1.0,
                });
                cases.push(case);
            }
        }
        cases
    }

    #[test]
    fn it_has_the_log_normal_density() {
        for case in cases() {
            let scales = case.scales();
            let log_q = |w: &[f64]| -> f64 {
                let each = w.iter().zip(&scales).zip(case.variable("loc"));
                each.map(|((w, s), m)| {
                    let z = (w.ln() - m) / s;
                    -(w * s * TAU.sqrt()).ln() - 0.5 * z * z
                })
                .sum()
            };
            case.check_density(log_q, |w, i| 1e-3 * w[i] * scales[i].min(1.0));
            assert_eq!(case.total_correlation(), 0.0);
        }
    }

    #[test]
    fn it_has_the_log_normal_moments() {
        for case in &cases()[1..2] {
            let scales = case.scales();
            let n = scales.len();
            let growth: Vec<f64> = scales.iter().map(|s| (s * s).exp()).collect();
            let loc = case.variable("loc").iter().zip(&growth);
            let mean: Vec<f64> = loc.map(|(m, g)| m.exp() * g.sqrt()).collect();
            let mut covariance = vec![0.0; n * n];
            for i in 0..n {
                covariance[i * n + i] = mean[i] * mean[i] * (growth[i] - 1.0);
            }
            // E w^k = e^(k loc + k² scale²/2)
            let fourth = |i: usize, j: usize| {
                let g = growth[i];
                let kurtosis = g.powi(4) + 2.0 * g.powi(3) + 3.0 * g.powi(2) - 3.0;
                if i == j { kurtosis } else { 1.0 }
            };
            case.check_moments(&Dense::new(&mean, covariance), fourth);
        }
    }

    #[test]
    fn its_derivatives_and_its_float32() {
        for case in cases() {
            case.check_derivatives();
            case.check_float32();
        }
    }

    /// Where e^z is beyond float32: the draw stays a positive number, and what reaches loc is
    /// -(1 + ε/scale).
    #[test]
    fn the_path_gradient_is_finite_far_out() {
        let at = Dimensions::of(&Shape::default(), Transform::Exp);
        for noise in [-12.0f32, 12.0] {
            let (values, mut w, mut gradient) = ([0.0, 10f32.ln()], [0.0f32], [0.0f32; 2]);
            Variational::draw(&LogNormal, &at, &values, &[noise], &mut w);
            assert!(w[0] > 0.0 && w[0].is_finite(), "{}", w[0]);
            LogNormal.score_backward(&at, &values, &[noise], &w, 1.0, &mut gradient);
            let by_z = -1.0 - f64::from(noise) / 10.0;
            assert_close(gradient[0].into(), by_z, 1e-5, "by loc");
            let by_rho = by_z * 10.0 * f64::from(noise);
            assert_close(gradient[1].into(), by_rho, 1e-3, "by rho");
        }
    }
}
