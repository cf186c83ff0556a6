//! A normal posterior and a Laplace prior.

use super::{ClosedForm, Entries, Gradients, Term};
use crate::tensor::Math;
use crate::tensor::math::HALF_LN_TWO_PI;
use std::f64::consts::{FRAC_1_SQRT_2, LN_2};

/// KL(N(μ, σ²) ‖ Laplace(m, b))
///
/// ```text
/// ln(2b/σ) - ½ ln(2πe) + E|w - m|/b
/// E|w - m| = σ √(2/π) exp(-z²) + d erf(z),   d = μ - m,  z = d/(σ√2)
/// ```
///
/// E|w - m| is the mean of a folded normal; its derivatives are erf(z) by d and √(2/π) exp(-z²) by σ.
pub struct NormalLaplace;

/// ln 2 - ½ ln(2πe)
const CONSTANT: f64 = LN_2 - HALF_LN_TWO_PI - 0.5;
/// √(2/π)
const FOLD: f64 = 0.797_884_560_802_865_4;

impl ClosedForm for NormalLaplace {
    fn posterior(&self) -> &'static str {
        "Normal"
    }

    fn prior(&self) -> &'static str {
        "Laplace"
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
        let (m, b) = (prior[0], prior[1]);
        let (per_b, ln_b) = (T::one() / b, b.ln());
        let (mut total, mut by_m, mut by_b) = (0.0, 0.0, 0.0);
        for (i, (&loc, &scale)) in entries.loc.iter().zip(entries.scale).enumerate() {
            let d = loc - m;
            let z = d / scale * T::of(FRAC_1_SQRT_2);
            let slope = z.erf();
            let fold = T::of(FOLD) * (-z * z).fast_exp();
            let distance = (scale * fold + d * slope) * per_b;
            total += (ln_b - scale.fast_ln() + T::of(CONSTANT) + distance).wide();
            gradients.loc[i] += weight * slope * per_b;
            gradients.scale[i] += weight * (fold * per_b - T::one() / scale);
            by_m -= (slope * per_b).wide();
            by_b += ((T::one() - distance) * per_b).wide();
        }
        if let [m, b] = gradients.prior {
            *m += weight.wide() * by_m;
            *b += weight.wide() * by_b;
        }
        total
    }
}
