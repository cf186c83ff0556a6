//! ln q(w) - ln p(w) at a draw: any prior with a density, without bias, with noise.

use super::{BLOCK, Entries, Gradients, Term, add_prior_gradient, sum};
use crate::distribution::{Density, Distribution};
use crate::tensor::Math;
use crate::tensor::math::HALF_LN_TWO_PI;

/// With w = μ + σε:
///
/// ```text
/// -½ ε² - ln σ - ½ ln 2π - ln p(w)
/// ```
///
/// The derivatives are those of this number with ε held: ln q(w) adds nothing by μ and -1/σ by σ, and
/// -ln p(w) adds minus the score, times ε by σ.
pub struct MonteCarlo(pub &'static dyn Distribution);

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
            self.0
                .evaluate(prior, &w[..n], &mut log_prob[..n], &mut score[..n]);
            add_prior_gradient(self.0, prior, &w[..n], |_| -weight, gradients.prior);
            let by_loc = &mut gradients.loc[range.clone()];
            let by_scale = &mut gradients.scale[range];
            for i in 0..n {
                by_loc[i] -= weight * score[i];
                by_scale[i] -= weight * (score[i] * noise[i] + T::one() / scale[i]);
                log_prob[i] +=
                    T::of(0.5) * noise[i] * noise[i] + scale[i].fast_ln() + T::of(HALF_LN_TWO_PI);
            }
            total -= sum(&log_prob[..n]);
        }
        total
    }
}
