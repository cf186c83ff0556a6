//! Distribution functions, P(W <= w), and the incomplete gamma and beta functions that some of them are.

use super::{Cauchy, Distribution, Exponential, Gamma, InverseGamma, Laplace, LogNormal, StudentT};
use std::f64::consts::{FRAC_1_SQRT_2, PI};

/// A distribution whose distribution function is known.
pub trait Cumulative: Distribution {
    /// The expected Fisher information by each parameter: `None` where it is not known, or where the parameter's score
    /// is correlated with that of another which is not a constant.
    fn information(&self, parameters: &[f64]) -> Vec<Option<f64>> {
        vec![None; parameters.len()]
    }

    /// P(W <= w)
    fn cumulative(&self, parameters: &[f64], w: f64) -> f64;

    /// A point amid it and a distance from it: most of the distribution lies within a few of these. The mean and
    /// the standard deviation, unless a distribution need not have them.
    fn middle(&self, parameters: &[f64]) -> (f64, f64) {
        match self.moments(parameters) {
            (Some(mean), Some(deviation)) => (mean, deviation),
            _ => (f64::NAN, f64::NAN),
        }
    }
}

impl Cumulative for Laplace {
    /// 1/scale² by both.
    fn information(&self, parameters: &[f64]) -> Vec<Option<f64>> {
        vec![Some(1.0 / parameters[1].powi(2)); 2]
    }

    fn cumulative(&self, parameters: &[f64], w: f64) -> f64 {
        let z = (w - parameters[0]) / parameters[1];
        match z < 0.0 {
            true => 0.5 * z.exp(),
            false => 1.0 - 0.5 * (-z).exp(),
        }
    }
}

impl Cumulative for Cauchy {
    /// 1/(2 scale²) by both.
    fn information(&self, parameters: &[f64]) -> Vec<Option<f64>> {
        vec![Some(0.5 / parameters[1].powi(2)); 2]
    }

    fn cumulative(&self, parameters: &[f64], w: f64) -> f64 {
        // atan2(1, -z) is π/2 + atan z without cancellation in the lower tail.
        1f64.atan2((parameters[0] - w) / parameters[1]) / PI
    }

    fn middle(&self, parameters: &[f64]) -> (f64, f64) {
        (parameters[0], parameters[1])
    }
}

impl Cumulative for StudentT {
    /// (df + 1)/((df + 3) scale²) by loc and 2 df/((df + 3) scale²) by scale.
    fn information(&self, parameters: &[f64]) -> Vec<Option<f64>> {
        let df = parameters[0];
        let per_variance = 1.0 / ((df + 3.0) * parameters[2].powi(2));
        vec![
            None,
            Some((df + 1.0) * per_variance),
            Some(2.0 * df * per_variance),
        ]
    }

    fn cumulative(&self, parameters: &[f64], w: f64) -> f64 {
        let (df, z) = (parameters[0], (w - parameters[1]) / parameters[2]);
        let tail = 0.5 * beta_share(0.5 * df, 0.5, df / (df + z * z));
        if z < 0.0 { tail } else { 1.0 - tail }
    }

    fn middle(&self, parameters: &[f64]) -> (f64, f64) {
        (parameters[1], parameters[2])
    }
}

impl Cumulative for LogNormal {
    /// Those of the normal distribution of ln w.
    fn information(&self, parameters: &[f64]) -> Vec<Option<f64>> {
        let per_variance = 1.0 / parameters[1].powi(2);
        vec![Some(per_variance), Some(2.0 * per_variance)]
    }

    fn cumulative(&self, parameters: &[f64], w: f64) -> f64 {
        match w > 0.0 {
            true => 0.5 * libm::erfc((parameters[0] - w.ln()) / parameters[1] * FRAC_1_SQRT_2),
            false => 0.0,
        }
    }

    /// About the median, from which the mean is far where the scale is large.
    fn middle(&self, parameters: &[f64]) -> (f64, f64) {
        let median = parameters[0].exp();
        (median, median * parameters[1])
    }
}

impl Cumulative for Gamma {
    /// concentration/rate² by the rate, given a concentration.
    fn information(&self, parameters: &[f64]) -> Vec<Option<f64>> {
        vec![None, Some(parameters[0] / parameters[1].powi(2))]
    }

    fn cumulative(&self, parameters: &[f64], w: f64) -> f64 {
        gamma_shares(parameters[0], parameters[1] * w).0
    }
}

impl Cumulative for InverseGamma {
    fn cumulative(&self, parameters: &[f64], w: f64) -> f64 {
        match w > 0.0 {
            true => gamma_shares(parameters[0], parameters[1] / w).1,
            false => 0.0,
        }
    }

    /// About the mode, which there always is.
    fn middle(&self, parameters: &[f64]) -> (f64, f64) {
        let mode = parameters[1] / (parameters[0] + 1.0);
        (mode, mode)
    }
}

impl Cumulative for Exponential {
    /// 1/rate²
    fn information(&self, parameters: &[f64]) -> Vec<Option<f64>> {
        vec![Some(1.0 / parameters[0].powi(2))]
    }

    fn cumulative(&self, parameters: &[f64], w: f64) -> f64 {
        -(-parameters[0] * w.max(0.0)).exp_m1()
    }
}

/// The shares of Γ(a) = ∫₀^∞ t^(a-1) e^-t dt below and above x; all is above where x is not above 0.
///
/// The power series below a + 1, Lentz's evaluation of the continued fraction from there on (Abramowitz and Stegun,
/// 6.5.29 and 6.5.31).
pub fn gamma_shares(a: f64, x: f64) -> (f64, f64) {
    if x.is_nan() || a.is_nan() {
        return (f64::NAN, f64::NAN);
    }
    if x <= 0.0 {
        return (0.0, 1.0);
    }
    if x == f64::INFINITY {
        return (1.0, 0.0);
    }
    let factor = (a * x.ln() - x - libm::lgamma(a)).exp();
    if x < a + 1.0 {
        let (mut term, mut sum, mut n) = (1.0 / a, 1.0 / a, a);
        while term > f64::EPSILON * 0.25 * sum {
            n += 1.0;
            term *= x / n;
            sum += term;
        }
        let below = (factor * sum).min(1.0);
        return (below, 1.0 - below);
    }
    let mut b = x + 1.0 - a;
    let (mut c, mut d) = (f64::INFINITY, 1.0 / b);
    let mut fraction = d;
    for i in 1..MOST_STEPS {
        let i = f64::from(i);
        let numerator = -i * (i - a);
        b += 2.0;
        let factor = lentz(&mut c, &mut d, numerator, b);
        fraction *= factor;
        if (factor - 1.0).abs() < f64::EPSILON {
            break;
        }
    }
    let above = (factor * fraction).clamp(0.0, 1.0);
    (1.0 - above, above)
}

/// The share of B(a, b) = ∫₀¹ t^(a-1) (1-t)^(b-1) dt below x, by its continued fraction (Abramowitz and Stegun,
/// 26.5.8; evaluated as Lentz does).
pub fn beta_share(a: f64, b: f64, x: f64) -> f64 {
    if x.is_nan() || a.is_nan() || b.is_nan() {
        return f64::NAN;
    }
    if x <= 0.0 {
        return 0.0;
    }
    if x >= 1.0 {
        return 1.0;
    }
    // The fraction converges quickly on this side of the mean; the other side is the rest.
    if x > (a + 1.0) / (a + b + 2.0) {
        return 1.0 - beta_share(b, a, 1.0 - x);
    }
    let whole = libm::lgamma(a + b) - libm::lgamma(a) - libm::lgamma(b);
    let factor = (whole + a * x.ln() + b * (-x).ln_1p()).exp() / a;
    let (mut c, mut d) = (1.0, 1.0 / (1.0 - (a + b) * x / (a + 1.0)));
    let mut fraction = d;
    for m in 1..MOST_STEPS {
        let m = f64::from(m);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        fraction *= lentz(&mut c, &mut d, even, 1.0);
        let last = lentz(&mut c, &mut d, odd, 1.0);
        fraction *= last;
        if (last - 1.0).abs() < f64::EPSILON {
            break;
        }
    }
    (factor * fraction).clamp(0.0, 1.0)
}

/// Far more steps than arguments of a size that occurs take: about the square root of the larger.
const MOST_STEPS: u32 = 100_000;

/// One step of Lentz's evaluation of a continued fraction: the factor by which its value changes.
fn lentz(c: &mut f64, d: &mut f64, numerator: f64, denominator: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let away = |x: f64| if x.abs() < TINY { TINY } else { x };
    *d = 1.0 / away(denominator + numerator * *d);
    *c = away(denominator + numerator / *c);
    *c * *d
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::distribution::Density;
    use crate::testing::{assert_close, integrate};

    #[test]
    fn distribution_functions_are_integrals_of_densities() {
        let t = |df| (&StudentT as &dyn Cumulative, vec![df, 0.3, 0.8]);
        let cases: Vec<(&dyn Cumulative, Vec<f64>)> = vec![
            (&Laplace, vec![0.5, 1.3]),
            (&Cauchy, vec![-0.2, 0.7]),
            t(0.7),
            t(4.0),
            t(300.0),
            (&LogNormal, vec![0.4, 0.9]),
            (&Gamma, vec![0.6, 2.0]),
            (&Gamma, vec![40.0, 3.0]),
            (&InverseGamma, vec![1.5, 2.0]),
            (&Exponential, vec![1.7]),
        ];
        for (distribution, parameters) in cases {
            let name = distribution.signature().name;
            let density = |w: f64| Density::<f64>::log_prob(distribution, &parameters, w).exp();
            // Pieces between points of the bulk, on both sides of a kink.
            let points = [0.05, 0.2, 0.5, 0.9, 1.4, 2.5, 6.0, 13.0, 20.0];
            for ends in points.windows(2) {
                let expected = integrate(density, ends);
                let got = distribution.cumulative(&parameters, ends[1])
                    - distribution.cumulative(&parameters, ends[0]);
                assert_close(
                    got,
                    expected,
                    1e-11,
                    format!("{name} {parameters:?} {ends:?}"),
                );
            }
            assert_close(
                distribution.cumulative(&parameters, -1e300),
                0.0,
                1e-12,
                name,
            );
            assert_close(distribution.cumulative(&parameters, 1e300), 1.0, 1e-9, name);
            let (at, width) = distribution.middle(&parameters);
            let inside = distribution.cumulative(&parameters, at + 3.0 * width)
                - distribution.cumulative(&parameters, at - 3.0 * width);
            assert!(inside > 0.5, "{name}: {inside}");
        }
    }

    /// Against sums of Poisson and binomial probabilities.
    #[test]
    fn shares_are_sums() {
        for rate in [0.02f64, 0.7, 4.0, 55.0] {
            let (mut term, mut sum) = ((-rate).exp(), 0.0);
            for n in 0..80 {
                sum += term;
                let above = gamma_shares(f64::from(n) + 1.0, rate).1;
                assert_close(above, sum, 1e-12, format!("Poisson {rate} {n}"));
                term *= rate / f64::from(n + 1);
            }
        }
        for (trials, p) in [(1, 0.3f64), (12, 0.9), (60, 0.02)] {
            let (mut term, mut sum) = ((1.0 - p).powi(trials), 0.0);
            for n in 0..trials {
                sum += term;
                let (rest, n_more) = (f64::from(trials - n), f64::from(n + 1));
                let below = beta_share(rest, n_more, 1.0 - p);
                assert_close(below, sum, 1e-12, format!("binomial {trials} {p} {n}"));
                term *= rest / n_more * p / (1.0 - p);
            }
        }
        assert_eq!(gamma_shares(2.0, 0.0), (0.0, 1.0));
        assert_eq!(
            (beta_share(2.0, 3.0, 0.0), beta_share(2.0, 3.0, 1.0)),
            (0.0, 1.0)
        );
    }
}
