//! `Normal(loc, scale)`: independent normal draws.

use super::{Initializer, Refusal, Scheme, number};
use crate::signature::{Constants, Domain, Signature};

/// w ~ N(loc, scale²), whatever the fans.
pub struct Normal;

static SIGNATURE: Signature = Signature {
    name: "Normal",
    summary: "independent normal draws",
    parameters: &[
        number("loc", Domain::Real, None, "their mean"),
        number(
            "scale",
            Domain::NonNegative,
            None,
            "their standard deviation",
        ),
    ],
};

impl Scheme for Normal {
    fn signature(&self) -> &'static Signature {
        &SIGNATURE
    }

    fn resolve(&self, arguments: &Constants, _: [usize; 2]) -> Result<Initializer, Refusal> {
        Ok(Initializer::Normal {
            loc: arguments.number("loc"),
            scale: arguments.number("scale"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::Sample;

    #[test]
    fn its_draws_have_the_moments() {
        let sample = Sample::of("Normal", &[("loc", -3.0), ("scale", 0.1)], [300, 200]);
        sample.check_moments(-3.0, 0.01);
    }
}
