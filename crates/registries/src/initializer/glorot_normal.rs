//! `GlorotNormal`: normal draws that keep the variance of values and of gradients.

use super::truncated_normal::of_variance;
use super::{Initializer, Refusal, Scheme};
use crate::signature::{Constants, Signature};

/// ```text
/// Var w = 2/(fan_in + fan_out)
/// ```
///
/// Drawn as Keras draws it: a normal cut at two scales, the scale divided by 0.8796 so that the
/// variance is the stated one after the cut.
/// Glorot and Bengio 2010, eq. 12; Keras's `GlorotNormal`.
pub struct GlorotNormal;

static SIGNATURE: Signature = Signature {
    name: "GlorotNormal",
    summary: "normal draws of variance 2/(fan_in + fan_out), cut at two scales",
    parameters: &[],
};

impl Scheme for GlorotNormal {
    fn signature(&self) -> &'static Signature {
        &SIGNATURE
    }

    fn resolve(
        &self,
        _: &Constants,
        [fan_in, fan_out]: [usize; 2],
    ) -> Result<Initializer, Refusal> {
        Ok(of_variance(2.0 / (fan_in + fan_out) as f64))
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::Sample;

    #[test]
    fn its_draws_have_the_moments() {
        let sample = Sample::of("GlorotNormal", &[], [300, 200]);
        sample.check_moments(0.0, 2.0 / 500.0);
        let end = 2.0 * (2.0f64 / 500.0).sqrt() / 0.879_625_661_034_239_8;
        sample.check_ends(-end, end);
    }
}
