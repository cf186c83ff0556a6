//! `Constant(value)`: what a number by itself says.

use super::{Initializer, Refusal, Scheme, number};
use crate::signature::{Constants, Domain, Signature};

/// Every entry `value`.
pub struct Constant;

static SIGNATURE: Signature = Signature {
    name: "Constant",
    summary: "every entry the same number; the number by itself says the same",
    parameters: &[number("value", Domain::Real, None, "the number")],
};

impl Scheme for Constant {
    fn signature(&self) -> &'static Signature {
        &SIGNATURE
    }

    fn resolve(&self, arguments: &Constants, _: [usize; 2]) -> Result<Initializer, Refusal> {
        Ok(Initializer::Constant(arguments.number("value")))
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::Sample;

    #[test]
    fn every_entry_is_the_number() {
        let sample = Sample::of("Constant", &[("value", -0.3)], [7, 5]);
        assert!(sample.entries.iter().all(|&x| x == -0.3));
    }
}
