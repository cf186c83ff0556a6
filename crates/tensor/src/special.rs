//! Special functions that the standard library and libm do not have. Those of [`Math`]
//! call these.

use super::Math;
use super::math::HALF_LN_TWO_PI;
use std::f64::consts::{FRAC_1_SQRT_2, LN_2};

/// Euler's constant
pub const EULER: f64 = 0.577_215_664_901_532_9;

/// e⁻ʸ - 1 + y, without cancellation where y is small: y²/2 - y³/6 + …
pub fn exp_gap(y: f64) -> f64 {
    if y.abs() >= 1.0 {
        return (-y).exp() - 1.0 + y;
    }
    // y²/2 (1 - y/3 (1 - y/4 (…)))
    let series = (3..=19)
        .rev()
        .fold(1.0, |rest, k| 1.0 - y / f64::from(k) * rest);
    0.5 * y * y * series
}

/// [`exp_gap`] in float32, without branches.
#[inline(always)]
pub fn exp_gap_f32(y: f32, exp: f32) -> f32 {
    let mut p = 2.480_158_7e-5;
    p = 1.984_127e-4 - p * y;
    p = 1.388_888_9e-3 - p * y;
    p = 8.333_333e-3 - p * y;
    p = 4.166_666_8e-2 - p * y;
    p = 1.666_666_7e-1 - p * y;
    let series = y * y * (0.5 - p * y);
    if y.abs() < 0.5 { series } else { exp - 1.0 + y }
}

/// ln Γ(a) - (a - ½) ln a + a - ½ ln 2π, which is what Stirling's formula leaves, and its derivative.
/// From 10 on, by Stirling's series (Abramowitz and Stegun, 6.1.41 and 6.3.18).
pub fn stirling_gap(a: f64) -> (f64, f64) {
    if a < 10.0 {
        let value = libm::lgamma(a) - (a - 0.5) * a.ln() + a - HALF_LN_TWO_PI;
        return (value, f64::digamma(a) - a.ln() + 0.5 / a);
    }
    // B₂ₖ/(2k (2k - 1)), and with a²ᵏ⁻¹ their sum
    const SERIES: [f64; 7] = [
        1.0 / 12.0,
        -1.0 / 360.0,
        1.0 / 1260.0,
        -1.0 / 1680.0,
        1.0 / 1188.0,
        -691.0 / 360_360.0,
        1.0 / 156.0,
    ];
    let z = 1.0 / (a * a);
    let (mut value, mut slope) = (0.0, 0.0);
    for (k, c) in SERIES.iter().enumerate().rev() {
        value = value * z + c;
        slope = slope * z - (2 * k + 1) as f64 * c;
    }
    (value / a, slope * z)
}

/// D(x) and 2∫₀ˣ D at x = k/2 (mpmath, 40 digits: D = √π/2 exp(-x²) erfi(x), the other
/// x² ₂F₂(1, 1; 3/2, 2; -x²)).
const DAWSON: [(f64, f64); 17] = [
    (0.0, 0.0),
    (0.424_436_383_502_022_3, 0.230_484_336_423_517_17),
    (0.538_079_506_912_768_4, 0.739_441_630_099_079_3),
    (0.428_249_071_085_398_6, 1.231_098_840_175_565),
    (0.301_340_388_923_791_97, 1.592_374_409_690_333_2),
    (0.223_083_722_167_435_48, 1.850_819_219_738_684),
    (0.178_271_030_610_558_3, 2.049_607_522_010_944),
    (0.149_621_593_080_756_48, 2.212_634_672_712_507),
    (0.129_348_001_236_005_12, 2.351_598_984_061_421),
    (0.114_088_610_226_824_98, 2.472_985_823_911_57),
    (0.102_134_074_424_276_84, 2.580_870_450_452_37),
    (0.092_493_232_310_754_76, 2.678_021_330_794_897),
    (0.084_542_688_974_543_85, 2.766_418_119_272_102),
    (0.077_867_818_986_069_87, 2.847_530_566_159_198_6),
    (0.072_180_974_658_236_3, 2.922_482_218_724_077_7),
    (0.067_275_811_644_630_62, 2.992_152_486_361_220_6),
    (0.063_000_198_707_553_39, 3.057_243_284_369_610_4),
];

/// Dawson's function D(x) = exp(-x²) ∫₀ˣ exp(t²) dt, and 2∫₀ˣ D(t) dt, for x from 0 on.
///
/// Up to 8 by the Taylor series about the nearest half, whose coefficients follow from
/// D' = 1 - 2xD; beyond, by the asymptotic series
///
/// ```text
/// D(x)     ~  1/(2x) Σ_n (2n-1)!!/(2x²)ⁿ
/// 2∫₀ˣ D   ~  ln x + ln 2 + γ/2 - Σ_n (2n-1)!!/(2n (2x²)ⁿ)
/// ```
///
/// (Abramowitz and Stegun, 7.1.23, with x imaginary).
pub fn dawson(x: f64) -> (f64, f64) {
    if x >= 8.0 {
        return dawson_far(x);
    }
    let k = (2.0 * x).round();
    let (centre, h) = (0.5 * k, x - 0.5 * k);
    let (d, integral) = DAWSON[k as usize];
    let (mut before, mut now) = (d, 1.0 - 2.0 * centre * d);
    let (mut value, mut area, mut power) = (d, d * h, h);
    for n in 1..18 {
        let n = f64::from(n);
        value += now * power;
        power *= h;
        area += now * power / (n + 1.0);
        (before, now) = (now, -2.0 * (centre * now + before) / (n + 1.0));
    }
    (value, integral + 2.0 * area)
}

fn dawson_far(x: f64) -> (f64, f64) {
    let z = 0.5 / (x * x);
    let (mut term, mut value, mut area) = (1.0, 1.0, 0.0);
    for n in 1..18 {
        let n = f64::from(n);
        term *= (2.0 * n - 1.0) * z;
        value += term;
        area += term / (2.0 * n);
    }
    (0.5 / x * value, x.ln() + LN_2 + 0.5 * EULER - area)
}

/// The excess of the mean of ln |z + t| over that of ln |z|, z ~ N(0, 1), and its derivative by t, for
/// t from 0 on: 2∫₀ˣ D and √2 D(x), with x = t/√2.
pub fn mean_log_shift(t: f64) -> (f64, f64) {
    let (d, integral) = dawson(t * FRAC_1_SQRT_2);
    (integral, std::f64::consts::SQRT_2 * d)
}

/// c in eˣ E₁(x) = 1/(x + c), x above 0: it grows from 0 to 1 (at 1e-30 it is 0.015, at 1 it is 0.68).
///
/// With it eˣ E₂(x) = c/(x + c), so that nothing cancels in the derivative of the logarithm,
/// `-c/x`. Below 1, E₁(x) = -γ - ln x - Σ_k (-x)ᵏ/(k k!); from there on, the continued fraction
///
/// ```text
/// c = 1 - 1/(x + 3 - 4/(x + 5 - 9/(x + 7 - …)))
/// ```
///
/// (Abramowitz and Stegun, 5.1.11 and 5.1.22).
pub fn e1_offset(x: f64) -> f64 {
    if x < 1.0 {
        let (mut term, mut sum) = (1.0, -EULER - x.ln());
        for k in 1..20 {
            let k = f64::from(k);
            term *= -x / k;
            sum -= term / k;
        }
        return 1.0 / (x.exp() * sum) - x;
    }
    let terms = 10 + (100.0 / x) as u32;
    let last = x + f64::from(2 * terms + 1);
    let fraction = (2..=terms).rev().fold(last, |below, k| {
        let k = f64::from(k);
        x + 2.0 * k - 1.0 - k * k / below
    });
    1.0 - 1.0 / fraction
}

/// [`e1_offset`] in float32, without branches: a polynomial in 4/(1 + x) - 1 in place of the fraction
/// (mpmath's `chebyfit`, off by 1.1e-7). `ln` and `exp` are those of the smaller of x and 1.
#[inline(always)]
pub fn e1_offset_f32(x: f32, ln: f32, exp: f32) -> f32 {
    const FAR: [f32; 12] = [
        0.815_574_3,
        -0.149_179_47,
        1.850_942_3e-2,
        -1.012_514_1e-2,
        3.260_554e-3,
        -1.668_128_6e-3,
        8.940_143e-4,
        -4.841_870_7e-4,
        -2.786_953_2e-5,
        3.263_477_8e-5,
        2.270_009_3e-4,
        -1.381_438_4e-4,
    ];
    let u = 4.0 / (1.0 + x) - 1.0;
    let far = FAR.iter().rev().fold(0.0, |sum, c| sum * u + c);
    // 1/(k k!)
    const NEAR: [f32; 9] = [
        1.0,
        0.25,
        5.555_555_6e-2,
        1.041_666_7e-2,
        1.666_666_7e-3,
        2.314_814_8e-4,
        2.834_467e-5,
        3.100_198_4e-6,
        3.061_924_4e-7,
    ];
    let y = if x < 1.0 { x } else { 1.0 };
    let series = NEAR.iter().rev().fold(0.0, |sum, c| c - y * sum) * y;
    let near = 1.0 / (exp * (series - EULER as f32 - ln)) - y;
    if x < 1.0 { near } else { far }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values of mpmath at 40 digits.
    const DAWSONS: [(f64, f64, f64); 10] = [
        (1e-8, 9.999_999_999_999_999e-9, 1e-16),
        (0.01, 9.999_333_359_999_238e-3, 9.999_666_675_555_365e-5),
        (0.3, 0.282_631_665_021_311_93, 8.736_357_001_168_028e-2),
        (
            0.924_138_873_004_591_7,
            0.541_044_224_635_181_7,
            0.657_505_025_609_662,
        ),
        (1.5, 0.428_249_071_085_398_6, 1.231_098_840_175_565),
        (3.0, 0.178_271_030_610_558_3, 2.049_607_522_010_944),
        (5.1, 0.100_044_713_720_147_64, 2.601_086_854_969_561),
        (7.9, 6.381_090_321_984_49e-2, 3.044_562_522_650_892),
        (8.1, 6.221_000_236_682_679e-2, 3.069_763_969_253_227),
        (1000.0, 5.000_002_500_003_75e-4, 7.889_510_041_992_661),
    ];

    /// 1/(eˣ E₁(x)) - x by mpmath at 80 digits.
    const OFFSETS: [(f64, f64); 17] = [
        (1e-300, 1.448_858_947_168_743e-3),
        (1e-30, 1.459_846_829_916_124e-2),
        (1e-8, 5.604_291_579_996_827e-2),
        (1e-3, 0.156_781_613_977_168_2),
        (0.1, 0.396_365_969_549_558_3),
        (0.5, 0.583_528_528_985_311_6),
        (0.99, 0.675_517_620_670_440_1),
        (1.0, 0.676_875_028_178_700_9),
        (1.01, 0.678_218_402_946_985_9),
        (2.0, 0.767_563_799_989_169_2),
        (3.7, 0.838_238_292_896_122_2),
        (5.0, 0.867_780_953_162_186),
        (10.0, 0.921_402_235_720_234_7),
        (40.0, 0.976_695_804_665_895_6),
        (123.0, 0.992_061_522_128_506_9),
        (1e4, 0.999_900_029_987_007_1),
        (1e30, 1.0),
    ];

    fn relative(got: f64, expected: f64) -> f64 {
        (got / expected - 1.0).abs()
    }

    #[test]
    fn dawsons_function_and_its_integral() {
        for (x, value, integral) in DAWSONS {
            let (d, area) = dawson(x);
            assert!(relative(d, value) < 1e-13, "D({x}) = {d}");
            assert!(relative(area, integral) < 1e-13, "2∫D to {x} = {area}");
        }
        // D' = 1 - 2xD, also where one series ends and the next begins
        for x in [0.2499, 0.2501, 1.75, 6.24, 7.9999, 8.0001, 20.0] {
            let h = 1e-5;
            let slope = (dawson(x + h).0 - dawson(x - h).0) / (2.0 * h);
            assert!((slope - 1.0 + 2.0 * x * dawson(x).0).abs() < 1e-9, "{x}");
            let slope = (dawson(x + h).1 - dawson(x - h).1) / (2.0 * h);
            assert!((slope - 2.0 * dawson(x).0).abs() < 1e-9, "{x}");
        }
    }

    #[test]
    fn the_exponential_integral() {
        for (x, expected) in OFFSETS {
            assert!(
                relative(e1_offset(x), expected) < 4e-15,
                "{x}: {}",
                e1_offset(x)
            );
            if x > 1e-37 {
                let single = f64::from((x as f32).e1_offset());
                let expected = e1_offset(f64::from(x as f32));
                assert!(relative(single, expected) < 1e-6, "{x}: {single}");
            }
        }
        for i in 0..2000 {
            let x = (1e-6 * 1.02f64.powi(i)) as f32;
            let error = relative(f64::from(x.e1_offset()), e1_offset(f64::from(x)));
            assert!(error < 1e-6, "{x}: off by {error:e}");
        }
        assert!(relative(f32::INFINITY.e1_offset().into(), 1.0) < 2e-7);
        assert_eq!(f64::INFINITY.e1_offset(), 1.0);
    }

    #[test]
    fn the_gap_of_the_exponential() {
        for (y, expected) in [
            (1e-12, 4.999_999_999_998_333e-25),
            (1e-3, 4.998_333_749_916_681e-7),
            (0.1, 4.837_418_035_959_573e-3),
            (0.999, 0.367_247_504_613_662_9),
            (1.0, 0.367_879_441_171_442_3),
            (1.001, 0.368_511_745_608_693_55),
            (5.0, 4.006_737_946_999_085),
            (100.0, 99.0),
            (-0.01, 5.016708416805754e-05),
            (-2.0, 4.38905609893065),
        ] {
            assert!(relative(y.exp_gap(), expected) < 1e-15, "{y}");
            let single = y as f32;
            let expected = f64::from(single).exp_gap();
            assert!(
                relative(f64::from(single.exp_gap()), expected) < 5e-7,
                "{y} in float32"
            );
        }
        assert_eq!((0f64.exp_gap(), 0f32.exp_gap()), (0.0, 0.0));
    }

    #[test]
    fn what_stirlings_formula_leaves() {
        // mpmath at 30 digits
        for (a, value, slope) in [
            (1e-6, 5.988_830_984_073_18, -499_986.761_703_462),
            (0.01, 1.434_007_953_703_184, -45.955_715_271_880_585),
            (0.5, 0.153_426_409_720_027_36, -0.270_362_845_461_478_15),
            (1.0, 8.106_146_679_532_726e-2, -7.721_566_490_153_287e-2),
            (2.0, 4.134_069_595_540_93e-2, -2.036_284_546_147_817e-2),
            (7.9, 1.054_291_470_411_518_7e-2, -1.333_132_668_898_493_4e-3),
            (30.0, 2.777_674_929_752_693_6e-3, -9.258_230_996_383_218e-5),
            (1e4, 8.333_333_330_555_555e-6, -8.333_333_325e-10),
            (1e8, 8.333_333_333_335_223e-10, -8.333_333_333_332_035e-18),
        ] {
            let got = stirling_gap(a);
            assert!(relative(got.0, value) < 1e-12, "{a}: {}", got.0);
            assert!(relative(got.1, slope) < 1e-11, "{a}: {}", got.1);
        }
        let (below, above) = (stirling_gap(10.0 - 1e-9), stirling_gap(10.0));
        assert!(relative(below.0, above.0) < 1e-9 && relative(below.1, above.1) < 1e-9);
    }
}
