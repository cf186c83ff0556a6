//! What joins the loss in place of dropout's KL.

use super::{Entries, Gradients, Term};
use crate::tensor::Math;

/// The surrogate of Gal and Ghahramani 2016 (appendix, proposition 1) for W = diag(z) M under the prior
/// N(m, s²), up to a constant:
///
/// ```text
/// (1 - rate)/(2 s²) Σ (M - m)²
/// ```
///
/// The limit of KL(q ‖ p) of a mixture of two narrow normals, at 0 and at M, without what does not depend
/// on M. It does depend on s without bound, so s is no number that could be learned with it.
pub struct DropoutSurrogate {
    /// 1 - rate
    pub keep: f64,
}

impl<T: Math> Term<T> for DropoutSurrogate {
    fn accumulate(
        &self,
        entries: Entries<T>,
        prior: &[T],
        weight: T,
        gradients: Gradients<T>,
    ) -> f64 {
        let (m, s) = (prior[0], prior[1]);
        let factor = T::of(self.keep) / (s * s);
        let mut total = 0.0;
        for (&loc, d_loc) in entries.loc.iter().zip(gradients.loc) {
            let d = loc - m;
            total += (T::of(0.5) * factor * d * d).wide();
            *d_loc += weight * factor * d;
        }
        total
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_limit_of_the_kl_of_two_narrow_normals() {
        // KL((1-rate) N(M, e²) + rate N(0, e²) ‖ N(0, s²)): the mixture's entropy and E ln N(0, e²) do not
        // depend on M once e is narrow, so a difference of two M leaves the surrogate's.
        let (rate, s, e) = (0.3, 0.7, 1e-3);
        let kl = |m: f64| {
            let (mut kl, h) = (0.0, e / 50.0);
            for centre in [0.0, m] {
                let share = if centre == 0.0 { rate } else { 1.0 - rate };
                for i in -500..500 {
                    let w = centre + (f64::from(i) + 0.5) * h;
                    let z = (w - centre) / e;
                    let q = share * (-0.5 * z * z).exp() / (e * std::f64::consts::TAU.sqrt());
                    let ln_p = -0.5 * (w / s).powi(2) - s.ln();
                    kl += h * q * (q.max(1e-300).ln() - ln_p);
                }
            }
            kl
        };
        let value = |m: f64| {
            let entries = Entries {
                loc: &[m],
                scale: &[],
                noise: &[],
            };
            let gradients = Gradients {
                loc: &mut [0.0],
                scale: &mut [],
                prior: &mut [],
            };
            let term = DropoutSurrogate { keep: 1.0 - rate };
            Term::<f64>::accumulate(&term, entries, &[0.0, s], 1.0, gradients)
        };
        let (got, expected) = (value(1.3) - value(0.4), kl(1.3) - kl(0.4));
        assert!((got / expected - 1.0).abs() < 1e-6, "{got}, {expected}");
    }
}
