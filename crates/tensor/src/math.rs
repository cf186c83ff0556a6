//! Scalar functions for kernels that are written once for both number types. In float64 they are the
//! standard library's; in float32 those whose name starts with `fast_`, and what is made of them, are
//! branch-free polynomials (Moshier's Cephes) that the compiler turns into vector code.
//!
//! `softplus`, `sigmoid`, `sigmoid_beside` and `ln_gap` in float32 are made of fused multiply-adds: one
//! rounding, the same on every machine. Within [`simd::dispatch`](super::simd::dispatch) each is an
//! instruction; in code for processors from before 2013, and outside of it, a call of the C library, as
//! right but ten times as slow.

use super::{Real, special};
use std::f64::consts::PI;

/// ½ ln 2π
pub const HALF_LN_TWO_PI: f64 = 0.918_938_533_204_672_8;

/// The functions that numeric kernels need beyond the basic operations.
pub trait Math: Real {
    /// ln x, within 2 ulp: -inf at 0, NaN below it.
    fn fast_ln(self) -> Self;
    /// eˣ, within 2 ulp, down to the denormals.
    fn fast_exp(self) -> Self;
    /// ln(1 + x), within 4 ulp however small x is.
    fn fast_ln_1p(self) -> Self;
    /// `excess - ln(ratio)`, where `excess` is `ratio - 1`: nothing is lost where the ratio is near 1,
    /// provided that `excess` was not computed from the ratio.
    fn ln_gap(ratio: Self, excess: Self) -> Self;
    /// The error function.
    fn erf(self) -> Self;
    /// The distribution function of the standard normal; float32 within 3e-7 and, from -5 on, a millionth of its value.
    fn normal_cdf(self) -> Self;
    /// ln Γ(x)
    fn log_gamma(self) -> Self;
    /// The derivative of ln Γ, for x above 0.
    fn digamma(self) -> Self;
    /// e⁻ˣ - 1 + x for x from 0 on: see [`special::exp_gap`].
    fn exp_gap(self) -> Self;
    /// c in eˣ E₁(x) = 1/(x + c), for x above 0: see [`special::e1_offset`].
    fn e1_offset(self) -> Self;

    /// ln(1 + eˣ)
    #[inline(always)]
    fn softplus(self) -> Self {
        let positive = if self > Self::zero() {
            self
        } else {
            Self::zero()
        };
        positive + (-self.abs()).fast_exp().fast_ln_1p()
    }

    /// The x whose softplus is `self`, for values above 0.
    #[inline(always)]
    fn softplus_inverse(self) -> Self {
        if self < Self::one() {
            self.exp_m1().ln()
        } else {
            self + (-(-self).exp()).ln_1p()
        }
    }

    /// tanh x
    #[inline(always)]
    fn fast_tanh(self) -> Self {
        self.tanh()
    }

    /// 1 / (1 + e⁻ˣ)
    #[inline(always)]
    fn sigmoid(self) -> Self {
        Self::one() / (Self::one() + (-self).fast_exp())
    }

    /// The sigmoid of x, which is the slope of softplus there, where `softplus` is its value: 1 - e^-softplus.
    /// float32 takes it from the value, with no division.
    #[inline(always)]
    fn sigmoid_beside(self, softplus: Self) -> Self {
        let _ = softplus;
        self.sigmoid()
    }
}

/// ln Σ eˣ, which overflows only where its value does; -inf of nothing.
pub fn log_sum_exp<T: Math>(values: &[T]) -> T {
    let top = values
        .iter()
        .fold(T::neg_infinity(), |a, &b| if b > a { b } else { a });
    if top.is_infinite() {
        return top;
    }
    top + values
        .iter()
        .map(|&x| (x - top).fast_exp())
        .sum::<T>()
        .fast_ln()
}

impl Math for f64 {
    #[inline(always)]
    fn fast_ln(self) -> f64 {
        self.ln()
    }
    #[inline(always)]
    fn fast_exp(self) -> f64 {
        self.exp()
    }
    #[inline(always)]
    fn fast_ln_1p(self) -> f64 {
        self.ln_1p()
    }
    #[inline(always)]
    fn ln_gap(ratio: f64, excess: f64) -> f64 {
        if (-0.29..0.41).contains(&excess) {
            ln_gap_near_one(excess)
        } else {
            excess - ratio.ln()
        }
    }
    fn erf(self) -> f64 {
        libm::erf(self)
    }
    fn normal_cdf(self) -> f64 {
        0.5 * libm::erfc(-self * std::f64::consts::FRAC_1_SQRT_2)
    }
    fn log_gamma(self) -> f64 {
        libm::lgamma(self)
    }
    fn digamma(self) -> f64 {
        digamma(self)
    }
    fn exp_gap(self) -> f64 {
        special::exp_gap(self)
    }
    fn e1_offset(self) -> f64 {
        special::e1_offset(self)
    }
}

/// f - ln(1 + f) for 1 + f from √½ to √2, by the expansion of fdlibm's `log`.
#[inline(always)]
fn ln_gap_near_one(f: f64) -> f64 {
    const R: [f64; 7] = [
        6.666_666_666_666_735e-1,
        3.999_999_999_940_942e-1,
        2.857_142_874_366_239e-1,
        2.222_219_843_214_978_4e-1,
        1.818_357_216_161_805e-1,
        1.531_383_769_920_937_3e-1,
        1.479_819_860_511_658_6e-1,
    ];
    let s = f / (2.0 + f);
    let z = s * s;
    let r = R.iter().rev().fold(0.0, |sum, c| sum * z + c) * z;
    let half_square = 0.5 * f * f;
    half_square - s * (half_square + r)
}

fn digamma(mut x: f64) -> f64 {
    // x + 1 until the asymptotic series holds to the last digit
    let mut below = 0.0;
    while x < 12.0 {
        below += 1.0 / x;
        x += 1.0;
    }
    const SERIES: [f64; 7] = [
        1.0 / 12.0,
        -1.0 / 120.0,
        1.0 / 252.0,
        -1.0 / 240.0,
        1.0 / 132.0,
        -691.0 / 32760.0,
        1.0 / 12.0,
    ];
    let z = 1.0 / (x * x);
    let tail = SERIES.iter().rev().fold(0.0, |sum, c| sum * z + c) * z;
    (x.ln() - 0.5 / x - tail) - below
}

/// ln Γ(x + ½) - ln Γ(x), and how much its derivative exceeds 1/(2x): the two constants of Student's
/// t with df = 2x, without the cancellation of the logarithms where x is large.
pub fn log_gamma_half_step(x: f64) -> (f64, f64) {
    if x < 20.0 {
        let value = if x < 1e-8 {
            0.5 * PI.ln() - libm::lgamma(x)
        } else {
            libm::lgamma(x + 0.5) - libm::lgamma(x)
        };
        return (value, digamma(x + 0.5) - digamma(x) - 0.5 / x);
    }
    let (y, z) = (1.0 / x, 1.0 / (x * x));
    let value = 0.5 * x.ln()
        - y * (1.0 / 8.0 - z * (1.0 / 192.0 - z * (1.0 / 640.0 - z * (17.0 / 14336.0))));
    let slope = z * (1.0 / 8.0 - z * (1.0 / 64.0 - z * (1.0 / 128.0 - z * (17.0 / 2048.0))));
    (value, slope)
}

// ln 2 in two parts, the first with few enough digits that its product with an exponent is exact
const LN2_HIGH: f32 = 355.0 / 512.0;
const LN2_LOW: f32 = -2.121_944_4e-4;

// Remez's, of the least relative error in what they are used for.
/// eʳ ≈ 1 + r + r²P(r) for |r| up to ½ ln 2, within 3e-9.
const EXP: [f32; 5] = [
    1.381_457_5e-3,
    8.368_739e-3,
    4.166_839e-2,
    0.166_665_21,
    0.499_999_94,
];
/// ln(1 + t) ≈ t·P(t) for t from 0 to 1, within 5e-9.
const LN_1P: [f32; 10] = [
    -3.244_024_7e-3,
    1.985_146e-2,
    -5.695_953e-2,
    0.106_036_544,
    -0.153_055_92,
    0.196_759_39,
    -0.249_541_34,
    0.333_299_64,
    -0.499_999_02,
    1.0,
];
/// ln(1 + y) ≈ y - y²/2 + y³P(y) for 1 + y from √½ to √2, within 6e-9.
pub(super) const LN_NEAR_ONE: [f32; 8] = [
    -7.634_494e-2,
    0.127_615_75,
    -0.131_601_83,
    0.142_017_59,
    -0.166_233_57,
    0.200_012_27,
    -0.250_008_2,
    0.333_333_3,
];

/// Σ cₖ x^(N-1-k), each step rounded once.
#[inline(always)]
pub(super) fn fused_polynomial<const N: usize>(coefficients: &[f32; N], x: f32) -> f32 {
    let [first, rest @ ..] = &coefficients[..] else {
        return 0.0;
    };
    rest.iter().fold(*first, |p, &c| p.mul_add(x, c))
}

/// 1.5·2²³: adding it to a smaller number leaves the nearest whole number in the low bits.
const ROUND: f32 = 12_582_912.0;

/// x = n ln 2 + r with |r| up to ½ ln 2, and 1.5·2²³ + n, whose low bits are those of n: (r, 1.5·2²³ + n).
#[inline(always)]
fn halvings(x: f32) -> (f32, f32) {
    const LN2: f32 = std::f32::consts::LN_2;
    const REST: f32 = (std::f64::consts::LN_2 - LN2 as f64) as f32;
    let shifted = x.mul_add(std::f32::consts::LOG2_E, ROUND);
    let whole = shifted - ROUND;
    (whole.mul_add(-REST, whole.mul_add(-LN2, x)), shifted)
}

/// eˣ for x from 0 down, within 2 ulp; 0 below -87, where the normal numbers end.
#[inline(always)]
fn exp_below_zero(x: f32) -> f32 {
    let (r, shifted) = halvings(x);
    let p = fused_polynomial(&EXP, r).mul_add(r, 1.0).mul_add(r, 1.0);
    // The whole number goes right into the exponent, which has room for it.
    let scaled = p.to_bits().wrapping_add(shifted.to_bits() << 23);
    if x < -87.0 {
        0.0
    } else {
        f32::from_bits(scaled)
    }
}

/// 1 - e⁻ˣ for x from 0 on, within 4 ulp: with 2ⁿ(1 + q) for e⁻ˣ it is (1 - 2ⁿ) - 2ⁿq, exact where x is small,
/// for n is 0 there.
#[inline(always)]
fn one_less_exp(x: f32) -> f32 {
    // where 2ⁿ comes out as 0
    let x = if x > 88.0 { 88.0 } else { x };
    let (r, shifted) = halvings(-x);
    let q = fused_polynomial(&EXP, r).mul_add(r * r, r);
    let two_to_n = f32::from_bits(1f32.to_bits().wrapping_add(shifted.to_bits() << 23));
    (-two_to_n).mul_add(q, 1.0 - two_to_n)
}

/// y²/2 - y³P(y), which is y - ln(1 + y) for 1 + y from √½ to √2. Not fused: it serves what is called outside
/// of vector code, too.
#[inline(always)]
fn ln_gap_polynomial(y: f32) -> f32 {
    let [first, rest @ ..] = LN_NEAR_ONE;
    let p = rest.iter().fold(first, |p, &c| p * y + c);
    let square = y * y;
    0.5 * square - square * y * p
}

/// x = m·2ᵉ with m from √½ to √2, for normal x above 0; anything of other x.
#[inline(always)]
fn split(x: f32) -> (f32, f32) {
    const LEAST: u32 = std::f32::consts::FRAC_1_SQRT_2.to_bits();
    let above = x.to_bits().wrapping_sub(LEAST);
    let m = (above & 0x007f_ffff) + LEAST;
    (f32::from_bits(m), (above as i32 >> 23) as f32)
}

impl Math for f32 {
    #[inline(always)]
    fn fast_ln(self) -> f32 {
        let denormal = self < f32::MIN_POSITIVE;
        let scaled = if denormal { self * 8_388_608.0 } else { self };
        let (m, e) = split(scaled);
        let e = if denormal { e - 23.0 } else { e };
        let y = m - 1.0;
        let ln = (y - (ln_gap_polynomial(y) - e * LN2_LOW)) + e * LN2_HIGH;
        let ln = if self == f32::INFINITY { self } else { ln };
        let ln = if self == 0.0 { f32::NEG_INFINITY } else { ln };
        // also where it is NaN
        if self >= 0.0 { ln } else { f32::NAN }
    }

    #[inline(always)]
    fn fast_exp(self) -> f32 {
        let x = if self > 89.0 { 89.0 } else { self };
        let x = if x < -104.0 { -104.0 } else { x };
        let shifted = x * std::f32::consts::LOG2_E + ROUND;
        let whole = shifted - ROUND;
        let r = (x - whole * LN2_HIGH) - whole * LN2_LOW;
        let mut p = 1.987_569_2e-4;
        p = p * r + 1.398_2e-3;
        p = p * r + 8.333_452e-3;
        p = p * r + 4.166_579_6e-2;
        p = p * r + 1.666_666_5e-1;
        p = p * r + 5e-1;
        let y = p * (r * r) + r + 1.0;
        // in two factors, so that neither over- nor underflows where the result does not
        let n = (shifted.to_bits() as i32).wrapping_sub(0x4b40_0000);
        let half = n >> 1;
        let first = f32::from_bits((half.wrapping_add(127) << 23) as u32);
        let second = f32::from_bits(((n.wrapping_sub(half)).wrapping_add(127) << 23) as u32);
        y * first * second
    }

    #[inline(always)]
    fn fast_ln_1p(self) -> f32 {
        let sum = 1.0 + self;
        let (m, e) = split(sum);
        let y = if e == 0.0 { self } else { m - 1.0 };
        let ln = (y - (ln_gap_polynomial(y) - e * LN2_LOW)) + e * LN2_HIGH;
        let ln = if sum == f32::INFINITY { sum } else { ln };
        let ln = if sum == 0.0 { f32::NEG_INFINITY } else { ln };
        if sum >= 0.0 { ln } else { f32::NAN }
    }

    #[inline(always)]
    fn ln_gap(ratio: f32, excess: f32) -> f32 {
        let (m, e) = split(ratio);
        let y = if e == 0.0 { excess } else { m - 1.0 };
        let p = fused_polynomial(&LN_NEAR_ONE, y).mul_add(-y, 0.5);
        let rest = e.mul_add(-std::f32::consts::LN_2, excess - y);
        p.mul_add(y * y, rest)
    }
    #[inline(always)]
    fn softplus(self) -> f32 {
        let positive = if self > 0.0 { self } else { 0.0 };
        let t = exp_below_zero(-self.abs());
        t.mul_add(fused_polynomial(&LN_1P, t), positive)
    }
    /// m/(2 − m) with m = 1 − e^−2|x|, and the sign of x: without a call for each entry.
    #[inline(always)]
    fn fast_tanh(self) -> f32 {
        let m = one_less_exp(2.0 * self.abs());
        (m / (2.0 - m)).copysign(self)
    }
    #[inline(always)]
    fn sigmoid(self) -> f32 {
        let t = exp_below_zero(-self.abs());
        let share = if self < 0.0 { t } else { 1.0 };
        share / (1.0 + t)
    }
    #[inline(always)]
    fn sigmoid_beside(self, softplus: f32) -> f32 {
        one_less_exp(softplus)
    }

    fn erf(self) -> f32 {
        libm::erff(self)
    }
    #[inline(always)]
    fn normal_cdf(self) -> f32 {
        // Φ(−a) = e^(−a²/2)·t·P(t), t = 1/(1 + 0.3a): P is fitted to within 1.1e-7 of itself for all a from 0 on.
        const P: [f32; 10] = [
            0.119_682_7,
            0.119_679_73,
            0.109_021_22,
            0.085_805_394,
            0.069_054_05,
            -0.017_682_146,
            0.103_582_36,
            -0.151_530_69,
            0.075_397_02,
            -0.013_009_602,
        ];
        let t = 1.0 / (1.0 + 0.3 * self.abs());
        let p = P.iter().rev().fold(0.0, |sum, c| sum * t + c);
        let below = t * p * (-0.5 * self * self).fast_exp();
        if self < 0.0 { below } else { 1.0 - below }
    }
    fn log_gamma(self) -> f32 {
        libm::lgamma(f64::from(self)) as f32
    }
    fn digamma(self) -> f32 {
        digamma(f64::from(self)) as f32
    }
    #[inline(always)]
    fn exp_gap(self) -> f32 {
        special::exp_gap_f32(self, (-self).fast_exp())
    }
    #[inline(always)]
    fn e1_offset(self) -> f32 {
        let near = if self < 1.0 { self } else { 1.0 };
        special::e1_offset_f32(self, near.fast_ln(), near.fast_exp())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The distance of `got` from `exact` in units of the last place of `exact`.
    fn ulps(got: f32, exact: f64) -> f64 {
        let rounded = exact as f32;
        if rounded.is_infinite() || rounded == got {
            return if rounded == got { 0.0 } else { f64::INFINITY };
        }
        let unit =
            f64::from(f32::from_bits(rounded.abs().to_bits() + 1)) - f64::from(rounded.abs());
        (f64::from(got) - exact).abs() / unit
    }

    /// The worst distance over `count` numbers from `low` to `high`, evenly or geometrically spaced.
    fn worst(
        low: f64,
        high: f64,
        geometric: bool,
        f: impl Fn(f32) -> f32,
        exact: impl Fn(f64) -> f64,
    ) -> f64 {
        let count = 200_000;
        (0..=count)
            .map(|i| {
                let t = f64::from(i) / f64::from(count);
                let x = if geometric {
                    low * (high / low).powf(t)
                } else {
                    low + (high - low) * t
                } as f32;
                ulps(f(x), exact(f64::from(x)))
            })
            .fold(0.0, f64::max)
    }

    #[test]
    fn the_normal_distribution_function_in_float32() {
        for i in -130_000..=130_000 {
            let x = i as f32 * 1e-4;
            let (found, exact) = (f64::from(x.normal_cdf()), f64::from(x).normal_cdf());
            let error = (found - exact).abs();
            assert!(
                error < 3e-7 && (x < -5.0 || error < 1.2e-6 * exact),
                "{x}: {found} {exact}"
            );
        }
    }

    #[test]
    fn float32_functions_are_within_their_bounds() {
        assert!(worst(1e-44, 3e38, true, Math::fast_ln, f64::ln) <= 2.0);
        assert!(worst(0.5, 2.0, false, Math::fast_ln, f64::ln) <= 2.0);
        assert!(worst(-87.0, 88.7, false, Math::fast_exp, f64::exp) <= 2.0);
        assert!(
            worst(-104.0, -87.0, false, Math::fast_exp, f64::exp) <= 2.0,
            "denormals"
        );
        assert!(worst(1e-30, 1e30, true, Math::fast_ln_1p, f64::ln_1p) <= 4.0);
        assert!(worst(-0.999, 2.0, false, Math::fast_ln_1p, f64::ln_1p) <= 4.0);
        assert!(worst(-80.0, 80.0, false, Math::softplus, Math::softplus) <= 4.0);
        assert!(worst(-80.0, 80.0, false, Math::sigmoid, Math::sigmoid) <= 4.0);
        assert!(worst(1e-30, 200.0, true, one_less_exp, |x| -(-x).exp_m1()) <= 4.0);
        assert!(worst(1e-30, 50.0, true, Math::fast_tanh, f64::tanh) <= 6.0);
        assert!(worst(-20.0, 20.0, false, Math::fast_tanh, f64::tanh) <= 6.0);
        let beside = |x: f32| x.sigmoid_beside(x.softplus());
        assert!(worst(-80.0, 80.0, false, beside, Math::sigmoid) <= 6.0);
        let gap = |x: f32| f32::ln_gap(1.0 + x, x);
        assert!(worst(1e-8, 1e3, true, gap, |x| f64::ln_gap(1.0 + x, x)) <= 24.0);
        assert!(worst(-0.5, -1e-8, true, gap, |x| f64::ln_gap(1.0 + x, x)) <= 24.0);
    }

    #[test]
    fn float32_extremes() {
        assert_eq!(0f32.fast_ln(), f32::NEG_INFINITY);
        assert_eq!(f32::INFINITY.fast_ln(), f32::INFINITY);
        assert!((-1f32).fast_ln().is_nan() && f32::NAN.fast_ln().is_nan());
        assert_eq!(f32::NEG_INFINITY.fast_exp(), 0.0);
        assert_eq!((-200f32).fast_exp(), 0.0);
        assert_eq!(f32::INFINITY.fast_exp(), f32::INFINITY);
        assert_eq!(89f32.fast_exp(), f32::INFINITY);
        assert!(f32::NAN.fast_exp().is_nan() && f32::NAN.fast_ln_1p().is_nan());
        assert_eq!(
            (0f32.fast_exp(), 1f32.fast_ln(), 0f32.fast_ln_1p()),
            (1.0, 0.0, 0.0)
        );
        assert_eq!((-1f32).fast_ln_1p(), f32::NEG_INFINITY);
        assert_eq!((1e4f32.softplus(), (-1e4f32).softplus()), (1e4, 0.0));
        assert_eq!((1e4f32.sigmoid(), (-1e4f32).sigmoid()), (1.0, 0.0));
        let infinite = f32::INFINITY;
        assert_eq!(
            [0.0, 1e4, -infinite, infinite].map(f32::fast_tanh),
            [0.0, 1.0, -1.0, 1.0]
        );
        assert!(f32::NAN.fast_tanh().is_nan());
        for x in [f32::NEG_INFINITY, -88.0, f32::MIN] {
            assert_eq!((x.softplus(), x.sigmoid()), (0.0, 0.0));
            assert_eq!(((-x).softplus(), (-x).sigmoid()), (-x, 1.0));
            assert_eq!((x.sigmoid_beside(0.0), x.sigmoid_beside(-x)), (0.0, 1.0));
        }
        assert!(f32::NAN.softplus().is_nan() && f32::NAN.sigmoid().is_nan());
        assert!(1f32.sigmoid_beside(f32::NAN).is_nan());
        assert!(((-10f64).softplus() / 4.539_889_921_686_465e-5 - 1.0).abs() < 1e-15);
    }

    #[test]
    fn softplus_and_its_inverse() {
        for x in [-700.0, -40.0, -3.0, -1e-3, 0.0, 0.5, 3.0, 50.0, 1e6] {
            let back = f64::softplus(x).softplus_inverse();
            assert!((back - x).abs() <= 1e-13 * x.abs().max(1.0), "{x}: {back}");
        }
    }

    #[test]
    fn gap_keeps_its_digits_near_one() {
        // t - ln(1 + t) = t²/2 - t³/3 + …
        for t in [1e-12f64, -1e-12, 1e-6, -1e-6] {
            let series = t * t * (0.5 - t * (1.0 / 3.0 - t / 4.0));
            assert!(
                (f64::ln_gap(1.0 + t, t) / series - 1.0).abs() < 1e-14,
                "{t}"
            );
        }
        for t in [-0.28, -0.1, 0.2, 0.4] {
            assert!(
                (f64::ln_gap(1.0 + t, t) - (t - f64::ln_1p(t))).abs() < 1e-16,
                "{t}"
            );
        }
    }

    #[test]
    fn gamma_functions() {
        // Abramowitz and Stegun, table 6.1, and known values
        let gamma = 0.577_215_664_901_532_9;
        assert!((1f64.digamma() + gamma).abs() < 1e-15);
        assert!((0.5f64.digamma() + gamma + 2.0 * 2f64.ln()).abs() < 4e-15);
        assert!((0.5f64.log_gamma() - 0.5 * PI.ln()).abs() < 1e-15);
        for x in [0.3f64, 1.0, 4.0, 19.0, 19.9] {
            let h = 1e-5f64;
            let slope = ((x + h).log_gamma() - (x - h).log_gamma()) / (2.0 * h);
            assert!(
                (slope - x.digamma()).abs() < 1e-8 * slope.abs().max(1.0),
                "{x}"
            );
        }
        let direct = |x: f64| (x + 0.5).log_gamma() - x.log_gamma();
        for x in [20.0f64, 21.5, 60.0] {
            let (value, slope) = log_gamma_half_step(x);
            assert!((value - direct(x)).abs() < 1e-13, "{x}");
            assert!(
                (slope - ((x + 0.5).digamma() - x.digamma() - 0.5 / x)).abs() < 5e-15,
                "{x}"
            );
        }
    }

    #[test]
    fn log_sum_exp_at_extremes() {
        assert_eq!(log_sum_exp(&[1e4f64, -1e4]), 1e4);
        assert_eq!(log_sum_exp::<f64>(&[]), f64::NEG_INFINITY);
        assert!((log_sum_exp(&[-1e4f32; 8]) - (-1e4 + 8f32.ln())).abs() < 1e-3);
    }
}
