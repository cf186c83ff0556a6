//! The scale mixture of two normals (Blundell et al. 2015, "Weight uncertainty in neural networks").

use super::{Distribution, Family, Feature, Features, Fixed, Support, number, standard_normal};
use crate::signature::{Domain, Kind, Parameter, Signature};
use crate::tensor::Math;
use crate::tensor::math::HALF_LN_TWO_PI;
use std::f64::consts::PI;

/// ScaleMixture(weight, scales = [a, b])
///
/// ```text
/// p(w) = weight · N(w; 0, a²) + (1 - weight) · N(w; 0, b²)
/// ```
pub struct ScaleMixture;

static SIGNATURE: Signature = Signature {
    name: "ScaleMixture",
    summary: "a mixture of two normals about 0, as a spike and a slab",
    parameters: &[
        number("weight", Domain::OpenUnit, None, "the share of the first"),
        Parameter {
            name: "scales",
            kind: Kind::Numbers {
                domain: Domain::Positive,
                learnable: true,
            },
            default: None,
            summary: "the standard deviations of the two",
        },
    ],
};

impl Distribution for ScaleMixture {
    fn signature(&self) -> &'static Signature {
        &SIGNATURE
    }

    fn support(&self) -> Support {
        Support::Real
    }

    fn formula(&self) -> &'static str {
        "weight Normal(w; 0, scales_1^2) + (1 - weight) Normal(w; 0, scales_2^2)"
    }

    fn notation(&self) -> Option<&'static str> {
        Some("weight Normal(0, scales_1^2) + (1 - weight) Normal(0, scales_2^2)")
    }

    fn moments(&self, parameters: &[f64]) -> (Option<f64>, Option<f64>) {
        let [weight, a, b] = three(parameters);
        (
            Some(0.0),
            Some((weight * a * a + (1.0 - weight) * b * b).sqrt()),
        )
    }

    fn sample(&self, parameters: &[f64], uniform: &mut dyn FnMut() -> f64) -> f64 {
        let [weight, a, b] = three(parameters);
        let scale = if uniform() < weight { a } else { b };
        scale * standard_normal(uniform)
    }

    fn refuse(&self, parameters: &[f64]) -> Option<String> {
        let scales = parameters.len() - 1;
        (scales != 2)
            .then(|| format!("scales holds {scales} numbers, and the mixture is of 2 normals"))
    }

    /// ln p is singular where p is 0, off the real line: the two terms cancel there.
    fn features(&self, parameters: &[f64]) -> Features {
        let [weight, a, b] = three(parameters);
        let (narrow, wide, odds) = if a < b {
            (a, b, weight / (1.0 - weight))
        } else {
            (b, a, (1.0 - weight) / weight)
        };
        let ratio = narrow / wide;
        if ratio == 1.0 {
            return [None; 2];
        }
        // w² = 2 (ln(odds · wide/narrow) ± iπ) / (1/narrow² - 1/wide²)
        let (re, im) = ((odds / ratio).ln(), PI);
        let modulus = re.hypot(im);
        let unit = narrow * (2.0 / ((1.0 - ratio) * (1.0 + ratio))).sqrt();
        let along = (0.5 * (modulus + re)).max(0.0).sqrt();
        let (at, width) = (unit * along, unit * im / (2.0 * along));
        [
            Some(Feature { at, width }),
            Some(Feature { at: -at, width }),
        ]
    }
}

fn three<T: Copy>(parameters: &[T]) -> [T; 3] {
    [parameters[0], parameters[1], parameters[2]]
}

impl Family for ScaleMixture {
    type Fixed<T: Math> = FixedScaleMixture<T>;

    fn fix<T: Math>(&self, parameters: &[T]) -> FixedScaleMixture<T> {
        let [weight, a, b] = three(parameters);
        let one = T::one();
        let half_ln = T::of(HALF_LN_TWO_PI);
        FixedScaleMixture {
            per_weight: [one / weight, one / (one - weight)],
            per_scale: [one / a, one / b],
            constant: [
                weight.ln() - a.ln() - half_ln,
                (-weight).ln_1p() - b.ln() - half_ln,
            ],
        }
    }
}

/// [`ScaleMixture`] with its parameters.
pub struct FixedScaleMixture<T> {
    per_weight: [T; 2],
    per_scale: [T; 2],
    constant: [T; 2],
}

impl<T: Math> FixedScaleMixture<T> {
    /// z² and the logarithm of each term of the density.
    #[inline(always)]
    fn terms(&self, w: T) -> ([T; 2], [T; 2]) {
        let z = self.per_scale.map(|per_scale| w * per_scale);
        let square = z.map(|z| z * z);
        let half = T::of(0.5);
        (
            square,
            [
                self.constant[0] - half * square[0],
                self.constant[1] - half * square[1],
            ],
        )
    }

    /// Given w, the probability of each of the two.
    #[inline(always)]
    fn shares(&self, terms: [T; 2]) -> [T; 2] {
        let difference = terms[0] - terms[1];
        [difference.sigmoid(), (-difference).sigmoid()]
    }
}

impl<T: Math> Fixed<T> for FixedScaleMixture<T> {
    #[inline(always)]
    fn log_prob(&self, w: T) -> T {
        let (_, [a, b]) = self.terms(w);
        let top = if a > b { a } else { b };
        top + (-(a - b).abs()).fast_exp().fast_ln_1p()
    }

    #[inline(always)]
    fn score(&self, w: T) -> T {
        let (_, terms) = self.terms(w);
        let [a, b] = self.shares(terms);
        -w * (a * self.per_scale[0] * self.per_scale[0] + b * self.per_scale[1] * self.per_scale[1])
    }

    #[inline(always)]
    fn parameter_score(&self, w: T, out: &mut [T]) {
        let (square, terms) = self.terms(w);
        let [a, b] = self.shares(terms);
        out[0] = a * self.per_weight[0] - b * self.per_weight[1];
        out[1] = a * (square[0] - T::one()) * self.per_scale[0];
        out[2] = b * (square[1] - T::one()) * self.per_scale[1];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_scales_and_no_other_number() {
        assert_eq!(ScaleMixture.refuse(&[0.5, 1.0, 2.0]), None);
        assert!(
            ScaleMixture
                .refuse(&[0.5, 1.0])
                .unwrap()
                .contains("1 numbers")
        );
    }

    #[test]
    fn the_density_is_0_at_its_features() {
        // with w = at + i·width, the two terms have opposite phase and the same size
        for parameters in [
            [0.5, 1.0, (-6f64).exp()],
            [0.9, 0.1, 2.0],
            [0.001, 0.5, 1.0],
        ] {
            let [weight, a, b] = parameters;
            let Feature { at, width } = ScaleMixture.features(&parameters)[0].unwrap();
            let (re, im) = (at * at - width * width, 2.0 * at * width);
            let difference = 0.5 * (1.0 / (b * b) - 1.0 / (a * a));
            let size = (weight / a).ln() - ((1.0 - weight) / b).ln() + difference * re;
            assert!(
                size.abs() < 1e-9 && ((difference * im).abs() - PI).abs() < 1e-9,
                "{parameters:?}"
            );
        }
    }
}
