//! ln q(w) - ln p(w) at a draw: any prior with a density, without bias, with noise.

use super::{BLOCK, Entries, Gradients, PulledBack, Term, add_prior_gradient, sum};
use crate::distribution::{Density, Distribution, Law};
use crate::tensor::Math;

/// With w = loc + scale·ε and ε of the law with density h:
///
/// ```text
/// ln h(ε) - ln scale - ln p(w)
/// ```
///
/// The derivatives are those of this number with ε held: ln q(w) adds nothing by loc and -1/scale by
/// scale, and -ln p(w) adds minus the score, times ε by scale.
pub struct MonteCarlo {
    /// The prior, of w or of what is made of it.
    pub prior: PulledBack,
    /// The law of ε.
    pub law: Law,
    /// Whether the gradient goes through w alone: h'/h(ε)/scale - score by loc, times ε by scale. What
    /// is left out, ∂ ln q(w)/∂(loc, scale) with w held, has the mean 0; without it the gradient is 0,
    /// without noise, where q is p (Roeder, Wu and Duvenaud 2017, "Sticking the landing"). The value is
    /// the same.
    pub path: bool,
}

impl MonteCarlo {
    /// That of a normal posterior, with the derivative of the number itself.
    pub fn new(prior: impl Into<PulledBack>) -> Self {
        MonteCarlo {
            prior: prior.into(),
            law: Law::Normal,
            path: false,
        }
    }
}

impl<T: Math> Term<T> for MonteCarlo
where
    dyn Distribution: Density<T>,
{
    fn accumulate(
        &self,
        entries: Entries<T>,
        prior: &[T],
        weight: T,
        gradients: Gradients<T>,
    ) -> f64 {
        let mut total = 0.0;
        let [mut w, mut log_prob, mut score] = [[T::zero(); BLOCK]; 3];
        for start in (0..entries.loc.len()).step_by(BLOCK) {
            let range = start..entries.loc.len().min(start + BLOCK);
            let n = range.len();
            let (loc, scale, noise) = (
                &entries.loc[range.clone()],
                &entries.scale[range.clone()],
                &entries.noise[range.clone()],
            );
            for (((w, &loc), &scale), &noise) in w.iter_mut().zip(loc).zip(scale).zip(noise) {
                *w = loc + scale * noise;
            }
            self.prior
                .evaluate(prior, &w[..n], &mut log_prob[..n], &mut score[..n]);
            add_prior_gradient(&self.prior, prior, &w[..n], |_| -weight, gradients.prior);
            let by_loc = &mut gradients.loc[range.clone()];
            let by_scale = &mut gradients.scale[range];
            for i in 0..n {
                log_prob[i] += scale[i].fast_ln() - self.law.log_density(noise[i]);
            }
            total -= sum(&log_prob[..n]);
            if self.path {
                for i in 0..n {
                    let slope = self.law.score(noise[i]) / scale[i] - score[i];
                    by_loc[i] += weight * slope;
                    by_scale[i] += weight * slope * noise[i];
                }
            } else {
                for i in 0..n {
                    by_loc[i] -= weight * score[i];
                    by_scale[i] -= weight * (score[i] * noise[i] + T::one() / scale[i]);
                }
            }
        }
        total
    }
}
