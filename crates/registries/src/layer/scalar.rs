//! The functions of one number that activations are made of, for both number types. They are in one
//! place so that a vectorised form replaces them here alone.

use crate::tensor::Math;

/// eˣ
#[inline(always)]
pub fn exp<T: Math>(x: T) -> T {
    x.fast_exp()
}

/// eˣ − 1, accurate near 0.
#[inline(always)]
pub fn exp_m1<T: Math>(x: T) -> T {
    x.exp_m1()
}

/// (eˣ − e⁻ˣ)/(eˣ + e⁻ˣ)
#[inline(always)]
pub fn tanh<T: Math>(x: T) -> T {
    x.fast_tanh()
}

/// 1/(1 + e⁻ˣ)
#[inline(always)]
pub fn sigmoid<T: Math>(x: T) -> T {
    x.sigmoid()
}

/// ln(1 + eˣ) = max(x, 0) + ln(1 + e^−|x|), which does not overflow.
#[inline(always)]
pub fn softplus<T: Math>(x: T) -> T {
    x.softplus()
}

/// Φ(x), the distribution function of the standard normal: erfc(−x/√2)/2.
#[inline(always)]
pub fn normal_cdf<T: Math>(x: T) -> T {
    x.normal_cdf()
}
