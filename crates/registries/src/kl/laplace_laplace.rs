//! A Laplace posterior and a Laplace prior.

use super::{ClosedForm, Entries, Gradients, Term};
use crate::distribution::{self, Distribution};
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
    fn posterior(&self) -> &'static dyn Distribution {
        &distribution::Laplace
    }

    fn prior(&self) -> &'static dyn Distribution {
        &distribution::Laplace
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
        T::dispatch(
            #[inline(always)]
            || {
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
                    let rest = (-y).exp();
                    // e⁻ʸ (1 + y) - 1: far out the 1 would be lost beside y, and near 0 beside e⁻ʸ
                    let beyond = match y < T::one() {
                        true => gap + y * decay,
                        false => rest * (T::one() + y) - T::one(),
                    };
                    let spread = t * rest * (T::one() + y) + beyond;
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
            },
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::assert_close;

    /// scale/s e⁻ʸ (1 + y) - 1 over the scale: far from the prior, -1/scale, also where y has no unit.
    #[test]
    fn float32_keeps_the_gradient_of_a_narrow_scale() {
        for scale in [3.0f32, 0.7, 0.1, 1e-3, 1e-7, 1e-8, 1e-12] {
            let (mut by_loc, mut by_scale) = ([0.0f32], [0.0f32]);
            let entries = Entries {
                loc: &[1.0],
                scale: &[scale],
                noise: &[],
            };
            let gradients = Gradients {
                loc: &mut by_loc,
                scale: &mut by_scale,
                prior: &mut [],
            };
            LaplaceLaplace.accumulate(entries, &[0.0, 2.0], 1.0, gradients);
            let wide = f64::from(scale);
            let y = 1.0 / wide;
            let expected = 0.5 * wide * (-y).exp() * (1.0 + y) - 1.0;
            assert_close(wide * f64::from(by_scale[0]), expected, 1e-6, scale);
        }
    }
}
