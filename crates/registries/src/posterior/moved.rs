//! A point of positive numbers, or of numbers between two ends: w = f(z) of a z that may be any number. What is fitted
//! is z, so that a step never leaves the prior's support.
//!
//! ```text
//! w = e^z,   or   w = low + (high - low)/(1 + e^-z)
//! -ln p(z) = -ln p(w) - ln |dw/dz|
//! ```
//!
//! The penalty is of the density of z. The density of w has its maximum elsewhere (Gelman et al. 2013, "Bayesian Data
//! Analysis", section 13.1): a point estimate depends on what it is a point of, a sample does not.

use super::entrywise::sum;
use super::variational::{Dimensions, Variational};
use crate::tensor::Math;

/// How w comes of z.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Moved {
    /// w = e^z
    Exp,
    /// w between the ends.
    Between([f64; 2]),
}

impl Moved {
    /// w, kept strictly inside.
    fn value<T: Math>(self, z: T) -> T {
        match self {
            Moved::Exp => z
                .fast_exp()
                .max(T::min_positive_value())
                .min(T::max_value()),
            Moved::Between(ends) => {
                let [low, high] = ends.map(T::of);
                let step = |end: T| (end.abs() * T::epsilon()).max(T::min_positive_value());
                let w = match z < T::zero() {
                    true => low + (high - low) * z.sigmoid(),
                    false => high - (high - low) * (-z).sigmoid(),
                };
                w.max(low + step(low)).min(high - step(high))
            }
        }
    }

    /// dw/dz.
    fn slope<T: Math>(self, z: T, w: T) -> T {
        match self {
            Moved::Exp => w,
            Moved::Between([low, high]) => T::of(high - low) * z.sigmoid() * (-z).sigmoid(),
        }
    }

    /// ln |dw/dz|. Where w would be above all numbers, -infinity: a density there would have no bound.
    fn log_slope<T: Math>(self, z: T) -> T {
        match self {
            Moved::Exp if z > T::max_value().ln() => T::neg_infinity(),
            Moved::Exp => z,
            Moved::Between([low, high]) => {
                T::of((high - low).ln()) - z.softplus() - (-z).softplus()
            }
        }
    }

    /// d ln |dw/dz| / dz.
    fn log_slope_by_z<T: Math>(self, z: T) -> T {
        match self {
            Moved::Exp => T::one(),
            Moved::Between(_) => (-z).sigmoid() - z.sigmoid(),
        }
    }
}

impl<T: Math> Variational<T> for Moved {
    fn noise(&self, _: &Dimensions) -> usize {
        0
    }

    fn marginal_scales(&self, _: &Dimensions, _: &[T], scales: &mut [T]) {
        scales.fill(T::zero());
    }

    fn marginal_scales_backward(&self, _: &Dimensions, _: &[T], _: &[T], _: &[T], _: &mut [T]) {}

    fn total_correlation(
        &self,
        _: &Dimensions,
        _: &[T],
        _: &[T],
        _: T,
        _: &mut [T],
        _: &mut [T],
    ) -> f64 {
        0.0
    }

    fn draw(&self, _: &Dimensions, values: &[T], _: &[T], w: &mut [T]) {
        for (w, &z) in w.iter_mut().zip(values) {
            *w = self.value(z);
        }
    }

    fn draw_backward(
        &self,
        _: &Dimensions,
        values: &[T],
        _: &[T],
        w: &[T],
        d_w: &[T],
        gradient: &mut [T],
    ) {
        for ((to, &z), (&w, &d)) in gradient.iter_mut().zip(values).zip(w.iter().zip(d_w)) {
            *to += d * self.slope(z, w);
        }
    }

    /// That of [`Variational::log_density`].
    fn score(&self, _: &Dimensions, values: &[T], _: &[T], w: &[T], out: &mut [T]) {
        for ((out, &z), &w) in out.iter_mut().zip(values).zip(w) {
            *out = -self.log_slope_by_z(z) / self.slope(z, w);
        }
    }

    /// -ln |dw/dz|: the density of w where z has the density 1 everywhere.
    fn log_density(
        &self,
        _: &Dimensions,
        values: &[T],
        _: &[T],
        _: &[T],
        weight: T,
        gradient: &mut [T],
    ) -> f64 {
        for (to, &z) in gradient.iter_mut().zip(values) {
            *to -= weight * self.log_slope_by_z(z);
        }
        -sum([values], |[z]| self.log_slope(z))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::posterior::Transform;
    use crate::tensor::Shape;
    use crate::testing::assert_close;

    /// A descent or a sampler that has come there is told that its loss is no number.
    #[test]
    fn beyond_all_numbers_there_is_no_density() {
        let at = Dimensions::of(&Shape::default(), Transform::default());
        let density = |z: f32| Moved::Exp.log_density(&at, &[z], &[], &[f32::MAX], 1.0, &mut [0.0]);
        assert_eq!([88.5, 89.0].map(density), [-88.5, f64::INFINITY]);
    }

    /// Its derivatives, and its density, against central differences of its draw.
    #[test]
    fn its_derivatives() {
        let z = [-30.0, -2.5, -0.1, 0.0, 0.7, 3.0, 12.0];
        let at = Dimensions::of(&Shape::new(&[z.len()]), Transform::default());
        for moved in [Moved::Exp, Moved::Between([-1.0, 4.0])] {
            let w = |z: &[f64]| {
                let mut w = vec![0.0; z.len()];
                moved.draw(&at, z, &[], &mut w);
                w
            };
            let mut slopes = vec![0.0; z.len()];
            moved.draw_backward(&at, &z, &[], &w(&z), &[1.0; 7], &mut slopes);
            let step = 1e-5;
            let [above, below] = [step, -step].map(|by| w(&z.map(|z| z + by)));
            let mut log = 0.0;
            for entry in 0..z.len() {
                let slope = (above[entry] - below[entry]) / (2.0 * step);
                // Near an end of 4 a difference of 1e-16 is all that is left.
                assert_close(slopes[entry], slope, 1e-5, "dw/dz");
                log -= slopes[entry].ln();
            }
            let density = |z: &[f64]| moved.log_density(&at, z, &[], &w(z), 0.0, &mut [0.0; 7]);
            assert_close(density(&z), log, 1e-9, "-ln |dw/dz|");
            let mut gradient = [0.0; 7];
            moved.log_density(&at, &z, &[], &w(&z), 2.0, &mut gradient);
            for entry in 0..z.len() {
                let moved_by = |by: f64| {
                    let mut z = z;
                    z[entry] += by;
                    density(&z)
                };
                let slope = (moved_by(step) - moved_by(-step)) / (2.0 * step);
                assert_close(gradient[entry], 2.0 * slope, 1e-6, "by z");
            }
        }
    }
}
