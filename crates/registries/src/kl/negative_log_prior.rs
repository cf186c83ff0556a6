//! -ln p(w) at a point estimate: the penalty of a MAP fit, not a divergence.

use super::{BLOCK, Entries, Gradients, PulledBack, Term, add_prior_gradient, sum};
use crate::distribution::{Density, Distribution};
use crate::tensor::Math;

/// -ln p(μ), every constant kept; only `loc` of the entries is read.
pub struct NegativeLogPrior(pub &'static dyn Distribution);

impl<T: Math> Term<T> for NegativeLogPrior
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
        let [mut log_prob, mut score] = [[T::zero(); BLOCK]; 2];
        for (loc, by_loc) in entries
            .loc
            .chunks(BLOCK)
            .zip(gradients.loc.chunks_mut(BLOCK))
        {
            let n = loc.len();
            self.0
                .evaluate(prior, loc, &mut log_prob[..n], &mut score[..n]);
            add_prior_gradient(
                &PulledBack::from(self.0),
                prior,
                loc,
                |_| -weight,
                gradients.prior,
            );
            for (by_loc, &score) in by_loc.iter_mut().zip(&score) {
                *by_loc -= weight * score;
            }
            total -= sum(&log_prob[..n]);
        }
        total
    }
}
