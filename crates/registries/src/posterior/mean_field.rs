//! `MeanField(loc, scale, largest_scale)`: independent normals N(loc, scale²), scale = ε + softplus(rho).
//!
//! softplus(rho) = ln(1 + e^rho) keeps the scale positive, and ε, float64's machine epsilon in both
//! number types, keeps it so where that underflows. TensorFlow Probability's
//! `default_mean_field_normal_fn`, whose initial values these are too (loc ~ N(0, 0.1²),
//! rho ~ N(−3, 0.1²), a scale near 0.0486), adds the epsilon of the type it runs in; float32's, 1.2e-7,
//! would be a part of a small scale that the file does not say.
//!
//! With `largest_scale` each step of an optimizer is followed by a projection: a rho whose scale would be larger is set
//! to that of the largest, as by the constraint that TensorFlow Probability's example cifar10_bnn.py puts on rho. A
//! transform that is flat from there on would have gradient 0 there: a scale that got there would never come back.
//! Source: Graves 2011; Blundell et al. 2015, section 3.2.

use super::{Entries, LARGEST_SCALE, Posterior, Start, VariableSpec};
use crate::signature::{Constants, Domain, Kind, Parameter, Signature};
use crate::tensor::{Math, Shape};

/// The family.
pub struct MeanField;

static SIGNATURE: Signature = Signature {
    name: "MeanField",
    summary: "independent normals, one loc and one scale a weight; scale = softplus(rho)",
    parameters: &[
        Parameter {
            name: "loc",
            kind: Kind::Initializer,
            default: Some("Normal(0, 0.1)"),
            summary: "how the means start",
        },
        Parameter {
            name: "scale",
            kind: Kind::ScaleInitializer,
            default: Some("Softplus(Normal(-3, 0.1))"),
            summary: "how the standard deviations start",
        },
        Parameter {
            name: LARGEST_SCALE,
            kind: Kind::NumberOr {
                domain: Domain::Positive,
                word: "none",
            },
            default: Some("none"),
            summary: "the largest standard deviation after a step of training",
        },
    ],
};

impl Posterior for MeanField {
    fn signature(&self) -> &'static Signature {
        &SIGNATURE
    }
    fn variables(&self, shape: &Shape, _: &Constants) -> Vec<VariableSpec> {
        loc_and_rho(shape)
    }
    fn entries(&self) -> Entries {
        Entries::Normal
    }
    fn formula(&self) -> &'static str {
        "Normal(loc, softplus(rho))"
    }
    fn methods(&self) -> &'static str {
        "a normal for each entry, all of them independent [@graves2011; @blundell2015], \
         $$q(w_i) = Normal(mu_i, sigma_i^2), sigma_i = softplus(rho_i)$$"
    }
    fn draw(&self) -> Option<&'static str> {
        Some("w_i = mu_i + sigma_i epsilon_i, epsilon_i ~ Normal(0, 1)")
    }
}

/// One loc and one rho for each entry.
pub(super) fn loc_and_rho(shape: &Shape) -> Vec<VariableSpec> {
    vec![
        VariableSpec::new("loc", shape.clone(), Start::Argument("loc")),
        VariableSpec::new("rho", shape.clone(), Start::Argument("scale")),
    ]
}

/// ε: the least scale that softplus makes.
pub const LEAST_SCALE: f64 = f64::EPSILON;

/// scale = ε + softplus(rho).
#[inline(always)]
pub fn scale_from_rho<T: Math>(rho: T) -> T {
    T::of(LEAST_SCALE) + rho.softplus()
}

/// ∂scale/∂rho = sigmoid(rho).
#[inline(always)]
pub fn scale_slope<T: Math>(rho: T) -> T {
    rho.sigmoid()
}

/// [`scale_slope`] of a rho whose scale is at hand. float32 loses its last digits where ε is most of the scale: it
/// is off by 2e-23 at most, and 0 below a rho of -53.
#[inline(always)]
pub fn scale_slope_beside<T: Math>(rho: T, scale: T) -> T {
    rho.sigmoid_beside(scale - T::of(LEAST_SCALE))
}

/// The rho whose scale is `scale`, where `epsilon` is added to the softplus: [`LEAST_SCALE`].
pub fn rho_from_scale(scale: f64, epsilon: f64) -> f64 {
    let softplus = (scale - epsilon).max(f64::MIN_POSITIVE);
    // ln(e^x − 1) = x + ln(1 − e^−x)
    softplus + (-(-softplus).exp_m1()).ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_survives_the_transform_and_back() {
        for scale in [1e-5, 1e-3, 0.0485874, 1.0, 30.0] {
            let back: f64 = scale_from_rho(rho_from_scale(scale, f64::EPSILON));
            assert!(
                (back / scale - 1.0).abs() < 1e-10,
                "{scale} came back as {back}"
            );
        }
    }

    #[test]
    fn float32_starts_with_the_scale_that_is_written() {
        for scale in [1e-12, 1e-8, 1e-6, 1e-3, 0.05, 3.0] {
            let rho = rho_from_scale(scale, LEAST_SCALE) as f32;
            let started = f64::from(scale_from_rho(rho));
            assert!(
                (started / scale - 1.0).abs() < 5e-6,
                "{scale} starts as {started}"
            );
        }
    }

    #[test]
    fn the_slope_is_the_derivative_of_the_scale() {
        for rho in [-9.0, -3.0, 0.0, 4.0] {
            let h = 1e-5;
            let difference = (scale_from_rho::<f64>(rho + h) - scale_from_rho(rho - h)) / (2.0 * h);
            assert!((scale_slope::<f64>(rho) / difference - 1.0).abs() < 1e-6);
        }
    }

    #[test]
    fn the_slope_is_the_same_where_the_scale_is_at_hand() {
        for tenth in -700..400 {
            let rho = f64::from(tenth) as f32 / 10.0;
            let exact = scale_slope(f64::from(rho));
            let found = f64::from(scale_slope_beside(rho, scale_from_rho(rho)));
            assert!(
                (found - exact).abs() < 4e-6 * exact + 2e-23,
                "{rho}: {found}"
            );
        }
    }
}
