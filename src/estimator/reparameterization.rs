//! `reparameterization` (Kingma & Welling 2014; Blundell et al. 2015): w = loc + scale·ε, one ε for the
//! whole minibatch.
//!
//! Backward: d_loc = dw, d_scale = dw·ε. The cheapest estimator, and the noisiest: one draw serves all
//! B examples, so averaging over the minibatch does not reduce the variance that ε brings.

use super::{ByEntries, Draws, Estimate, Estimator};
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
    fn products(&self, _: usize) -> u64 {
        1
    }
}

/// The gradient by an entry's scale, of `first` and ε.
#[inline(always)]
pub fn by_scale<T: Real>([dw, noise]: [T; 2]) -> T {
    dw * noise
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
    fn scale_gradient(&self, _: &[T], noise: &[T], d_first: &[T], _: &[T], d_scale: &mut [T]) {
        each(
            d_scale,
            [d_first, noise],
            #[inline(always)]
            |d_scale, of| *d_scale += by_scale(of),
        );
    }
    fn by_entries(&self) -> Option<ByEntries> {
        Some(ByEntries::Reparameterization)
    }
}
