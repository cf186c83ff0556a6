//! Hamiltonian Monte Carlo: a momentum is drawn, a trajectory of leapfrogs proposes a position, Metropolis decides.
//!
//! The proposal is accepted with probability min(1, exp(H(start) − H(end))). Duane, Kennedy, Pendleton and Roweth
//! 1987, "Hybrid Monte Carlo"; Neal 2011, "MCMC using Hamiltonian dynamics".

use super::leapfrog::Phase;
use super::random::{Random, Use};
use super::{DIVERGENCE, Potential, Transition};

/// How long a trajectory is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Length {
    /// This many leapfrogs.
    Leapfrogs(usize),
    /// This much time: ⌈length/ε⌉ leapfrogs, whose steps are shortened so that they meet it exactly. Under a normal
    /// prior of standard deviation s, Izmailov, Vikram, Hoffman and Wilson 2021 take πs/2: a quarter of the period of
    /// the prior's own oscillation, after which a position is independent of where it started.
    Trajectory(f64),
}

/// The most leapfrogs of a trajectory during the warm-up, as many as a NUTS tree of depth 10 has. The search for a step
/// size passes through very small ones, where a trajectory of fixed length would take for ever.
const WARMUP_LEAPFROGS: usize = 1024;
/// The most of a trajectory after it, which is then shorter than it should be: with more, a transition would not end
/// within minutes.
pub const LEAPFROGS: usize = 100_000;

impl Length {
    /// The number of leapfrogs, and their step size.
    fn leapfrogs(self, step_size: f64, is_warmup: bool) -> (usize, f64) {
        match self {
            Length::Leapfrogs(count) => (count, step_size),
            Length::Trajectory(length) => {
                let count = (length / step_size).ceil().max(1.0);
                let most = if is_warmup {
                    WARMUP_LEAPFROGS
                } else {
                    LEAPFROGS
                };
                if count > most as f64 {
                    return (most, step_size);
                }
                (count as usize, length / count)
            }
        }
    }
}

/// One transition from `phase`, which becomes the new state of the chain.
pub(super) fn transition(
    phase: &mut Phase,
    potential: &mut (impl Potential + ?Sized),
    length: Length,
    step_size: f64,
    inverse_mass: &[f64],
    random: &Random,
    is_warmup: bool,
) -> Transition {
    phase.draw_momentum(inverse_mass, &random.stream(Use::Momentum), 0);
    let before = phase.energy(inverse_mass);
    let (most, step_size) = length.leapfrogs(step_size, is_warmup);
    let mut proposal = phase.clone();
    let mut leapfrogs = 0;
    // A trajectory through a place without a density cannot be reversed: it is rejected wherever it would end.
    while leapfrogs < most && proposal.potential.is_finite() {
        proposal.leapfrog(step_size, inverse_mass, potential);
        leapfrogs += 1;
    }
    let after = proposal.energy(inverse_mass);
    let energy_error = after - before;
    let accept_probability = (-energy_error).exp().min(1.0);
    let is_accepted = random.uniforms().next() < accept_probability;
    if is_accepted {
        *phase = proposal;
    }
    Transition {
        accept_probability,
        is_accepted,
        is_divergent: energy_error > DIVERGENCE,
        energy: if is_accepted { after } else { before },
        energy_error,
        leapfrogs,
        tree_depth: 0,
        step_size,
        is_warmup,
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::Gaussian;
    use super::*;
    use std::f64::consts::TAU;

    /// Transitions on the standard normal with steps of 1.2.
    fn transitions(leapfrogs: usize, count: u64) -> Vec<Transition> {
        let mut target = Gaussian::standard(1);
        let mut phase = Phase::new(vec![0.4], &mut target);
        let one = |iteration| {
            let random = Random {
                seed: 5,
                chain: 0,
                iteration,
            };
            let length = Length::Leapfrogs(leapfrogs);
            transition(&mut phase, &mut target, length, 1.2, &[1.0], &random, false)
        };
        (0..count).map(one).collect()
    }

    /// The mean acceptance probability at equilibrium, by quadrature. The energy error is r²·d(angle) in polar
    /// coordinates of (q, p), and r²/2 is exponentially distributed: the mean over r is 1 for d ≤ 0, else 1/(1 + 2d).
    fn acceptance_rate(leapfrogs: usize) -> f64 {
        const ANGLES: usize = 20_000;
        let at = |angle: f64| {
            let mut target = Gaussian::standard(1);
            let mut phase = Phase::new(vec![angle.cos()], &mut target);
            phase.momentum = vec![angle.sin()];
            (0..leapfrogs).for_each(|_| phase.leapfrog(1.2, &[1.0], &mut target));
            let error = phase.energy(&[1.0]) - 0.5;
            1.0 / (1.0 + 2.0 * error.max(0.0))
        };
        let angles = (0..ANGLES).map(|i| at(TAU * (i as f64 + 0.5) / ANGLES as f64));
        angles.sum::<f64>() / ANGLES as f64
    }

    #[test]
    fn a_trajectory_ends_however_small_its_steps_are() {
        let length = Length::Trajectory(1.0);
        assert_eq!(length.leapfrogs(0.3, false), (4, 0.25));
        assert_eq!(length.leapfrogs(1e-20, true), (WARMUP_LEAPFROGS, 1e-20));
        assert_eq!(length.leapfrogs(1e-20, false), (LEAPFROGS, 1e-20));
    }

    #[test]
    fn as_many_proposals_are_accepted_as_the_integral_says() {
        for leapfrogs in [1, 3] {
            let all = transitions(leapfrogs, 10_000);
            let n = all.len() as f64;
            let rate = acceptance_rate(leapfrogs);
            let accepted = all.iter().filter(|t| t.is_accepted).count() as f64;
            // The chain's states are nearly independent; twice the binomial error allows for what is left.
            let error = 2.0 * (rate * (1.0 - rate) / n).sqrt();
            assert!(
                (accepted / n - rate).abs() < 3.0 * error,
                "{leapfrogs}: {rate}"
            );
            let mean = all.iter().map(|t| t.accept_probability).sum::<f64>() / n;
            assert!(
                (mean - rate).abs() < 3.0 * error,
                "{leapfrogs}: {mean} for {rate}"
            );
            // Creutz 1988: the mean of exp(−energy error) is 1 at equilibrium.
            let weights: Vec<f64> = all.iter().map(|t| (-t.energy_error).exp()).collect();
            let mean = weights.iter().sum::<f64>() / n;
            let variance = weights.iter().map(|w| (w - mean).powi(2)).sum::<f64>() / n;
            assert!((mean - 1.0).abs() < 5.0 * (variance / n).sqrt(), "{mean}");
        }
    }

    #[test]
    fn a_trajectory_has_its_length_whatever_the_step_size() {
        let length = Length::Trajectory(1.0);
        assert_eq!(length.leapfrogs(0.3, false), (4, 0.25));
        assert_eq!(length.leapfrogs(5.0, false), (1, 1.0));
        assert_eq!(length.leapfrogs(1e-4, false).0, 10_000);
        assert_eq!(length.leapfrogs(1e-9, true), (WARMUP_LEAPFROGS, 1e-9));
    }

    #[test]
    fn what_runs_into_a_place_without_a_density_is_rejected() {
        /// The standard normal, of which nothing lies above 0.1.
        struct Cut;
        impl Potential for Cut {
            fn dimension(&self) -> usize {
                1
            }
            fn value_and_gradient(&mut self, q: &[f64], gradient: &mut [f64]) -> f64 {
                gradient[0] = q[0];
                if q[0] > 0.1 {
                    f64::NAN
                } else {
                    0.5 * q[0] * q[0]
                }
            }
        }
        let mut phase = Phase::new(vec![0.0], &mut Cut);
        let mut divergent = 0;
        for iteration in 0..200 {
            let random = Random {
                seed: 5,
                chain: 0,
                iteration,
            };
            let before = phase.position[0];
            let length = Length::Leapfrogs(5);
            let now = transition(&mut phase, &mut Cut, length, 0.2, &[1.0], &random, false);
            assert!(phase.position[0] <= 0.1 && phase.potential.is_finite());
            if now.is_divergent {
                divergent += 1;
                assert!(!now.is_accepted && now.accept_probability == 0.0);
                assert_eq!(phase.position[0], before);
            }
        }
        assert!((20..180).contains(&divergent), "{divergent}");
    }
}
