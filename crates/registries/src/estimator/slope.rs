//! From the gradient by what an estimator makes of the scales to that by the scales, entry by entry.

use crate::tensor::Real;
use crate::tensor::simd::each;

/// The derivative by its scale of an entry of the array that is made of scales: of the second of the two that
/// [`Estimate::prepare`](super::Estimate::prepare) writes, or of the first where there is no second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slope {
    /// ε, of loc + scale·ε or of scale·ε.
    Noise,
    /// 2 scale, of scale².
    TwiceScale,
    /// 1, of the scale itself.
    One,
}

impl Slope {
    /// The gradient by an entry's scale, from `d`, that by the entry of the array.
    #[inline(always)]
    pub fn times<T: Real>(self, [d, scale, noise]: [T; 3]) -> T {
        match self {
            Slope::Noise => d * noise,
            Slope::TwiceScale => d * (scale + scale),
            Slope::One => d,
        }
    }

    /// Adds the gradient by the scales to `d_scale`; `noise` is empty where there is none.
    pub fn add<T: Real>(self, d: &[T], scale: &[T], noise: &[T], d_scale: &mut [T]) {
        // A match inside the loop would keep it out of vector registers.
        match self {
            Slope::Noise => each(
                d_scale,
                [d, scale, noise],
                #[inline(always)]
                |to, of| *to += Slope::Noise.times(of),
            ),
            Slope::TwiceScale => each(
                d_scale,
                [d, scale, scale],
                #[inline(always)]
                |to, of| *to += Slope::TwiceScale.times(of),
            ),
            Slope::One => each(
                d_scale,
                [d, scale, scale],
                #[inline(always)]
                |to, of| *to += Slope::One.times(of),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{ESTIMATORS, Estimate};
    use crate::testing::{assert_close, slope};

    #[test]
    fn it_is_the_derivative_of_what_is_prepared() {
        let (loc, scale, noise) = (0.3, 0.7, -1.4);
        for &estimator in ESTIMATORS {
            let made = |scale: f64| {
                let (mut first, mut second) = ([loc], [0.0]);
                let drawn = if estimator.first_is_loc() { 0 } else { 1 };
                let also = usize::from(estimator.has_second());
                let estimate: &dyn Estimate<f64> = estimator;
                let to = (&mut first[..drawn], &mut second[..also]);
                estimate.prepare(&[loc], &[scale], &[noise], to.0, to.1);
                if estimator.has_second() {
                    second[0]
                } else {
                    first[0]
                }
            };
            let mut found = [1.0];
            let declared = estimator.slope().expect("all of them read the scale");
            declared.add(&[2.0], &[scale], &[noise], &mut found);
            let name = estimator.signature().name;
            assert_close(found[0], 1.0 + 2.0 * slope(made, scale, 1e-4), 1e-9, name);
        }
    }
}
