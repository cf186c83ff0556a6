//! Stochastic gradient Hamiltonian Monte Carlo: Langevin dynamics with a momentum and friction.
//!
//! Chen, Fox and Guestrin 2014, "Stochastic gradient Hamiltonian Monte Carlo", in the form of Izmailov et al. 2021,
//! "What are Bayesian neural network posteriors really like?". With the step size ε, the decay β of the momentum m, the
//! temperature T, masses M (all 1 without a preconditioner) and z ~ N(0, 1):
//!
//! ```text
//! m ← βm − √ε ∇U + √(2(1 − β)T) √M z;   w ← w + √ε m/M
//! ```
//!
//! As ε goes to 0, w has the density exp(−U/T): the posterior at T = 1. On a quadratic of curvature a, the variance of w
//! is T/(a(1 − εa/(2(1 + β)M))) at any ε; where εa reaches 2(1 + β)M the steps diverge. β = 0 is SGLD.

use crate::tensor::simd::par_each;

/// The settings of one step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sghmc {
    /// ε
    pub step_size: f32,
    /// β: how much of the momentum a step keeps.
    pub momentum_decay: f32,
    /// T; 0 leaves the noise out.
    pub temperature: f32,
}

impl Sghmc {
    /// Moves the momentum, then the weights. `gradient` is ∇U of all examples together, `noise` has standard normal entries.
    ///
    /// # Panics
    /// If the slices differ in length.
    pub fn step(
        &self,
        weights: &mut [f32],
        momentum: &mut [f32],
        gradient: &[f32],
        noise: &[f32],
        mass: &[f32],
    ) {
        let (root, decay) = (self.step_size.sqrt(), self.momentum_decay);
        let variance = 2.0 * (1.0 - decay) * self.temperature;
        par_each(
            momentum,
            [gradient, noise, mass],
            #[inline(always)]
            |m, [g, z, mass]| *m = decay * *m + (variance * mass).sqrt() * z - root * g,
        );
        par_each(
            weights,
            [momentum, mass],
            #[inline(always)]
            |w, [m, mass]| *w += root * m / mass,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::super::sgld::Sgld;
    use super::super::testing::fixture;
    use super::*;

    /// The package moves the weights by the momentum before the step, so that its second step moves them by what the
    /// first one made of the momentum.
    #[test]
    fn a_step_is_that_of_posteriors() {
        let case = fixture("sghmc");
        let step = Sghmc {
            step_size: case["step_size"][0],
            momentum_decay: case["momentum_decay"][0],
            temperature: case["temperature"][0],
        };
        let (mut weights, mut momentum) = (case["weights"].clone(), case["momentum"].clone());
        let ones = vec![1.0; weights.len()];
        let (gradient, noise) = (&case["gradient"], &case["noise"]);
        step.step(&mut weights, &mut momentum, gradient, noise, &ones);
        let close = |found: &[f32], expected: &[f32]| {
            for (found, expected) in found.iter().zip(expected) {
                assert!(
                    (found - expected).abs() <= 3e-7 * (1.0 + expected.abs()),
                    "{found} for {expected}"
                );
            }
        };
        close(&momentum, &case["momentum_after"]);
        close(&weights, &case["weights_after"]);
    }

    #[test]
    fn without_momentum_it_is_sgld() {
        let (gradient, noise, mass) = ([0.7, -2.0], [0.3, -1.1], [1.0, 2.5]);
        let (mut one, mut other) = ([0.5, 0.25], [0.5, 0.25]);
        let (step_size, temperature) = (0.1, 0.8);
        let sghmc = Sghmc {
            step_size,
            momentum_decay: 0.0,
            temperature,
        };
        sghmc.step(&mut one, &mut [9.0, 9.0], &gradient, &noise, &mass);
        let sgld = Sgld {
            step_size,
            temperature,
        };
        sgld.step(&mut other, &gradient, &noise, &mass);
        for (one, other) in one.into_iter().zip(other) {
            assert!((one - other).abs() < 1e-6, "{one}, {other}");
        }
    }

    /// A matrix of four times four numbers, of two weights and their two momenta.
    type Matrix = [[f64; 4]; 4];

    fn product(a: &Matrix, b: &Matrix) -> Matrix {
        let entry = |i: usize, j: usize| (0..4).map(|k| a[i][k] * b[k][j]).sum();
        std::array::from_fn(|i| std::array::from_fn(|j| entry(i, j)))
    }

    fn transpose(a: &Matrix) -> Matrix {
        std::array::from_fn(|i| std::array::from_fn(|j| a[j][i]))
    }

    /// The stationary covariance of (w, m) on U = ½wᵀPw, exactly: a step is x ← Ax + Bz, whose columns are those of steps
    /// from unit vectors, and C = ACAᵀ + BBᵀ. Doubling: C ← C + ACAᵀ, A ← A².
    fn stationary(step: &Sghmc, precision: [[f64; 2]; 2]) -> Matrix {
        let column = |unit: usize, is_noise: bool| {
            let mut x = [0.0f32; 4];
            let mut z = [0.0f32; 2];
            if is_noise {
                z[unit] = 1.0;
            } else {
                x[unit] = 1.0;
            }
            let gradient = precision.map(|row| (row[0] as f32) * x[0] + (row[1] as f32) * x[1]);
            let (weights, momentum) = x.split_at_mut(2);
            step.step(weights, momentum, &gradient, &z, &[1.0, 1.0]);
            x.map(f64::from)
        };
        let mut a = transpose(&std::array::from_fn(|unit| column(unit, false)));
        let none = [0.0; 4];
        let b = transpose(&[column(0, true), column(1, true), none, none]);
        let mut covariance = product(&b, &transpose(&b));
        for _ in 0..40 {
            let more = product(&product(&a, &covariance), &transpose(&a));
            for (row, more) in covariance.iter_mut().zip(more) {
                row.iter_mut().zip(more).for_each(|(to, more)| *to += more);
            }
            a = product(&a, &a);
        }
        covariance
    }

    #[test]
    fn on_a_quadratic_the_stationary_variance_is_the_closed_form() {
        for [curvature, step_size, momentum_decay, temperature] in [
            [1.0, 0.5, 0.9, 1.0],
            [4.0, 0.4, 0.5, 0.3],
            [2.0, 0.3, 0.0, 1.5],
        ] {
            let step = Sghmc {
                step_size,
                momentum_decay,
                temperature,
            };
            let [a, e, b, t] = [curvature, step_size, momentum_decay, temperature].map(f64::from);
            let found = stationary(&step, [[a, 0.0], [0.0, a]])[0][0];
            let expected = t / (a * (1.0 - e * a / (2.0 * (1.0 + b))));
            assert!(
                (found / expected - 1.0).abs() < 1e-5,
                "{found} for {expected}"
            );
        }
    }

    #[test]
    fn as_the_step_goes_to_0_linear_regression_has_its_posterior() {
        // y = w₁x + w₂ with noise of variance 0.5 at five x, under N(0, 2²): the precision of the posterior.
        let x = [-1.0, -0.2, 0.4, 1.1, 2.0];
        let sum = |f: fn(f64) -> f64| x.iter().map(|x| f(*x)).sum::<f64>() / 0.5;
        let (squares, both, count) = (sum(|x| x * x) + 0.25, sum(|x| x), sum(|_| 1.0) + 0.25);
        let determinant = squares * count - both * both;
        let posterior = [
            [count / determinant, -both / determinant],
            [-both / determinant, squares / determinant],
        ];
        let farthest = |step_size: f32| {
            let step = Sghmc {
                step_size,
                momentum_decay: 0.9,
                temperature: 1.0,
            };
            let found = stationary(&step, [[squares, both], [both, count]]);
            let gap = |i: usize, j: usize| (found[i][j] / posterior[i][j] - 1.0).abs();
            gap(0, 0).max(gap(0, 1)).max(gap(1, 1))
        };
        let (coarse, fine) = (farthest(0.02), farthest(0.005));
        assert!(fine < 0.03, "{fine}");
        assert!(
            (coarse / fine - 4.0).abs() < 0.5,
            "{coarse} and {fine}: not of the first order"
        );
    }
}
