//! `GlorotUniform`: uniform draws that keep the variance of values and of gradients.

use super::{Initializer, Refusal, Scheme};
use crate::signature::{Constants, Signature};

/// ```text
/// w ~ U(-a, a),   a = √(6/(fan_in + fan_out)),   Var w = 2/(fan_in + fan_out)
/// ```
///
/// Glorot and Bengio 2010, "Understanding the difficulty of training deep feedforward neural networks",
/// eq. 16; Keras's `GlorotUniform`, the default of its layers.
pub struct GlorotUniform;

static SIGNATURE: Signature = Signature {
    name: "GlorotUniform",
    summary: "uniform draws of variance 2/(fan_in + fan_out)",
    parameters: &[],
};

impl Scheme for GlorotUniform {
    fn signature(&self) -> &'static Signature {
        &SIGNATURE
    }

    fn resolve(
        &self,
        _: &Constants,
        [fan_in, fan_out]: [usize; 2],
    ) -> Result<Initializer, Refusal> {
        let limit = (6.0 / (fan_in + fan_out) as f64).sqrt();
        Ok(Initializer::Uniform {
            low: -limit,
            high: limit,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::Sample;

    #[test]
    fn its_draws_have_the_moments() {
        let sample = Sample::of("GlorotUniform", &[], [300, 200]);
        sample.check_moments(0.0, 2.0 / 500.0);
        sample.check_ends(-(6.0f64 / 500.0).sqrt(), (6.0f64 / 500.0).sqrt());
    }
}
