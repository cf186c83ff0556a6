//! RMSprop as a preconditioner of SGLD and SGHMC: weights with large gradients get a large mass.
//!
//! With the gradient g of U, at each step before the weights move:
//!
//! ```text
//! v ← αv + (1 − α) g²;   mass = √v + λ
//! ```
//!
//! Li, Chen, Carlson and Carin 2016, "Preconditioned stochastic gradient Langevin dynamics for deep neural networks";
//! as Izmailov et al. 2021 use it, without the term for the change of the mass. The mass should move little while draws
//! are taken: α near 1.

use crate::tensor::simd::par_each;

/// The preconditioner's settings.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rmsprop {
    /// α: how much of the average of squared gradients a step keeps. 0.99 in Izmailov et al. 2021.
    pub decay: f32,
    /// λ: the smallest mass. 1e-7 in Izmailov et al. 2021.
    pub epsilon: f32,
}

impl Rmsprop {
    /// Takes a gradient into the average of squared gradients, `squares`, and writes the masses.
    pub fn update(&self, squares: &mut [f32], gradient: &[f32], mass: &mut [f32]) {
        let (keep, take, epsilon) = (self.decay, 1.0 - self.decay, self.epsilon);
        par_each(
            squares,
            [gradient],
            #[inline(always)]
            |v, [g]| *v = keep * *v + take * g * g,
        );
        par_each(
            mass,
            [squares],
            #[inline(always)]
            |mass, [v]| *mass = v.sqrt() + epsilon,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mass_is_the_root_of_the_average_square() {
        let rmsprop = Rmsprop {
            decay: 0.9,
            epsilon: 0.25,
        };
        let (mut squares, mut mass) = ([0.0, 4.0], [0.0; 2]);
        rmsprop.update(&mut squares, &[3.0, -1.0], &mut mass);
        for (found, expected) in squares.into_iter().zip([0.9f32, 3.7]) {
            assert!((found - expected).abs() < 1e-6, "{found}");
        }
        for (found, expected) in mass
            .into_iter()
            .zip([0.9f32.sqrt() + 0.25, 3.7f32.sqrt() + 0.25])
        {
            assert!((found - expected).abs() < 1e-6, "{found}");
        }
    }
}
