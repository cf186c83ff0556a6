//! A normal posterior and a Laplace prior.

use super::{ClosedForm, Entries, Gradients, Term};
use crate::distribution::{self, Distribution};
use crate::tensor::Math;
use std::f64::consts::FRAC_1_SQRT_2;

/// KL(N(μ, σ²) ‖ Laplace(m, b))
///
/// ```text
/// ln(2b/σ) - ½ ln(2πe) + E|w - m|/b
/// E|w - m| = σ √(2/π) exp(-z²) + d erf(z),   d = μ - m,  z = d/(σ√2)
/// ```
///
/// E|w - m| is the mean of a folded normal; its derivatives are erf(z) by d and √(2/π) exp(-z²) by σ.
/// With r = √(2/π) σ/b and t = r - 1 the divergence is
///
/// ```text
/// (t - ln r) + r (exp(-z²) - 1 + √π z erf(z)) + ½ + ln(2/π)
/// ```
///
/// of which no term is negative: the last is the least that it can be.
pub struct NormalLaplace;

/// √(2/π)
const FOLD: f64 = 0.797_884_560_802_865_4;
/// √π
const SQRT_PI: f64 = 1.772_453_850_905_516;
/// ½ + ln(2/π)
const LEAST: f64 = 0.048_417_294_710_545_14;

impl ClosedForm for NormalLaplace {
    fn posterior(&self) -> &'static dyn Distribution {
        &distribution::Normal
    }

    fn prior(&self) -> &'static dyn Distribution {
        &distribution::Laplace
    }

    fn formula(&self) -> &'static str {
        "ln(2 scale/s) - ln(2 pi e)/2 + (s sqrt(2/pi) exp(-z^2) + (m - loc) erf(z))/scale, z = (m - loc)/(s sqrt(2))"
    }

    fn source(&self) -> &'static str {
        "the mean of the folded normal distribution [@leone1961]"
    }
}

impl<T: Math> Term<T> for NormalLaplace {
    fn accumulate(
        &self,
        entries: Entries<T>,
        prior: &[T],
        weight: T,
        gradients: Gradients<T>,
    ) -> f64 {
        T::dispatch(
            #[inline(always)]
            || {
                let (m, b) = (prior[0], prior[1]);
                let per_b = T::one() / b;
                let (mut total, mut by_m, mut by_b) = (0.0, 0.0, 0.0);
                for (i, (&loc, &scale)) in entries.loc.iter().zip(entries.scale).enumerate() {
                    let z = (loc - m) / scale * T::of(FRAC_1_SQRT_2);
                    let r = T::of(FOLD) * scale * per_b;
                    let t = r - T::one();
                    let (slope, decay) = (z.erf(), (-z * z).exp_m1());
                    let excess = r * (decay + T::of(SQRT_PI) * z * slope);
                    total += (T::ln_gap(r, t) + excess).wide() + LEAST;
                    gradients.loc[i] += weight * slope * per_b;
                    gradients.scale[i] += weight * ((t + r * decay) / scale);
                    by_m -= (slope * per_b).wide();
                    by_b -= ((t + excess) * per_b).wide();
                }
                if let [m, b] = gradients.prior {
                    *m += weight.wide() * by_m;
                    *b += weight.wide() * by_b;
                }
                total
            },
        )
    }
}
