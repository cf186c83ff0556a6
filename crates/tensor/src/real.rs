//! The two number types: float32 for training, float64 for the reference path.

use super::random::{self, Words};
use super::simd;
use ndarray::NdFloat;

/// `f32` or `f64`, and the few operations whose fast form differs between them.
pub trait Real: NdFloat + Default + Send + Sync + std::iter::Sum + serde::Serialize {
    /// `"float32"` or `"float64"`.
    const NAME: &'static str;
    /// Rounds a float64 to this type.
    fn of(value: f64) -> Self;
    /// Widens to float64.
    fn wide(self) -> f64;
    /// The numbers themselves, if they are float32: for kernels that only float32 has.
    fn as_f32(values: &[Self]) -> Option<&[f32]>;
    /// [`Real::as_f32`], to write.
    fn as_f32_mut(values: &mut [Self]) -> Option<&mut [f32]>;
    /// Runs a loop: in float32 compiled for the widest vectors this machine has ([`simd::dispatch`]), in float64,
    /// the reference path, as it is.
    fn dispatch<R>(work: impl FnOnce() -> R) -> R;
    /// Standard normal deviates out of random words: see [`random`].
    fn normals(words: &Words, out: &mut [Self; random::GROUP]);
    /// Deviates of the Laplace distribution.
    fn laplaces(words: &Words, out: &mut [Self; random::GROUP]);
    /// Deviates of the Cauchy distribution.
    fn cauchys(words: &Words, out: &mut [Self; random::GROUP]);
}

impl Real for f32 {
    const NAME: &'static str = "float32";
    #[inline(always)]
    fn of(value: f64) -> Self {
        value as f32
    }
    #[inline(always)]
    fn wide(self) -> f64 {
        f64::from(self)
    }
    #[inline(always)]
    fn as_f32(values: &[Self]) -> Option<&[f32]> {
        Some(values)
    }
    #[inline(always)]
    fn as_f32_mut(values: &mut [Self]) -> Option<&mut [f32]> {
        Some(values)
    }
    #[inline(always)]
    fn dispatch<R>(work: impl FnOnce() -> R) -> R {
        simd::dispatch(work)
    }
    #[inline(always)]
    fn normals(words: &Words, out: &mut [Self; random::GROUP]) {
        random::normals_f32(words, out);
    }
    #[inline(always)]
    fn laplaces(words: &Words, out: &mut [Self; random::GROUP]) {
        random::laplaces_f32(words, out);
    }
    #[inline(always)]
    fn cauchys(words: &Words, out: &mut [Self; random::GROUP]) {
        random::cauchys_f32(words, out);
    }
}

impl Real for f64 {
    const NAME: &'static str = "float64";
    #[inline(always)]
    fn of(value: f64) -> Self {
        value
    }
    #[inline(always)]
    fn wide(self) -> f64 {
        self
    }
    fn as_f32(_: &[Self]) -> Option<&[f32]> {
        None
    }
    fn as_f32_mut(_: &mut [Self]) -> Option<&mut [f32]> {
        None
    }
    #[inline(always)]
    fn dispatch<R>(work: impl FnOnce() -> R) -> R {
        work()
    }
    fn normals(words: &Words, out: &mut [Self; random::GROUP]) {
        random::normals_f64(words, out);
    }
    fn laplaces(words: &Words, out: &mut [Self; random::GROUP]) {
        random::laplaces_f64(words, out);
    }
    fn cauchys(words: &Words, out: &mut [Self; random::GROUP]) {
        random::cauchys_f64(words, out);
    }
}
