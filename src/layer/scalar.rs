//! The functions of one number that activations are made of, for both number types. They are in one
//! place so that a vectorised form replaces them here alone.

use crate::tensor::Real;

/// eˣ
#[inline(always)]
pub fn exp<T: Real>(x: T) -> T {
    x.exp()
}

/// eˣ − 1, accurate near 0.
#[inline(always)]
pub fn exp_m1<T: Real>(x: T) -> T {
    x.exp_m1()
}

/// (eˣ − e⁻ˣ)/(eˣ + e⁻ˣ)
#[inline(always)]
pub fn tanh<T: Real>(x: T) -> T {
    x.tanh()
}

/// 1/(1 + e⁻ˣ)
#[inline(always)]
pub fn sigmoid<T: Real>(x: T) -> T {
    T::one() / (T::one() + exp(-x))
}

/// ln(1 + eˣ) = max(x, 0) + ln(1 + e^−|x|), which does not overflow.
#[inline(always)]
pub fn softplus<T: Real>(x: T) -> T {
    let above = if x < T::zero() { T::zero() } else { x };
    above + exp(-x.abs()).ln_1p()
}

/// Φ(x), the distribution function of the standard normal: erfc(−x/√2)/2.
#[inline(always)]
pub fn normal_cdf<T: Real>(x: T) -> T {
    T::of(0.5 * libm::erfc(-x.wide() * std::f64::consts::FRAC_1_SQRT_2))
}
