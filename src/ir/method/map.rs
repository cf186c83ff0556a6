//! `map`: the point at which the density of the parameters given the data is largest.

use super::Method;
use crate::signature::Signature;

/// The method.
pub struct Map;

static SIGNATURE: Signature = Signature {
    name: "map",
    summary: "maximum a posteriori: every parameter is a point under its prior; posteriors and estimators are not used",
    parameters: &[],
};

impl Method for Map {
    fn signature(&self) -> &'static Signature {
        &SIGNATURE
    }
}
