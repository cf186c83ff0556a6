//! Loops compiled once for each instruction set; the best one the machine has is chosen when run.

/// Runs `work` compiled for the widest vectors this machine has (AVX-512, AVX2 with FMA, or the
/// target's own). Only what is inlined into `work` gains: mark the closure and what it calls
/// `#[inline(always)]`.
///
/// ```
/// # use bnnc::tensor::simd::dispatch;
/// let mut y = [1.0f32, 2.0, 3.0];
/// dispatch(#[inline(always)] || y.iter_mut().for_each(|y| *y *= 2.0));
/// assert_eq!(y, [2.0, 4.0, 6.0]);
/// ```
#[inline(always)]
pub fn dispatch<R>(work: impl FnOnce() -> R) -> R {
    pulp::Arch::new().dispatch(work)
}
