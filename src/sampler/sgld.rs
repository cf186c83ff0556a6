//! Stochastic gradient Langevin dynamics: a step down the gradient of U, with noise.
//!
//! Welling and Teh 2011, "Bayesian learning via stochastic gradient Langevin dynamics". With the step size ε, the
//! temperature T, masses M (all 1 without a preconditioner) and z ~ N(0, 1):
//!
//! ```text
//! w ← w − (ε/M) ∇U + √(2εT/M) z
//! ```
//!
//! As ε goes to 0, w has the density exp(−U/T): the posterior at T = 1. On a quadratic of curvature a, the variance of w
//! is T/(a(1 − εa/(2M))) at any ε; where εa reaches 2M the steps diverge. The noise of a gradient that is estimated on
//! minibatches comes on top.

use crate::tensor::simd::par_each;

/// The settings of one step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sgld {
    /// ε
    pub step_size: f32,
    /// T; 0 leaves the noise out.
    pub temperature: f32,
}

impl Sgld {
    /// Moves the weights by one step. `gradient` is ∇U of all examples together, `noise` has standard normal entries.
    ///
    /// # Panics
    /// If the slices differ in length.
    pub fn step(&self, weights: &mut [f32], gradient: &[f32], noise: &[f32], mass: &[f32]) {
        let (step_size, variance) = (self.step_size, 2.0 * self.step_size * self.temperature);
        par_each(
            weights,
            [gradient, noise, mass],
            #[inline(always)]
            |w, [g, z, mass]| *w += (variance / mass).sqrt() * z - step_size / mass * g,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check_mean, fixture};
    use super::*;
    use crate::tensor::Stream;

    #[test]
    fn a_step_is_that_of_posteriors() {
        let case = fixture("sgld");
        let step = Sgld {
            step_size: case["step_size"][0],
            temperature: case["temperature"][0],
        };
        let mut weights = case["weights"].clone();
        let ones = vec![1.0; weights.len()];
        step.step(&mut weights, &case["gradient"], &case["noise"], &ones);
        for (found, expected) in weights.iter().zip(&case["result"]) {
            assert!(
                (found - expected).abs() <= 3e-7 * (1.0 + expected.abs()),
                "{found} for {expected}"
            );
        }
    }

    /// w becomes c·w + s·z: both from the step itself. The variance V = c²V + s².
    #[test]
    fn on_a_quadratic_the_stationary_variance_is_the_closed_form() {
        for [curvature, step_size, temperature, mass] in [
            [1.0, 0.5, 1.0, 1.0],
            [4.0, 0.4, 0.3, 1.0],
            [2.0, 0.7, 1.5, 3.0],
        ] {
            let step = Sgld {
                step_size,
                temperature,
            };
            let moved = |w: f32, z: f32| {
                let mut weights = [w];
                step.step(&mut weights, &[curvature * w], &[z], &[mass]);
                f64::from(weights[0])
            };
            let (keep, spread) = (moved(1.0, 0.0), moved(0.0, 1.0));
            let mut variance = 0.0;
            (0..2000).for_each(|_| variance = keep * keep * variance + spread * spread);
            let [a, e, t, m] = [curvature, step_size, temperature, mass].map(f64::from);
            let expected = t / (a * (1.0 - e * a / (2.0 * m)));
            assert!(
                (variance / expected - 1.0).abs() < 1e-6,
                "{variance} for {expected}"
            );
        }
    }

    #[test]
    fn the_variance_of_a_simulation_is_the_closed_form() {
        let step = Sgld {
            step_size: 0.4,
            temperature: 0.5,
        };
        let (chains, draws) = (64, 1500);
        let (ones, mut weights) = (vec![1.0; chains], vec![0.0; chains]);
        let mut noise = vec![0.0; chains];
        let mut squares = vec![vec![]; chains];
        for k in 0..draws + 50 {
            Stream::new(7, k, 0, 0).fill_normal(0, &mut noise);
            let gradient: Vec<f32> = weights.iter().map(|w| 2.0 * w).collect();
            step.step(&mut weights, &gradient, &noise, &ones);
            if k >= 50 {
                let both = squares.iter_mut().zip(&weights);
                both.for_each(|(all, w)| all.push(f64::from(w * w)));
            }
        }
        check_mean(&squares, 0.5 / (2.0 * (1.0 - 0.4)), "variance");
    }
}
