//! `HeNormal`: normal draws that keep the variance of values through relu.

use super::truncated_normal::of_variance;
use super::{Initializer, Refusal, Scheme};
use crate::signature::{Constants, Signature};

/// ```text
/// Var w = 2/fan_in
/// ```
///
/// Drawn as Keras draws it: a normal cut at two scales, the scale divided by 0.8796 so that the
/// variance is the stated one after the cut.
/// He et al. 2015, "Delving deep into rectifiers", eq. 10; Keras's `HeNormal`.
pub struct HeNormal;

static SIGNATURE: Signature = Signature {
    name: "HeNormal",
    summary: "normal draws of variance 2/fan_in, cut at two scales, for relu",
    parameters: &[],
};

impl Scheme for HeNormal {
    fn signature(&self) -> &'static Signature {
        &SIGNATURE
    }

    fn resolve(&self, _: &Constants, [fan_in, _]: [usize; 2]) -> Result<Initializer, Refusal> {
        Ok(of_variance(2.0 / fan_in as f64))
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::Sample;

    #[test]
    fn its_draws_have_the_moments() {
        let sample = Sample::of("HeNormal", &[], [300, 200]);
        sample.check_moments(0.0, 2.0 / 300.0);
        let end = 2.0 * (2.0f64 / 300.0).sqrt() / 0.879_625_661_034_239_8;
        sample.check_ends(-end, end);
    }
}
