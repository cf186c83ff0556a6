//! A Laplace posterior and a normal prior.

use super::{ClosedForm, Entries, Gradients, Term};
use crate::distribution::{self, Distribution};
use crate::tensor::Math;
use std::f64::consts::SQRT_2;

/// KL(Laplace(m, s) ‖ N(m', s'²))
///
/// ```text
/// ln(s'/s) + ½ ln 2π - ln 2 - 1 + (2s² + (m - m')²)/(2s'²)
///   =  ½ d² + ½ t² + (t - ln r) + ½ (ln π - 1),   d = (m - m')/s',  r = √2 s/s',  t = r - 1
/// ```
///
/// No term of the second is negative. The last is the least that the divergence can be.
pub struct LaplaceNormal;

/// ½ (ln π - 1)
const LEAST: f64 = 0.072_364_942_924_700_08;

impl ClosedForm for LaplaceNormal {
    fn posterior(&self) -> &'static dyn Distribution {
        &distribution::Laplace
    }

    fn prior(&self) -> &'static dyn Distribution {
        &distribution::Normal
    }

    fn formula(&self) -> &'static str {
        "ln(scale/s) + ln(2 pi)/2 - ln 2 - 1 + (2 s^2 + (m - loc)^2)/(2 scale^2)"
    }

    fn source(&self) -> &'static str {
        "the variance of the Laplace distribution, twice its scale squared"
    }
}

impl<T: Math> Term<T> for LaplaceNormal {
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
                let (m, s) = (prior[0], prior[1]);
                let (half, two) = (T::of(0.5), T::of(2.0));
                let per_s = T::one() / s;
                let (mut total, mut by_m, mut by_s) = (0.0, 0.0, 0.0);
                for (i, (&loc, &scale)) in entries.loc.iter().zip(entries.scale).enumerate() {
                    let d = (loc - m) * per_s;
                    let r = T::of(SQRT_2) * scale * per_s;
                    let t = r - T::one();
                    let excess = t * (t + two); // r² - 1
                    let value = half * (d * d + t * t) + T::ln_gap(r, t);
                    total += value.wide() + LEAST;
                    gradients.loc[i] += weight * (d * per_s);
                    gradients.scale[i] += weight * (excess / scale);
                    by_m -= (d * per_s).wide();
                    by_s -= ((d * d + excess) * per_s).wide();
                }
                if let [m, s] = gradients.prior {
                    *m += weight.wide() * by_m;
                    *s += weight.wide() * by_s;
                }
                total
            },
        )
    }
}
