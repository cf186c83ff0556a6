//! `LogitNormal(loc, scale)`: the sigmoid of a normal, for numbers between two ends.

use super::entrywise::{self, sum};
use super::log_normal::{normal, normal_backward, normal_log_density};
use super::mean_field::loc_and_rho;
use super::variational::{AnyVariational, Dimensions, VariableSpec, Variational};
use super::{Entries, Posterior};
use crate::distribution::Support;
use crate::signature::{Constant, Constants, Kind, Parameter, Signature};
use crate::tensor::simd::par_each;
use crate::tensor::{Math, Shape};
use std::sync::Arc;

/// LogitNormal(loc, scale), entry by entry, between the ends `low` and `high` of its prior's support
///
/// ```text
/// w = low + (high - low) p,   p = 1/(1 + e^-z),   z = loc + scale ε
/// ln q(w)    = -½ ln 2π - ln scale - ½ ε² - ln (high - low) - ln p - ln (1 - p)
/// ∂ ln q/∂w  = (2p - 1 - ε/scale) / ((high - low) p (1 - p))
/// ```
///
/// with -ln p - ln(1 - p) = softplus(z) + softplus(-z), whose slope by z is 2p - 1: no digits are lost
/// near the ends. Draws are kept strictly between the ends, also where the number type has no number so
/// near one. Source: Atchison and Shen 1980, "Logistic-normal distributions".
pub struct LogitNormal;

static SIGNATURE: Signature = Signature {
    name: "LogitNormal",
    summary: "the sigmoid of a normal: numbers between two ends",
    parameters: &[
        Parameter {
            name: "loc",
            kind: Kind::Initializer,
            default: Some("0"),
            summary: "how the mean of the logit starts",
        },
        Parameter {
            name: "scale",
            kind: Kind::ScaleInitializer,
            default: Some("0.1"),
            summary: "how the standard deviation of the logit starts",
        },
    ],
};

impl Posterior for LogitNormal {
    fn signature(&self) -> &'static Signature {
        &SIGNATURE
    }
    fn variables(&self, shape: &Shape, _: &Constants) -> Vec<VariableSpec> {
        loc_and_rho(shape)
    }
    fn variational(&self, arguments: &Constants) -> Option<Arc<dyn AnyVariational>> {
        Some(Arc::new(Between(ends(arguments))))
    }
    fn entries(&self) -> Entries {
        Entries::LogitNormal
    }
    fn settled_by(&self, support: Support) -> Vec<(&'static str, Constant)> {
        let [low, high] = match support {
            Support::Interval { low, high } => [low, high],
            _ => [0.0, 1.0],
        };
        vec![
            ("low", Constant::Number(low)),
            ("high", Constant::Number(high)),
        ]
    }
    fn support(&self, arguments: &Constants) -> Support {
        let [low, high] = ends(arguments);
        Support::Interval { low, high }
    }
    fn formula(&self) -> &'static str {
        "low + (high - low) sigmoid(Normal(loc, scale))"
    }
    fn methods(&self) -> &'static str {
        "a logit-normal distribution for each entry [@aitchison1980], between the ends {low} and {high} of the prior's support, \
         all of them independent, $$w_i = {low} + ({high} - {low}) sigmoid(z_i), q(z_i) = Normal(mu_i, sigma_i^2), sigma_i = softplus(rho_i)$$"
    }
    fn draw(&self) -> Option<&'static str> {
        Some(
            "w_i = {low} + ({high} - {low}) sigmoid(mu_i + sigma_i epsilon_i), epsilon_i ~ Normal(0, 1)",
        )
    }
}

/// The ends that [`LogitNormal`] has from its prior.
fn ends(arguments: &Constants) -> [f64; 2] {
    ["low", "high"].map(|end| arguments.number(end))
}

/// The arithmetic of [`LogitNormal`] between these two ends.
struct Between([f64; 2]);

impl Between {
    /// high - low
    fn width(&self) -> f64 {
        self.0[1] - self.0[0]
    }

    /// The numbers of the type nearest to the ends, strictly between them.
    fn inside<T: Math>(&self) -> [T; 2] {
        let [low, high] = self.0.map(T::of);
        let step = |end: T| (end.abs() * T::epsilon()).max(T::min_positive_value());
        [low + step(low), high - step(high)]
    }
}

/// p (1 - p), which underflows only where its value does.
#[inline(always)]
fn slope<T: Math>(z: T) -> T {
    z.sigmoid() * (-z).sigmoid()
}

impl<T: Math> Variational<T> for Between {
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
        let ([low, high], width) = (self.0.map(T::of), T::of(self.width()));
        let [first, last] = self.inside();
        par_each(
            w,
            [],
            #[inline(always)]
            |w, []| {
                // from the nearer end, whose distance has all its digits
                let share = (-w.abs()).sigmoid();
                let near = if *w < T::zero() {
                    low + width * share
                } else {
                    high - width * share
                };
                *w = near.max(first).min(last);
            },
        );
    }

    fn draw_backward(
        &self,
        at: &Dimensions,
        values: &[T],
        noise: &[T],
        _w: &[T],
        d_w: &[T],
        gradient: &mut [T],
    ) {
        // p again from z: 1 - p cannot be had from w near an end
        let mut d = vec![T::zero(); at.entries()];
        normal(at, values, noise, &mut d);
        let width = T::of(self.width());
        par_each(
            &mut d,
            [d_w],
            #[inline(always)]
            |z, [d]| *z = d * width * slope(*z),
        );
        normal_backward(at, values, noise, &d, gradient);
    }

    fn score(&self, at: &Dimensions, values: &[T], noise: &[T], _w: &[T], out: &mut [T]) {
        let mut scales = vec![T::zero(); at.entries()];
        entrywise::scales(at.transform, &values[at.entries()..], &mut scales);
        normal(at, values, noise, out);
        let width = T::of(self.width());
        par_each(
            out,
            [noise, &scales],
            #[inline(always)]
            |z, [e, scale]| {
                let lean = z.sigmoid() - (-*z).sigmoid();
                *z = (lean - e / scale) / (width * slope(*z));
            },
        );
    }

    /// By z the score is p - (1 - p) - ε/scale: the draw's slope, by which it is divided by w, does not
    /// come in.
    fn score_backward(
        &self,
        at: &Dimensions,
        values: &[T],
        noise: &[T],
        _w: &[T],
        weight: T,
        gradient: &mut [T],
    ) {
        let mut scales = vec![T::zero(); at.entries()];
        entrywise::scales(at.transform, &values[at.entries()..], &mut scales);
        let mut d = vec![T::zero(); at.entries()];
        normal(at, values, noise, &mut d);
        par_each(
            &mut d,
            [noise, &scales],
            #[inline(always)]
            |z, [e, scale]| *z = weight * (z.sigmoid() - (-*z).sigmoid() - e / scale),
        );
        normal_backward(at, values, noise, &d, gradient);
    }

    fn log_density(
        &self,
        at: &Dimensions,
        values: &[T],
        noise: &[T],
        _w: &[T],
        weight: T,
        gradient: &mut [T],
    ) -> f64 {
        let mut z = vec![T::zero(); at.entries()];
        normal(at, values, noise, &mut z);
        let steepness = sum(
            [&z[..]],
            #[inline(always)]
            |[z]| z.softplus() + (-z).softplus(),
        );
        par_each(
            &mut z,
            [],
            #[inline(always)]
            |z, []| *z = weight * (z.sigmoid() - (-*z).sigmoid()),
        );
        normal_backward(at, values, noise, &z, gradient);
        normal_log_density(at, values, noise, weight, gradient) + steepness
            - at.entries() as f64 * self.width().ln()
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::Case;
    use super::*;
    use crate::posterior::Transform;
    use crate::testing::{assert_close, integrate};
    use std::f64::consts::TAU;

    fn within([low, high]: [f64; 2]) -> Constants {
        Constants(LogitNormal.settled_by(Support::Interval { low, high }))
    }

    fn cases() -> Vec<Case> {
        let mut cases = Vec::new();
        for transform in [Transform::Softplus, Transform::Exp] {
            for (shape, scales, bounds) in [
                (vec![], vec![0.1], [0.0, 1.0]),
                (vec![2, 2], vec![0.3, 0.05, 1.6, 0.2], [-2.0, 3.0]),
                (vec![3], vec![1e-6, 3.0, 1e-3], [0.0, 10.0]),
            ] {
                let mut case = Case::new(&LogitNormal, &shape, within(bounds), transform);
                case.fill(|name, entry| match name {
                    "rho" => transform.raw(scales[entry], f64::EPSILON),
                    _ => 0.8 * entry as f64 - 1.0,
                });
                cases.push(case);
            }
        }
        cases
    }

    /// ln q(w) as a change of variables has it.
    fn log_q(case: &Case, i: usize, w: f64) -> f64 {
        let [low, high] = ends(&case.arguments);
        let (m, s) = (case.variable("loc")[i], case.scales()[i]);
        let z = ((w - low) / (high - w)).ln();
        let stretch = (high - low) / ((w - low) * (high - w));
        -0.5 * ((z - m) / s).powi(2) - (s * TAU.sqrt()).ln() + stretch.ln()
    }

    #[test]
    fn it_has_the_logit_normal_density() {
        for case in cases() {
            let [low, high] = ends(&case.arguments);
            let scales = case.scales();
            let all = |w: &[f64]| (0..w.len()).map(|i| log_q(&case, i, w[i])).sum();
            let room = |w: f64| (w - low).min(high - w);
            case.check_density(all, |w, i| 1e-3 * room(w[i]) * scales[i].min(1.0));
            assert_eq!(case.total_correlation(), 0.0);
        }
    }

    #[test]
    fn the_density_integrates_to_one_and_has_the_mean_of_the_draws() {
        let case = &cases()[1];
        let [low, high] = ends(&case.arguments);
        const DRAWS: u64 = 20_000;
        let draws: Vec<_> = (0..DRAWS).map(|d| case.draw(&case.noise(d))).collect();
        for i in 0..case.at.entries() {
            let points: Vec<f64> = (0..=64)
                .map(|k| low + (high - low) * (f64::from(k) / 64.0).clamp(1e-9, 1.0 - 1e-9))
                .collect();
            let moment = |k: i32| integrate(|w| w.powi(k) * log_q(case, i, w).exp(), &points);
            assert_close(moment(0), 1.0, 1e-9, "mass");
            let mean = draws.iter().map(|w| w[i]).sum::<f64>() / DRAWS as f64;
            let error = ((moment(2) - moment(1).powi(2)) / DRAWS as f64).sqrt();
            assert!((mean - moment(1)).abs() < 5.0 * error, "{mean}");
            assert!(draws.iter().all(|w| low < w[i] && w[i] < high));
        }
    }

    #[test]
    fn its_derivatives_and_its_float32() {
        for case in cases() {
            case.check_derivatives();
            case.check_float32();
        }
    }

    #[test]
    fn a_draw_is_never_an_end() {
        for bounds in [[0.0, 1.0], [-2.0, 3.0], [1.0, 1.5], [-1e6, -1e-3]] {
            for z in [-1e3f32, -90.0, -20.0, 0.0, 17.0, 20.0, 90.0, 1e3] {
                let at = Dimensions::of(&Shape::default(), Transform::Exp);
                let [low, high] = bounds.map(|end| end as f32);
                let mut w = [0.0f32];
                Between(bounds).draw(&at, &[z, 0.0], &[0.0], &mut w);
                assert!(low < w[0] && w[0] < high, "{z} in {bounds:?} is {}", w[0]);
            }
        }
    }

    /// What reaches loc is p - (1 - p) - ε/scale, and ε times it scale, however near the end.
    #[test]
    fn the_path_gradient_is_finite_at_the_ends() {
        let at = Dimensions::of(&Shape::default(), Transform::Exp);
        let family = Between([0.0, 1.0]);
        for (noise, by_z) in [(12.0f32, -0.2), (-12.0, 0.2), (0.0, 0.0)] {
            let mut gradient = [0.0f32; 2];
            let (values, noise) = ([0.0, 10f32.ln()], [noise]);
            let mut w = [0.0f32];
            family.draw(&at, &values, &noise, &mut w);
            family.score_backward(&at, &values, &noise, &w, 1.0, &mut gradient);
            assert_close(gradient[0].into(), by_z, 1e-5, "by loc");
            let by_rho = by_z * 10.0 * f64::from(noise[0]);
            assert_close(gradient[1].into(), by_rho, 1e-4, "by rho");
        }
    }
}
