//! ```text
//! y = x where x > 0, else slope·x        ∂y/∂x = 1 where x > 0, else slope
//! ```
//!
//! The default slope is Keras 3's `negative_slope = 0.3`; TensorFlow's own function takes 0.2, PyTorch's 0.01.

use super::pointwise::Activation;
use crate::signature::{Constants, Domain, Kind, Parameter, Signature};
use crate::tensor::Math;

/// The rectified linear unit with a slope below 0.
#[derive(Clone, Copy)]
pub struct LeakyRelu {
    slope: f64,
}

impl Activation for LeakyRelu {
    const SIGNATURE: &'static Signature = &Signature {
        name: "leaky_relu",
        summary: "the input above 0, a fraction of it below, entry by entry",
        parameters: &[Parameter {
            name: "slope",
            kind: Kind::Number {
                domain: Domain::NonNegative,
                learnable: false,
            },
            default: Some("0.3"),
            summary: "the derivative below 0",
        }],
    };
    const FORMULA: &str = "max(x, 0) + slope min(x, 0)";
    const NEEDS_INPUT: bool = false;

    fn new(arguments: &Constants) -> Self {
        LeakyRelu {
            slope: arguments.number("slope"),
        }
    }

    #[inline(always)]
    fn value<T: Math>(self, x: T) -> T {
        if x > T::zero() {
            x
        } else {
            x * T::of(self.slope)
        }
    }

    #[inline(always)]
    fn slope<T: Math>(self, _: T, y: T) -> T {
        if y > T::zero() {
            T::one()
        } else {
            T::of(self.slope)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_a_fraction_below_zero() {
        let function = LeakyRelu { slope: 0.25 };
        assert_eq!(
            [-2.0f32, 0.0, 3.0].map(|x| function.value(x)),
            [-0.5, 0.0, 3.0]
        );
        assert_eq!(
            [-0.5f32, 0.0, 3.0].map(|y| function.slope(0.0, y)),
            [0.25, 0.25, 1.0]
        );
        assert!(function.value(f32::NAN).is_nan());
    }
}
