//! Weights that a backward pass goes through without a gradient by them. Not in the registry: it is what a network has
//! whose values alone are differentiated.

use super::{
    Draws, Estimate, Estimator, ExampleDraws, Kernel, KernelGradient, Saved, Scratch, Site,
};
use crate::posterior::Entries;
use crate::signature::Signature;
use crate::tensor::Real;

/// No estimator, and no gradient by the kernel.
pub struct Fixed {
    is_loc: bool,
}

/// Of weights that are their loc.
pub static FIXED_LOC: Fixed = Fixed { is_loc: true };
/// Of weights that have been drawn.
pub static FIXED_DRAW: Fixed = Fixed { is_loc: false };

static SIGNATURE: Signature = Signature {
    name: "fixed",
    summary: "the weight is given",
    parameters: &[],
};

impl Estimator for Fixed {
    fn signature(&self) -> &'static Signature {
        &SIGNATURE
    }
    fn formula(&self) -> &'static str {
        "w"
    }
    fn methods(&self) -> &'static str {
        "every example sees the same weights"
    }
    fn refuse(&self, _: Entries) -> Option<&'static str> {
        None
    }
    fn draws(&self) -> Draws {
        Draws::NONE
    }
    fn products(&self, _: bool) -> u64 {
        1
    }
    fn first_is_loc(&self) -> bool {
        self.is_loc
    }
}

impl<T: Real> Estimate<T> for Fixed {
    fn prepare(&self, _: &[T], _: &[T], _: &[T], _: &mut [T], _: &mut [T]) {}

    fn backward(
        &self,
        site: &Site<T>,
        kernel: Kernel<T>,
        _: ExampleDraws<T>,
        _: &[T],
        dy: &[T],
        _: Saved<&[T]>,
        dx: Option<&mut [T]>,
        _: KernelGradient<T>,
        scratch: Scratch<T>,
    ) {
        if let Some(dx) = dx {
            site.linear.transpose(dy, kernel.first, dx, scratch.layer);
        }
    }
}
