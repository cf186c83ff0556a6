//! `Uniform(low, high)`: independent uniform draws.

use super::{Initializer, Refusal, Scheme, number};
use crate::signature::{Constants, Domain, Signature};

/// w ~ U(low, high), whatever the fans: mean (low + high)/2, variance (high - low)²/12.
pub struct Uniform;

static SIGNATURE: Signature = Signature {
    name: "Uniform",
    summary: "independent uniform draws",
    parameters: &[
        number("low", Domain::Real, None, "the lower end"),
        number("high", Domain::Real, None, "the upper end"),
    ],
};

impl Scheme for Uniform {
    fn signature(&self) -> &'static Signature {
        &SIGNATURE
    }

    fn resolve(&self, arguments: &Constants, _: [usize; 2]) -> Result<Initializer, Refusal> {
        let (low, high) = (arguments.number("low"), arguments.number("high"));
        if low >= high {
            return Err(Refusal {
                title: format!("`Uniform` from {low} to {high} is empty"),
                label: "low is not below high",
            });
        }
        Ok(Initializer::Uniform { low, high })
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::Sample;
    use crate::initializer::find;
    use crate::signature::{Constant, Constants};

    #[test]
    fn its_draws_have_the_moments() {
        let sample = Sample::of("Uniform", &[("low", -1.0), ("high", 2.0)], [300, 200]);
        sample.check_moments(0.5, 0.75);
        sample.check_ends(-1.0, 2.0);
    }

    #[test]
    fn an_empty_range_is_refused() {
        let arguments = [
            ("low", Constant::Number(1.0)),
            ("high", Constant::Number(1.0)),
        ];
        let scheme = find("Uniform").unwrap();
        let refusal = scheme.resolve(&Constants(arguments.into()), [1, 1]);
        assert_eq!(refusal.unwrap_err().title, "`Uniform` from 1 to 1 is empty");
    }
}
