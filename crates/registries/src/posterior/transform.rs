//! How a positive number comes out of the variable that is trained in its place.

use super::mean_field::{rho_from_scale, scale_from_rho, scale_slope, scale_slope_beside};
use crate::signature::{Kind, Parameter, Signature};
use crate::tensor::Math;

/// From a variable, any number, to a scale above 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Transform {
    /// scale = ε + ln(1 + e^rho), ε = 2.2e-16.
    #[default]
    Softplus,
    /// scale = e^rho: the variable is the logarithm of the scale.
    Exp,
}

static SOFTPLUS: Signature = Signature {
    name: "Softplus",
    summary: "softplus(rho) = ln(1 + exp(rho)) of another initialiser",
    parameters: &[RHO],
};

static EXP: Signature = Signature {
    name: "Exp",
    summary: "exp(rho) of another initialiser: rho is the logarithm of the scale",
    parameters: &[RHO],
};

const RHO: Parameter = Parameter {
    name: "rho",
    kind: Kind::Initializer,
    default: None,
    summary: "how rho starts",
};

/// Every transform.
pub static TRANSFORMS: &[Transform] = &[Transform::Softplus, Transform::Exp];

impl Transform {
    /// Its word in a `.bnn` file, where it stands around an initialiser.
    pub fn signature(self) -> &'static Signature {
        match self {
            Transform::Softplus => &SOFTPLUS,
            Transform::Exp => &EXP,
        }
    }

    /// The transform called `name`.
    pub fn find(name: &str) -> Option<Transform> {
        let mut all = TRANSFORMS.iter().copied();
        all.find(|transform| transform.name() == name)
    }

    /// Its word.
    pub fn name(self) -> &'static str {
        self.signature().name
    }

    /// The scale, as the IR says it.
    pub fn formula(self) -> &'static str {
        match self {
            Transform::Softplus => "softplus(rho)",
            Transform::Exp => "exp(rho)",
        }
    }

    /// The scale of this variable.
    #[inline(always)]
    pub fn value<T: Math>(self, raw: T) -> T {
        match self {
            Transform::Softplus => scale_from_rho(raw),
            Transform::Exp => raw.fast_exp(),
        }
    }

    /// ∂scale/∂raw
    #[inline(always)]
    pub fn slope<T: Math>(self, raw: T) -> T {
        match self {
            Transform::Softplus => scale_slope(raw),
            Transform::Exp => raw.fast_exp(),
        }
    }

    /// ∂scale/∂raw, where `scale` is that of `raw`: cheaper.
    #[inline(always)]
    pub fn slope_beside<T: Math>(self, raw: T, scale: T) -> T {
        match self {
            Transform::Softplus => scale_slope_beside(raw, scale),
            Transform::Exp => scale,
        }
    }

    /// The variable whose scale is `scale`, where `epsilon` is added to a softplus:
    /// [`LEAST_SCALE`](super::LEAST_SCALE).
    pub fn raw(self, scale: f64, epsilon: f64) -> f64 {
        match self {
            Transform::Softplus => rho_from_scale(scale, epsilon),
            Transform::Exp => scale.ln(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_close, slope};

    #[test]
    fn a_scale_survives_the_transform_and_back() {
        for &transform in TRANSFORMS {
            for scale in [1e-6, 1e-3, 0.05, 1.0, 30.0, 1e3] {
                let back: f64 = transform.value(transform.raw(scale, f64::EPSILON));
                assert_close(
                    back / scale,
                    1.0,
                    1e-9,
                    format!("{} {scale}", transform.name()),
                );
            }
        }
    }

    #[test]
    fn the_slope_is_the_derivative_of_the_scale() {
        for &transform in TRANSFORMS {
            for raw in [-9.0, -3.0, 0.0, 4.0] {
                let difference = slope(|x| transform.value(x), raw, 1e-3);
                let what = format!("{} {raw}", transform.name());
                assert_close(transform.slope(raw) / difference, 1.0, 1e-9, &what);
                let raw = raw as f32;
                let beside = transform.slope_beside(raw, transform.value(raw));
                assert_close(f64::from(beside) / difference, 1.0, 2e-6, &what);
            }
        }
    }

    #[test]
    fn an_exponential_is_the_exponential() {
        assert_eq!(Transform::Exp.value(0.0), 1.0);
        assert_close(
            Transform::Exp.value(-3.0),
            0.049_787_068_367_863_944,
            1e-15,
            "e^-3",
        );
    }
}
