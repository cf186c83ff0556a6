//! `LecunNormal`: normal draws that keep the variance of values.

use super::truncated_normal::of_variance;
use super::{Initializer, Refusal, Scheme};
use crate::signature::{Constants, Signature};

/// ```text
/// Var w = 1/fan_in
/// ```
///
/// Drawn as Keras draws it: a normal cut at two scales, the scale divided by 0.8796 so that the
/// variance is the stated one after the cut.
/// LeCun et al. 1998, "Efficient backprop", section 4.6; Keras's `LecunNormal`.
pub struct LecunNormal;

static SIGNATURE: Signature = Signature {
    name: "LecunNormal",
    summary: "normal draws of variance 1/fan_in, cut at two scales",
    parameters: &[],
};

impl Scheme for LecunNormal {
    fn signature(&self) -> &'static Signature {
        &SIGNATURE
    }

    fn resolve(&self, _: &Constants, [fan_in, _]: [usize; 2]) -> Result<Initializer, Refusal> {
        Ok(of_variance(1.0 / fan_in as f64))
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::Sample;

    #[test]
    fn its_draws_have_the_moments() {
        let sample = Sample::of("LecunNormal", &[], [300, 200]);
        sample.check_moments(0.0, 1.0 / 300.0);
        let end = 2.0 * (1.0f64 / 300.0).sqrt() / 0.879_625_661_034_239_8;
        sample.check_ends(-end, end);
    }
}
