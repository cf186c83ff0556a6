//! A Cauchy posterior and a Cauchy prior.

use super::{ClosedForm, Entries, Gradients, Term};
use crate::distribution::{self, Distribution};
use crate::tensor::Math;

/// KL(Cauchy(m, s) ‖ Cauchy(m', s'))
///
/// ```text
/// ln(((s + s')² + (m - m')²)/(4 s s'))  =  ln(1 + (t² + d²)/(4r))
/// d = (m - m')/s',  r = s/s',  t = r - 1
/// ```
///
/// In the second form nothing cancels where the two are all but equal. It is symmetric, and does not
/// change where both are moved or scaled.
pub struct CauchyCauchy;

impl ClosedForm for CauchyCauchy {
    fn posterior(&self) -> &'static dyn Distribution {
        &distribution::Cauchy
    }

    fn prior(&self) -> &'static dyn Distribution {
        &distribution::Cauchy
    }

    fn formula(&self) -> &'static str {
        "ln(((s + scale)^2 + (m - loc)^2)/(4 s scale))"
    }

    fn source(&self) -> &'static str {
        "the integral of their densities [@chyzak2019]"
    }
}

impl<T: Math> Term<T> for CauchyCauchy {
    fn accumulate(
        &self,
        entries: Entries<T>,
        prior: &[T],
        weight: T,
        gradients: Gradients<T>,
    ) -> f64 {
        let (m, s) = (prior[0], prior[1]);
        let (one, two, four) = (T::one(), T::of(2.0), T::of(4.0));
        let per_s = one / s;
        let (mut total, mut by_m, mut by_s) = (0.0, 0.0, 0.0);
        for (i, (&loc, &scale)) in entries.loc.iter().zip(entries.scale).enumerate() {
            let (d, r, t) = ((loc - m) * per_s, scale * per_s, (scale - s) * per_s);
            let sum = r + one;
            let whole = sum * sum + d * d;
            total += ((t * t + d * d) / (four * r)).fast_ln_1p().wide();
            // s' times the derivatives: by m, by s, by s'
            let slope = two * d / whole;
            let spread = (t * sum - d * d) / (r * whole);
            let prior_spread = -(t * sum + d * d) / whole;
            gradients.loc[i] += weight * (slope * per_s);
            gradients.scale[i] += weight * (spread * per_s);
            by_m -= (slope * per_s).wide();
            by_s += (prior_spread * per_s).wide();
        }
        if let [m, s] = gradients.prior {
            *m += weight.wide() * by_m;
            *s += weight.wide() * by_s;
        }
        total
    }
}
