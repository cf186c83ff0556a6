//! Loops over the entries of a tensor: in vector registers, shared out over the threads in blocks, the
//! sums of blocks added in their order, so that no bit depends on the number of threads.

use super::Transform;
use crate::tensor::math::HALF_LN_TWO_PI;
use crate::tensor::simd::par_each;
use crate::tensor::{Math, Real};
use rayon::prelude::*;

/// Entries that one thread takes at once.
pub const BLOCK: usize = 4096;
/// Entries whose values are kept in registers and the first cache before they are summed.
const SHORT: usize = 256;

/// Σ_i `f([inputs[0][i], inputs[1][i], …])`, in float64.
#[inline(always)]
pub fn sum<T: Real, const N: usize>(inputs: [&[T]; N], f: impl Fn([T; N]) -> T + Sync) -> f64 {
    let len = inputs[0].len();
    let blocks = (0..len.div_ceil(SHORT)).into_par_iter();
    let sums: Vec<f64> = blocks
        .with_min_len(BLOCK / SHORT)
        .map(|block| {
            let start = block * SHORT;
            let inputs = inputs.map(|input| &input[start..len.min(start + SHORT)]);
            T::dispatch(
                #[inline(always)]
                || {
                    let mut values = [T::zero(); SHORT];
                    let n = inputs[0].len();
                    let inputs = inputs.map(|input| &input[..n]);
                    for (i, value) in values[..n].iter_mut().enumerate() {
                        *value = f(inputs.map(|input| input[i]));
                    }
                    values[..n].iter().map(|value| value.wide()).sum::<f64>()
                },
            )
        })
        .collect();
    sums.into_iter().sum()
}

/// Σ_i a_i·b_i, in lanes that vector registers hold.
#[inline(always)]
pub fn dot<T: Real>(a: &[T], b: &[T]) -> T {
    const LANES: usize = 16;
    let mut lanes = [T::zero(); LANES];
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    for (a, b) in a.iter().zip(b) {
        for lane in 0..LANES {
            lanes[lane] += a[lane] * b[lane];
        }
    }
    let rest: T = a_rest.iter().zip(b_rest).map(|(&a, &b)| a * b).sum();
    lanes.into_iter().sum::<T>() + rest
}

/// to += factor·from
#[inline(always)]
pub fn add_scaled<T: Real>(to: &mut [T], factor: T, from: &[T]) {
    to.iter_mut()
        .zip(from)
        .for_each(|(to, &from)| *to += factor * from);
}

/// ln of the density of standard normal noise.
pub fn standard_normal<T: Math>(noise: &[T]) -> f64 {
    let squares = sum(
        [noise],
        #[inline(always)]
        |[e]| e * e,
    );
    -HALF_LN_TWO_PI * noise.len() as f64 - 0.5 * squares
}

/// The scale of each variable.
pub fn scales<T: Math>(transform: Transform, rho: &[T], out: &mut [T]) {
    // A match inside the loop would keep it out of vector registers.
    match transform {
        Transform::Softplus => par_each(
            out,
            [rho],
            #[inline(always)]
            |out, [rho]| *out = Transform::Softplus.value(rho),
        ),
        Transform::Exp => par_each(
            out,
            [rho],
            #[inline(always)]
            |out, [rho]| *out = Transform::Exp.value(rho),
        ),
    }
}

/// Turns the gradient by the scales into that by their variables, in place. `scale` is what [`scales`] made of
/// `rho`.
pub fn chain<T: Math>(transform: Transform, rho: &[T], scale: &[T], gradient: &mut [T]) {
    match transform {
        Transform::Softplus => par_each(
            gradient,
            [rho, scale],
            #[inline(always)]
            |g, [rho, scale]| *g *= Transform::Softplus.slope_beside(rho, scale),
        ),
        Transform::Exp => par_each(
            gradient,
            [rho, scale],
            #[inline(always)]
            |g, [rho, scale]| *g *= Transform::Exp.slope_beside(rho, scale),
        ),
    }
}

/// From the gradient by the scales: adds to the gradient by their variables.
pub fn scales_backward<T: Math>(
    transform: Transform,
    rho: &[T],
    d_scales: &[T],
    gradient: &mut [T],
) {
    match transform {
        Transform::Softplus => par_each(
            gradient,
            [rho, d_scales],
            #[inline(always)]
            |g, [rho, d]| *g += d * Transform::Softplus.slope(rho),
        ),
        Transform::Exp => par_each(
            gradient,
            [rho, d_scales],
            #[inline(always)]
            |g, [rho, d]| *g += d * Transform::Exp.slope(rho),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_and_products_of_any_length() {
        for n in [0, 1, 15, 16, 17, 256, 257, 5000] {
            let a: Vec<f64> = (0..n).map(|i| (i % 7) as f64 - 2.0).collect();
            let b: Vec<f64> = (0..n).map(|i| (i % 5) as f64 - 1.0).collect();
            // whole numbers: exact in any order
            let expected: f64 = a.iter().zip(&b).map(|(a, b)| a * b).sum();
            assert_eq!(dot(&a, &b), expected, "{n}");
            assert_eq!(sum([&a[..], &b], |[a, b]| a * b), expected, "{n}");
            let mut out = a.clone();
            par_each(&mut out, [&b], |out, [b]| *out += 2.0 * b);
            let right = |i: usize| out[i] == a[i] + 2.0 * b[i];
            assert!((0..n).all(right), "{n}");
        }
    }
}
