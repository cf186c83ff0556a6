//! A point estimate: the weight is loc, for every example. Not in the registry: it is what a
//! parameter without a random posterior has.

use super::{Draws, Estimate, Estimator};
use crate::posterior::Entries;
use crate::signature::Signature;
use crate::tensor::Real;

/// No estimator.
pub struct Point;

/// The one value of it.
pub static POINT: Point = Point;

static SIGNATURE: Signature = Signature {
    name: "point",
    summary: "the weight is its loc",
    parameters: &[],
};

impl Estimator for Point {
    fn signature(&self) -> &'static Signature {
        &SIGNATURE
    }
    fn formula(&self) -> &'static str {
        "w = loc"
    }
    fn methods(&self) -> &'static str {
        "every example sees the point estimate itself"
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
        true
    }
}

impl<T: Real> Estimate<T> for Point {
    fn prepare(&self, _: &[T], _: &[T], _: &[T], _: &mut [T], _: &mut [T]) {}
}
