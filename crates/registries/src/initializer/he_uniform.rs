//! `HeUniform`: uniform draws that keep the variance of values through relu.

use super::{Initializer, Refusal, Scheme};
use crate::signature::{Constants, Signature};

/// ```text
/// w ~ U(-a, a),   a = √(6/fan_in),   Var w = 2/fan_in
/// ```
///
/// He et al. 2015, "Delving deep into rectifiers", eq. 10; Keras's `HeUniform`.
pub struct HeUniform;

static SIGNATURE: Signature = Signature {
    name: "HeUniform",
    summary: "uniform draws of variance 2/fan_in, for relu",
    parameters: &[],
};

impl Scheme for HeUniform {
    fn signature(&self) -> &'static Signature {
        &SIGNATURE
    }

    fn resolve(&self, _: &Constants, [fan_in, _]: [usize; 2]) -> Result<Initializer, Refusal> {
        let limit = (6.0 / fan_in as f64).sqrt();
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
        let sample = Sample::of("HeUniform", &[], [300, 200]);
        sample.check_moments(0.0, 2.0 / 300.0);
        sample.check_ends(-(6.0f64 / 300.0).sqrt(), (6.0f64 / 300.0).sqrt());
    }
}
