//! The step size: a first guess, then dual averaging towards an acceptance probability.
//!
//! Nesterov 2009, "Primal-dual subgradient methods for convex problems", as Hoffman and Gelman 2014 apply it
//! (algorithms 4 and 5), with their constants. After transition t, whose acceptance probability was α, towards δ:
//!
//! ```text
//! H ← (1 − 1/(t + t₀)) H + (δ − α)/(t + t₀)
//! log ε ← μ − √t/γ · H
//! x̄ ← (1 − t^−κ) x̄ + t^−κ log ε
//! ```
//!
//! with γ = 0.05, t₀ = 10, κ = 0.75 and μ = log 10ε₀. After the warm-up the step size is exp x̄.

use super::Potential;
use super::leapfrog::Phase;
use super::random::{Random, Use};

const GAMMA: f64 = 0.05;
const T0: f64 = 10.0;
const KAPPA: f64 = 0.75;

/// The acceptance probability that the first guess goes by.
const FIRST_ACCEPTANCE: f64 = 0.8;

/// The smallest and the largest step size of the search: beyond them the density has no scale.
const BOUNDS: [f64; 2] = [1e-20, 1e7];

/// The state of dual averaging.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DualAveraging {
    /// μ: what log ε is drawn towards.
    pub(super) centre: f64,
    /// t
    pub(super) count: f64,
    /// H: how far the acceptance probabilities were below their target.
    pub(super) shortfall: f64,
    /// x̄: the average of log ε.
    pub(super) average: f64,
}

impl DualAveraging {
    /// Begins from a step size.
    pub fn new(step_size: f64) -> Self {
        DualAveraging {
            centre: (10.0 * step_size).ln(),
            count: 0.0,
            shortfall: 0.0,
            average: 0.0,
        }
    }

    /// Takes the acceptance probability of a transition; the step size of the next.
    pub fn update(&mut self, accept_probability: f64, target: f64) -> f64 {
        self.count += 1.0;
        let weight = 1.0 / (self.count + T0);
        self.shortfall = (1.0 - weight) * self.shortfall + weight * (target - accept_probability);
        let log_step_size = self.centre - self.count.sqrt() / GAMMA * self.shortfall;
        let weight = self.count.powf(-KAPPA);
        self.average = (1.0 - weight) * self.average + weight * log_step_size;
        log_step_size.exp().clamp(BOUNDS[0], BOUNDS[1])
    }

    /// The step size after the last update.
    pub fn result(&self) -> f64 {
        self.average.exp().clamp(BOUNDS[0], BOUNDS[1])
    }
}

/// Doubles or halves the step size until one leapfrog is accepted with a probability that crosses 0.8, with a new
/// momentum at each try (Hoffman and Gelman 2014, algorithm 4; Stan's `init_stepsize`). `None` if no step size between
/// 1e-20 and 1e7 is acceptable, or all are.
pub(super) fn first_guess(
    phase: &Phase,
    potential: &mut (impl Potential + ?Sized),
    step_size: f64,
    inverse_mass: &[f64],
    random: &Random,
) -> Option<f64> {
    let momenta = random.stream(Use::StepSize);
    let mut tries = 0;
    let mut is_acceptable = |step_size: f64| {
        let mut phase = phase.clone();
        phase.draw_momentum(inverse_mass, &momenta, tries * inverse_mass.len());
        tries += 1;
        let before = phase.energy(inverse_mass);
        phase.leapfrog(step_size, inverse_mass, potential);
        before - phase.energy(inverse_mass) > FIRST_ACCEPTANCE.ln()
    };
    let grows = is_acceptable(step_size);
    let mut step_size = step_size;
    while is_acceptable(step_size) == grows {
        step_size *= if grows { 2.0 } else { 0.5 };
        if !(BOUNDS[0]..=BOUNDS[1]).contains(&step_size) {
            return None;
        }
    }
    Some(step_size)
}

#[cfg(test)]
mod tests {
    use super::super::testing::Gaussian;
    use super::*;

    #[test]
    fn a_first_guess_has_the_scale_of_the_density() {
        let random = Random {
            seed: 1,
            chain: 0,
            iteration: 0,
        };
        for (deviation, from) in [(1.0, 1.0), (1e-4, 1.0), (1e3, 1.0), (1.0, 1e-3)] {
            let mut target = Gaussian::independent(&[0.0; 4], &[deviation; 4]);
            let phase = Phase::new(vec![deviation; 4], &mut target);
            let guess = first_guess(&phase, &mut target, from, &[1.0; 4], &random);
            let guess = guess.expect("a step size") / deviation;
            assert!(
                (0.3..4.0).contains(&guess),
                "{deviation} from {from}: {guess}"
            );
        }
    }

    #[test]
    fn a_density_without_a_scale_has_no_step_size() {
        struct Flat;
        impl Potential for Flat {
            fn dimension(&self) -> usize {
                1
            }
            fn value_and_gradient(&mut self, _: &[f64], gradient: &mut [f64]) -> f64 {
                gradient[0] = 0.0;
                1.0
            }
        }
        let random = Random {
            seed: 1,
            chain: 0,
            iteration: 0,
        };
        let phase = Phase::new(vec![0.0], &mut Flat);
        assert_eq!(first_guess(&phase, &mut Flat, 1.0, &[1.0], &random), None);
    }

    #[test]
    fn averaging_finds_the_step_size_with_the_acceptance() {
        // An acceptance probability that falls with the step size: 0.8 at ε = 0.25.
        let accept = |step_size: f64| 1.0 / (1.0 + step_size);
        let mut averaging = DualAveraging::new(1.0);
        let mut step_size = 1.0;
        for _ in 0..3000 {
            step_size = averaging.update(accept(step_size), 0.8);
        }
        let result = averaging.result();
        assert!((accept(result) - 0.8).abs() < 2e-3, "{result}");
    }
}
