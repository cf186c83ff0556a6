//! A Laplace posterior and a Laplace prior.

use super::{ClosedForm, Entries, Gradients, Term};
use crate::tensor::Math;

/// KL(Laplace(m, s) ‖ Laplace(m', s'))
///
/// ```text
/// ln(s'/s) + |m - m'|/s' + (s/s') exp(-|m - m'|/s) - 1
///   =  (t - ln r) + r (e⁻ʸ - 1 + y),   r = s/s',  t = r - 1,  y = |m - m'|/s
/// ```
///
/// the second a sum of two terms, neither negative nor, as [`Math::ln_gap`] and [`Math::exp_gap`]
/// compute them, the difference of larger ones.
pub struct LaplaceLaplace;

impl ClosedForm for LaplaceLaplace {
    fn posterior(&self) -> &'static str {
        "Laplace"
    }

    fn prior(&self) -> &'static str {
        "Laplace"
    }

    fn formula(&self) -> &'static str {
        "ln(scale/s) + |m - loc|/scale + s/scale exp(-|m - loc|/s) - 1"
    }

    fn source(&self) -> &'static str {
        "the mean distance of a Laplace variable from a point"
    }
}

impl<T: Math> Term<T> for LaplaceLaplace {
    fn accumulate(
        &self,
        entries: Entries<T>,
        prior: &[T],
        weight: T,
        gradients: Gradients<T>,
    ) -> f64 {
        let (m, s) = (prior[0], prior[1]);
        let per_s = T::one() / s;
        let (mut total, mut by_m, mut by_s) = (0.0, 0.0, 0.0);
        for (i, (&loc, &scale)) in entries.loc.iter().zip(entries.scale).enumerate() {
            let (r, t) = (scale * per_s, (scale - s) * per_s);
            let y = (loc - m).abs() / scale;
            let (gap, decay) = (y.exp_gap(), (-y).exp_m1());
            total += (T::ln_gap(r, t) + r * gap).wide();
            let slope = if loc < m { decay } else { -decay } * per_s;
            // s times the derivative: r e⁻ʸ (1 + y) - 1
            let spread = t * (T::one() + decay) * (T::one() + y) + (gap + y * decay);
            gradients.loc[i] += weight * slope;
            gradients.scale[i] += weight * (spread / scale);
            by_m -= slope.wide();
            by_s -= ((t + r * gap) * per_s).wide();
        }
        if let [m, s] = gradients.prior {
            *m += weight.wide() * by_m;
            *s += weight.wide() * by_s;
        }
        total
    }
}
