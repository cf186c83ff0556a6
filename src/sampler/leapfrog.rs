//! Leapfrogs: steps along a trajectory of constant energy, which keep volumes and can be reversed.
//!
//! The energy of a position q with the momentum p is H(q, p) = U(q) + ½ Σᵢ pᵢ²/mᵢ for a diagonal mass m. A step of
//! size ε (Neal 2011, "MCMC using Hamiltonian dynamics", equations 5.18 to 5.20):
//!
//! ```text
//! p ← p − ½ε ∇U(q);   q ← q + ε p/m;   p ← p − ½ε ∇U(q)
//! ```
//!
//! The energy after a trajectory of fixed length is wrong by a multiple of ε².

use super::Potential;
use crate::tensor::Stream;

/// A position with its momentum, potential and gradient.
#[derive(Debug, Clone, PartialEq)]
pub struct Phase {
    /// q
    pub position: Vec<f64>,
    /// p
    pub momentum: Vec<f64>,
    /// dU/dq
    pub gradient: Vec<f64>,
    /// U(q)
    pub potential: f64,
}

impl Phase {
    /// At `position`, without momentum.
    pub fn new(position: Vec<f64>, potential: &mut (impl Potential + ?Sized)) -> Self {
        let mut gradient = vec![0.0; position.len()];
        let value = potential.value_and_gradient(&position, &mut gradient);
        Phase {
            momentum: vec![0.0; position.len()],
            potential: value,
            position,
            gradient,
        }
    }

    /// Whether the potential and its gradient are finite numbers.
    pub fn is_finite(&self) -> bool {
        self.potential.is_finite() && self.gradient.iter().all(|x| x.is_finite())
    }

    /// Draws a momentum, pᵢ ~ N(0, mᵢ), from the entries of the stream from `start` on.
    pub fn draw_momentum(&mut self, inverse_mass: &[f64], stream: &Stream, start: usize) {
        stream.fill_normal(start, &mut self.momentum);
        for (p, inverse) in self.momentum.iter_mut().zip(inverse_mass) {
            *p /= inverse.sqrt();
        }
    }

    /// U(q) + ½ Σ pᵢ²/mᵢ; infinite where that is not a number.
    pub fn energy(&self, inverse_mass: &[f64]) -> f64 {
        let kinetic = 0.5 * dot(inverse_mass, &self.momentum, &self.momentum);
        let energy = self.potential + kinetic;
        if energy.is_nan() {
            f64::INFINITY
        } else {
            energy
        }
    }

    /// One step of this size, backward in time where it is negative.
    pub fn leapfrog(
        &mut self,
        step_size: f64,
        inverse_mass: &[f64],
        potential: &mut (impl Potential + ?Sized),
    ) {
        let half = 0.5 * step_size;
        let momenta = self.momentum.iter_mut().zip(&self.gradient);
        let places = self.position.iter_mut().zip(inverse_mass);
        for ((p, g), (q, inverse)) in momenta.zip(places) {
            *p -= half * g;
            *q += step_size * inverse * *p;
        }
        self.potential = potential.value_and_gradient(&self.position, &mut self.gradient);
        for (p, g) in self.momentum.iter_mut().zip(&self.gradient) {
            *p -= half * g;
        }
    }
}

/// Σᵢ aᵢ bᵢ cᵢ
pub(super) fn dot(a: &[f64], b: &[f64], c: &[f64]) -> f64 {
    let products = a.iter().zip(b).zip(c).map(|((a, b), c)| a * b * c);
    products.sum()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Banana, Gaussian};
    use super::*;

    fn start() -> Phase {
        let mut phase = Phase::new(vec![0.3, -0.7], &mut Banana);
        phase.momentum = vec![0.9, -1.1];
        phase
    }

    #[test]
    fn a_trajectory_with_the_momentum_turned_round_leads_back() {
        let (mut phase, inverse_mass) = (start(), [0.5, 2.0]);
        (0..50).for_each(|_| phase.leapfrog(0.02, &inverse_mass, &mut Banana));
        assert!((phase.position[0] - 0.3).abs() > 0.1, "it moved");
        phase.momentum.iter_mut().for_each(|p| *p = -*p);
        (0..50).for_each(|_| phase.leapfrog(0.02, &inverse_mass, &mut Banana));
        for (at, from) in phase.position.iter().zip(start().position) {
            assert!((at - from).abs() < 1e-13, "{at} for {from}");
        }
    }

    #[test]
    fn the_energy_error_of_a_trajectory_falls_with_the_square_of_the_step_size() {
        let inverse_mass = [0.5, 2.0];
        let error = |steps: usize| {
            let mut phase = start();
            let before = phase.energy(&inverse_mass);
            (0..steps).for_each(|_| phase.leapfrog(1.0 / steps as f64, &inverse_mass, &mut Banana));
            (phase.energy(&inverse_mass) - before).abs()
        };
        let order = (error(100) / error(200)).log2();
        assert!((order - 2.0).abs() < 0.01, "order {order}");
    }

    #[test]
    fn a_step_keeps_volumes() {
        // The determinant of the Jacobian of (q, p) by central differences.
        let at = |shift: [f64; 4]| {
            let mut phase = Phase::new(vec![0.3 + shift[0], -0.7 + shift[1]], &mut Banana);
            phase.momentum = vec![0.9 + shift[2], -1.1 + shift[3]];
            phase.leapfrog(0.1, &[0.5, 2.0], &mut Banana);
            [&phase.position[..], &phase.momentum[..]].concat()
        };
        let mut jacobian = [[0.0; 4]; 4];
        for (column, row) in jacobian.iter_mut().enumerate() {
            let mut shift = [0.0; 4];
            shift[column] = 1e-5;
            let (above, below) = (at(shift), at(shift.map(|x| -x)));
            let slopes = above.iter().zip(below).map(|(a, b)| (a - b) / 2e-5);
            row.iter_mut()
                .zip(slopes)
                .for_each(|(to, slope)| *to = slope);
        }
        let mut determinant = 1.0;
        for k in 0..4 {
            determinant *= jacobian[k][k];
            for row in k + 1..4 {
                let (above, pivot) = (jacobian[k], jacobian[row][k] / jacobian[k][k]);
                let entries = jacobian[row].iter_mut().zip(above);
                entries.for_each(|(entry, above)| *entry -= pivot * above);
            }
        }
        assert!((determinant - 1.0).abs() < 1e-8, "{determinant}");
    }

    #[test]
    fn momenta_have_the_mass_as_their_variance() {
        let mut target = Gaussian::standard(3000);
        let mut phase = Phase::new(vec![0.0; 3000], &mut target);
        phase.draw_momentum(&[0.25; 3000], &Stream::new(1, 2, 3, 4), 0);
        let square = phase.momentum.iter().map(|p| p * p).sum::<f64>() / 3000.0;
        // The mean of 3000 squares of variance 2·4².
        let error = (2.0 * 16.0 / 3000.0f64).sqrt();
        assert!((square - 4.0).abs() < 4.0 * error, "{square}");
    }

    #[test]
    fn an_energy_that_is_not_a_number_counts_as_infinite() {
        let mut phase = start();
        phase.potential = f64::NAN;
        assert_eq!(phase.energy(&[1.0, 1.0]), f64::INFINITY);
    }
}
