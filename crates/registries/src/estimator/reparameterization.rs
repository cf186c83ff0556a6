//! `reparameterization` (Kingma & Welling 2014; Blundell et al. 2015): w = loc + scale·ε, one ε for the
//! whole minibatch.
//!
//! Backward: d_loc = dw, d_scale = dw·ε. The cheapest estimator, and the noisiest: one draw serves all
//! B examples, so averaging over the minibatch does not reduce the variance that ε brings.

use super::{Draws, Estimate, Estimator, Slope};
use crate::posterior::Entries;
use crate::signature::Signature;
use crate::tensor::Real;
use crate::tensor::simd::each;

/// The estimator.
pub struct Reparameterization;

static SIGNATURE: Signature = Signature {
    name: "reparameterization",
    summary: "one draw of the weights for the whole minibatch",
    parameters: &[],
};

impl Estimator for Reparameterization {
    fn signature(&self) -> &'static Signature {
        &SIGNATURE
    }
    fn formula(&self) -> &'static str {
        "w = loc + scale·ε, one ε a minibatch"
    }
    fn methods(&self) -> &'static str {
        "one draw of the noise, and so of the weights, serves all examples of a minibatch \
         [@kingma2014; @blundell2015], $$W_b = W(epsilon), b = 1, ..., B$$"
    }
    fn refuse(&self, _: Entries) -> Option<&'static str> {
        None
    }
    fn draws(&self) -> Draws {
        Draws {
            noise: true,
            ..Draws::NONE
        }
    }
    fn slope(&self) -> Option<Slope> {
        Some(Slope::Noise)
    }
    fn products(&self, _: bool) -> u64 {
        1
    }
}

impl<T: Real> Estimate<T> for Reparameterization {
    fn prepare(&self, loc: &[T], scale: &[T], noise: &[T], first: &mut [T], _: &mut [T]) {
        each(
            first,
            [loc, scale, noise],
            #[inline(always)]
            |w, [loc, scale, noise]| *w = loc + scale * noise,
        );
    }
}
