//! `TruncatedNormal(loc, scale)`: normal draws without the far ones.

use super::{Initializer, Refusal, Scheme, number};
use crate::signature::{Constants, Domain, Signature};

/// w ~ N(loc, scale²), drawn again where it is more than two scales from loc, whatever the fans.
///
/// Its standard deviation is 0.8796 scale: √(1 - 4 φ(2)/(Φ(2) - Φ(-2))), [`DEVIATION`]. Keras's
/// `TruncatedNormal(mean, stddev)` and TensorFlow's `truncated_normal`.
pub struct TruncatedNormal;

static SIGNATURE: Signature = Signature {
    name: "TruncatedNormal",
    summary: "normal draws, those beyond two scales drawn again",
    parameters: &[
        number("loc", Domain::Real, None, "their mean"),
        number(
            "scale",
            Domain::NonNegative,
            None,
            "the standard deviation before the cut",
        ),
    ],
};

/// The standard deviation of a standard normal between -2 and 2, as Keras has it.
pub const DEVIATION: f64 = 0.879_625_661_034_239_8;

/// The draws of this variance about 0, by the correction that Keras makes for the cut.
pub fn of_variance(variance: f64) -> Initializer {
    Initializer::TruncatedNormal {
        loc: 0.0,
        scale: variance.sqrt() / DEVIATION,
    }
}

impl Scheme for TruncatedNormal {
    fn signature(&self) -> &'static Signature {
        &SIGNATURE
    }

    fn resolve(&self, arguments: &Constants, _: [usize; 2]) -> Result<Initializer, Refusal> {
        Ok(Initializer::TruncatedNormal {
            loc: arguments.number("loc"),
            scale: arguments.number("scale"),
        })
    }
}

/// Φ(2) - Φ(-2)
const KEPT: f64 = 0.954_499_736_103_641_6;

/// The number below which a standard normal between -2 and 2 lies with probability `u`.
pub fn quantile(u: f64) -> f64 {
    central_quantile(KEPT * (u - 0.5))
}

/// Φ⁻¹(½ + q) for |q| below ½ - e⁻²⁵, to 1e-15: Wichura 1988, "The percentage points of the normal
/// distribution" (algorithm AS 241, PPND16).
fn central_quantile(q: f64) -> f64 {
    let polynomial = |c: &[f64; 8], r: f64| c.iter().rev().fold(0.0, |sum, c| sum * r + c);
    if q.abs() <= 0.425 {
        let r = 0.180_625 - q * q;
        return q * polynomial(&A, r) / polynomial(&B, r);
    }
    let r = (-libm::log(0.5 - q.abs())).sqrt() - 1.6;
    (polynomial(&C, r) / polynomial(&D, r)).copysign(q)
}

const A: [f64; 8] = [
    3.387_132_872_796_366_5,
    133.141_667_891_784_38,
    1_971.590_950_306_551_3,
    13_731.693_765_509_46,
    45_921.953_931_549_87,
    67_265.770_927_008_7,
    33_430.575_583_588_13,
    2_509.080_928_730_122_7,
];
const B: [f64; 8] = [
    1.0,
    42.313_330_701_600_91,
    687.187_007_492_057_9,
    5_394.196_021_424_751,
    21_213.794_301_586_597,
    39_307.895_800_092_71,
    28_729.085_735_721_943,
    5_226.495_278_852_545,
];
const C: [f64; 8] = [
    1.423_437_110_749_683_5,
    4.630_337_846_156_545,
    5.769_497_221_460_691,
    3.647_848_324_763_204_5,
    1.270_458_252_452_368_4,
    0.241_780_725_177_450_6,
    0.022_723_844_989_269_184,
    7.745_450_142_783_414e-4,
];
const D: [f64; 8] = [
    1.0,
    2.053_191_626_637_759,
    1.676_384_830_183_803_8,
    0.689_767_334_985_1,
    0.148_103_976_427_480_08,
    0.015_198_666_563_616_457,
    5.475_938_084_995_345e-4,
    1.050_750_071_644_416_9e-9,
];

#[cfg(test)]
mod tests {
    use super::super::testing::Sample;
    use super::*;
    use crate::testing::{assert_close, integrate};
    use std::f64::consts::{FRAC_1_SQRT_2, TAU};

    #[test]
    fn its_constants_are_integrals() {
        let density = |z: f64| (-0.5 * z * z).exp() / TAU.sqrt();
        let kept = integrate(density, &[-2.0, 0.0, 2.0]);
        let square = integrate(|z| z * z * density(z), &[-2.0, 0.0, 2.0]);
        assert_close(KEPT, kept, 1e-14, "Φ(2) - Φ(-2)");
        assert_close(DEVIATION, (square / kept).sqrt(), 1e-14, "deviation");
    }

    #[test]
    fn the_quantile_is_the_inverse_of_the_distribution_function() {
        let cdf = |z: f64| 0.5 * libm::erfc(-z * FRAC_1_SQRT_2);
        let (low, high) = (cdf(-2.0), cdf(2.0));
        for i in 1..2000 {
            let u = f64::from(i) / 2000.0;
            let back = (cdf(quantile(u)) - low) / (high - low);
            assert_close(back, u, 1e-14, u);
        }
        assert_close(quantile(0.0), -2.0, 1e-14, "the lower end");
        assert_close(quantile(1.0), 2.0, 1e-14, "the upper end");
    }

    #[test]
    fn its_draws_have_the_moments() {
        let arguments = [("loc", 0.5), ("scale", 0.2)];
        let sample = Sample::of("TruncatedNormal", &arguments, [300, 200]);
        sample.check_moments(0.5, (0.2 * DEVIATION).powi(2));
        sample.check_ends(0.1, 0.9);
    }
}
