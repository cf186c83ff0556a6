//! ```text
//! μ, v = mean and mean square distance from it, over the positions of a channel
//! y = γ·(x − μ)/√(v + ε) + β
//! ```
//!
//! `group_norm` with a group for each channel. Ulyanov, Vedaldi and Lempitsky, 2016.

use super::{Layer, Operation, Sequences, ShapeError, Slot, group_norm, norms};
use crate::signature::{Constants, Signature};
use crate::tensor::Shape;

/// Channels normalised by their own mean and variance.
pub struct InstanceNorm;

impl Layer for InstanceNorm {
    fn signature(&self) -> &'static Signature {
        static SIGNATURE: Signature = Signature {
            name: "instance_norm",
            summary: "each channel less its mean, over its standard deviation in the example",
            parameters: &[norms::EPSILON],
        };
        &SIGNATURE
    }

    fn methods(&self, _: &Constants) -> &'static str {
        "$y = gamma (x - mu)/sqrt(v + epsilon) + beta$, $mu$ and $v$ the mean and variance of a channel over the \
         positions of one example [@ulyanov2016]"
    }

    fn sequences(&self) -> Sequences {
        norms::OVER_STEPS
    }

    fn slots(&self) -> &'static [Slot] {
        const { &[norms::GAIN, norms::SHIFT] }
    }

    fn build(&self, arguments: &Constants, shape: &Shape) -> Result<Operation, ShapeError> {
        let [_, channels] = norms::positions(shape)?;
        Ok(group_norm::operation(shape, channels, arguments))
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{function, numbers};
    use super::super::{Function, Reads};
    use super::*;
    use crate::signature::Constant;

    #[test]
    fn each_channel_has_mean_0_and_variance_1() {
        let arguments = Constants(vec![("epsilon", Constant::Number(1e-12))]);
        for channels in [1, 3, 16, 24] {
            let shape = Shape::new(&[3, 4, channels]);
            let norm = function(&InstanceNorm, &arguments, &shape);
            let x = numbers(shape.len(), 1);
            let reads = Reads {
                x: &[&x],
                parameters: &[&[], &[]],
                mask: &[],
            };
            let (mut y, mut saved) = (x.clone(), vec![f64::NAN; 2 * channels]);
            Function::<f64>::forward(&*norm, reads, &mut y, &mut saved);
            for c in 0..channels {
                let own = || y.iter().skip(c).step_by(channels);
                assert!(own().sum::<f64>().abs() < 1e-12);
                assert!((own().map(|y| y * y).sum::<f64>() / 12.0 - 1.0).abs() < 1e-9);
            }
        }
        assert!(InstanceNorm.build(&arguments, &Shape::new(&[7])).is_err());
    }
}
