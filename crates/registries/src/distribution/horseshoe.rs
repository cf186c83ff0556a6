//! The horseshoe prior.

use super::{
    Distribution, Family, Feature, Fixed, HalfCauchy, LocalScales, Normal, Support, number, select,
    standard_normal,
};
use crate::signature::{Constants, Domain, Kind, Parameter, Signature};
use crate::tensor::Math;
use std::f64::consts::{FRAC_PI_2, LN_2, PI};

/// Horseshoe(scale = 1)
///
/// ```text
/// p(w) = ∫ N(w; 0, (scale·λ)²) HalfCauchy(λ; 1) dλ
///      = exp(x) E₁(x) / (scale √(2π³)),   x = ½ z²,  z = w / scale
/// ```
///
/// Carvalho, Polson and Scott (2010), "The horseshoe estimator for sparse signals", section 2 and
/// theorem 1: each weight has a local scale λ of its own, here integrated out. With `local = unit` all
/// weights of an output unit share one (Ghosh, Yao and Doshi-Velez 2018), which is then a parameter with
/// a posterior: `hidden.kernel.local`, and the prior is N(0, (scale·λ)²). The density is infinite
/// at 0, as -ln |w|, and falls as 1/w² far out.
///
/// With [`Math::e1_offset`], c, it is 1/((x + c) scale √(2π³)) and its score -2c/(z·scale): nothing
/// cancels, however large or small z is. At 0 itself it has the value of the smallest x there is.
pub struct Horseshoe;

static SIGNATURE: Signature = Signature {
    name: "Horseshoe",
    summary: "normal with a half-Cauchy scale for each weight, integrated out",
    parameters: &[
        number(
            "scale",
            Domain::Positive,
            Some("1"),
            "the global scale that the local ones multiply",
        ),
        Parameter {
            name: "local",
            kind: Kind::Choice(&["weight", "unit"]),
            default: Some("weight"),
            summary: "what has a local scale: each weight, integrated out, or each output unit, a variable of its own",
        },
    ],
};

impl Distribution for Horseshoe {
    fn signature(&self) -> &'static Signature {
        &SIGNATURE
    }

    fn support(&self, _: &[f64]) -> Support {
        Support::Real
    }

    fn formula(&self) -> &'static str {
        "exp(x) \"E\"_1(x) / (scale sqrt(2 pi^3)), x = w^2/(2 scale^2)"
    }

    fn moments(&self, _: &[f64]) -> (Option<f64>, Option<f64>) {
        (None, None)
    }

    fn pole(&self) -> Option<f64> {
        Some(0.0)
    }

    fn local_scales(&self, words: &Constants) -> Option<LocalScales> {
        (words.word("local") == "unit").then_some(LocalScales {
            given: &Normal,
            first: &[0.0],
            prior: &HalfCauchy,
            parameters: &[1.0],
            rules: [
                "a local scale of a horseshoe is half-Cauchy",
                "a local scale of a horseshoe has a LogNormal posterior",
            ],
        })
    }

    fn sample(&self, parameters: &[f64], uniform: &mut dyn FnMut() -> f64) -> f64 {
        let local = (FRAC_PI_2 * uniform()).tan();
        parameters[0] * local * standard_normal(uniform)
    }

    /// The logarithm at 0, and the zero of E₁ next to the real line: 6.9436·exp(4.1463i), beyond the cut
    /// (by Newton's method). Seen from positive z it is at -1.794 ± 3.266i, from negative z opposite.
    fn features(&self, parameters: &[f64]) -> Vec<Feature> {
        let scale = parameters[0];
        let (at, width) = (1.794_317 * scale, 3.266_141 * scale);
        vec![
            Feature::singular(0.0, 0.0),
            Feature::singular(at, width),
            Feature::singular(-at, width),
        ]
    }
}

impl Family for Horseshoe {
    type Fixed<T: Math> = FixedHorseshoe<T>;

    fn fix<T: Math>(&self, parameters: &[T]) -> FixedHorseshoe<T> {
        let scale = parameters[0];
        FixedHorseshoe {
            per_scale: scale.recip(),
            constant: -scale.ln() - T::of(0.5 * LN_2 + 1.5 * PI.ln()),
            least: T::min_positive_value().sqrt() * T::of(2.0),
            most: (T::of(0.25) * T::max_value()).sqrt(),
        }
    }
}

/// [`Horseshoe`] with its parameter.
pub struct FixedHorseshoe<T> {
    per_scale: T,
    constant: T,
    /// The sizes of z between which ½ z² neither under- nor overflows.
    least: T,
    most: T,
}

impl<T: Math> FixedHorseshoe<T> {
    /// The size of z, x, and c.
    #[inline(always)]
    fn parts(&self, w: T) -> [T; 3] {
        let size = (w * self.per_scale).abs();
        let size = select(size > self.least, size, self.least);
        let size = select(size < self.most, size, self.most);
        let x = T::of(0.5) * size * size;
        [size, x, x.e1_offset()]
    }
}

impl<T: Math> Fixed<T> for FixedHorseshoe<T> {
    #[inline(always)]
    fn log_prob(&self, w: T) -> T {
        let [_, x, c] = self.parts(w);
        self.constant - (x + c).fast_ln()
    }

    #[inline(always)]
    fn score(&self, w: T) -> T {
        let [size, _, c] = self.parts(w);
        let slope = T::of(2.0) * c / size * self.per_scale;
        let side = select(w > T::zero(), -slope, slope);
        select(w == T::zero(), T::zero(), side)
    }

    #[inline(always)]
    fn parameter_score(&self, w: T, out: &mut [T]) {
        let [_, _, c] = self.parts(w);
        out[0] = (T::of(2.0) * c - T::one()) * self.per_scale;
    }
}
