//! The No-U-Turn Sampler: trajectories that double, forward or backward in time, until they would turn back.
//!
//! Hoffman and Gelman 2014, "The No-U-Turn Sampler"; with multinomial sampling from the trajectory and the generalised
//! criterion of Betancourt 2017, "A conceptual introduction to Hamiltonian Monte Carlo" (appendices A.3 and A.4), and
//! the two further criteria between subtrees that Stan checks since version 2.21.
//!
//! A state of the trajectory is drawn with a probability proportional to exp(−H). Within a subtree that is a choice
//! between its halves by their weights. Between the old trajectory and its new half the new one is preferred: it is
//! taken with probability min(1, new weight / old weight). A half that turns back or diverges is not taken at all.
//!
//! A trajectory has turned back where M⁻¹p at one of its ends points against ρ, the sum of its momenta.

use super::leapfrog::{Phase, dot};
use super::random::{Random, Uniforms, Use};
use super::{DIVERGENCE, Potential, Transition};
use crate::tensor::math::log_sum_exp;

/// A stretch of a trajectory, from the end at which it began to grow to the other.
struct Subtree {
    /// The momentum at the end that was reached first.
    first: Vec<f64>,
    /// The momentum at the end that was reached last.
    last: Vec<f64>,
    /// ρ: the sum of the momenta.
    sum: Vec<f64>,
    /// The state that was drawn from the stretch.
    proposal: Phase,
    /// The energy of `proposal`.
    energy: f64,
    /// The logarithm of the sum of exp(H(start) − H) over the states.
    log_weight: f64,
}

/// A trajectory as it grows.
struct Trajectory<'a, P: ?Sized> {
    potential: &'a mut P,
    inverse_mass: &'a [f64],
    uniforms: Uniforms,
    /// The energy at the start.
    energy: f64,
    leapfrogs: usize,
    /// The sum of min(1, exp(H(start) − H)) over the leapfrogs.
    accept_sum: f64,
    is_divergent: bool,
}

impl<P: Potential + ?Sized> Trajectory<'_, P> {
    /// Moves the end of a trajectory by 2^`depth` leapfrogs. `None` if they diverge or turn back.
    fn grow(&mut self, end: &mut Phase, step_size: f64, depth: usize) -> Option<Subtree> {
        if depth == 0 {
            return self.leapfrog(end, step_size);
        }
        let mut one = self.grow(end, step_size, depth - 1)?;
        let two = self.grow(end, step_size, depth - 1)?;
        let log_weight = log_sum_exp(&[one.log_weight, two.log_weight]);
        if self.uniforms.next() < (two.log_weight - log_weight).exp() {
            (one.proposal, one.energy) = (two.proposal, two.energy);
        }
        let halves = [
            (&one.first[..], &one.last[..], &one.sum[..]),
            (&two.first, &two.last, &two.sum),
        ];
        if self.turns_back(halves) {
            return None;
        }
        add(&mut one.sum, &two.sum);
        Some(Subtree {
            last: two.last,
            log_weight,
            ..one
        })
    }

    /// One leapfrog of the end of a trajectory. `None` if it diverges.
    fn leapfrog(&mut self, end: &mut Phase, step_size: f64) -> Option<Subtree> {
        end.leapfrog(step_size, self.inverse_mass, self.potential);
        self.leapfrogs += 1;
        let energy = end.energy(self.inverse_mass);
        let error = energy - self.energy;
        self.accept_sum += (-error).exp().min(1.0);
        if error > DIVERGENCE {
            self.is_divergent = true;
            return None;
        }
        Some(Subtree {
            first: end.momentum.clone(),
            last: end.momentum.clone(),
            sum: end.momentum.clone(),
            proposal: end.clone(),
            energy,
            log_weight: -error,
        })
    }

    /// Whether two stretches, the second of which goes on where the first ends, turn back together; or the first with
    /// the first state of the second; or the second with the last state of the first. Each is given by the momenta at
    /// its first and its last end, and the sum of its momenta.
    fn turns_back(&self, [one, two]: [(&[f64], &[f64], &[f64]); 2]) -> bool {
        let turns = |first: &[f64], last: &[f64], [a, b]: [&[f64]; 2]| {
            let sum: Vec<f64> = a.iter().zip(b).map(|(a, b)| a + b).collect();
            dot(self.inverse_mass, first, &sum) <= 0.0 || dot(self.inverse_mass, last, &sum) <= 0.0
        };
        turns(one.0, two.1, [one.2, two.2])
            || turns(one.0, two.0, [one.2, two.0])
            || turns(one.1, two.1, [one.1, two.2])
    }
}

fn add(to: &mut [f64], from: &[f64]) {
    to.iter_mut().zip(from).for_each(|(to, from)| *to += from);
}

/// One transition from `phase`, which becomes the new state of the chain.
pub(super) fn transition(
    phase: &mut Phase,
    potential: &mut (impl Potential + ?Sized),
    maximum_depth: usize,
    step_size: f64,
    inverse_mass: &[f64],
    random: &Random,
    is_warmup: bool,
) -> Transition {
    phase.draw_momentum(inverse_mass, &random.stream(Use::Momentum), 0);
    let start = phase.energy(inverse_mass);
    let mut trajectory = Trajectory {
        potential,
        inverse_mass,
        uniforms: random.uniforms(),
        energy: start,
        leapfrogs: 0,
        accept_sum: 0.0,
        is_divergent: false,
    };
    // The ends of the trajectory, backward and forward in time.
    let mut ends = [phase.clone(), phase.clone()];
    let mut sum = phase.momentum.clone();
    let (mut energy, mut log_weight) = (start, 0.0);
    let (mut tree_depth, mut is_accepted) = (0, false);
    while tree_depth < maximum_depth {
        let forward = usize::from(trajectory.uniforms.next() > 0.5);
        let signed = if forward == 1 { step_size } else { -step_size };
        let near = ends[forward].momentum.clone();
        let Some(new) = trajectory.grow(&mut ends[forward], signed, tree_depth) else {
            break;
        };
        tree_depth += 1;
        if trajectory.uniforms.next() < (new.log_weight - log_weight).exp() {
            (*phase, energy, is_accepted) = (new.proposal, new.energy, true);
        }
        log_weight = log_sum_exp(&[log_weight, new.log_weight]);
        let far = &ends[1 - forward].momentum[..];
        let halves = [
            (far, &near[..], &sum[..]),
            (&new.first, &new.last, &new.sum),
        ];
        if trajectory.turns_back(halves) {
            break;
        }
        add(&mut sum, &new.sum);
    }
    Transition {
        accept_probability: trajectory.accept_sum / trajectory.leapfrogs.max(1) as f64,
        is_accepted,
        is_divergent: trajectory.is_divergent,
        energy,
        energy_error: energy - start,
        leapfrogs: trajectory.leapfrogs,
        tree_depth,
        step_size,
        is_warmup,
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Gaussian, check_mean};
    use super::*;

    fn run(target: &mut dyn Potential, step_size: f64, count: u64) -> (Vec<f64>, Vec<Transition>) {
        let dimension = target.dimension();
        let mut phase = Phase::new(vec![0.5; dimension], target);
        let one = |iteration| {
            let random = Random {
                seed: 11,
                chain: 2,
                iteration,
            };
            let mass = vec![1.0; dimension];
            let now = transition(&mut phase, target, 10, step_size, &mass, &random, false);
            (phase.position[0], now)
        };
        (0..count).map(one).unzip()
    }

    #[test]
    fn trajectories_double_until_they_turn_back() {
        // A period has 2π/0.1 = 63 steps. A trajectory turns back after half of it, in many dimensions nearly always.
        let (_, all) = run(&mut Gaussian::standard(50), 0.1, 100);
        for t in &all {
            assert!((31..=63).contains(&t.leapfrogs), "{t:?}");
            assert!((5..=6).contains(&t.tree_depth), "{t:?}");
            assert!(!t.is_divergent && t.energy_error.abs() < 1.0);
        }
        let (_, all) = run(&mut Gaussian::standard(50), 1e-3, 5);
        assert!(
            all.iter()
                .all(|t| t.leapfrogs == 1023 && t.tree_depth == 10)
        );
    }

    #[test]
    fn a_large_step_has_the_right_distribution_all_the_same() {
        // Energy errors of order 1: without the weights the variance would be wrong.
        let (draws, all) = run(&mut Gaussian::standard(1), 1.7, 8000);
        assert!(all.iter().any(|t| t.energy_error.abs() > 0.3));
        check_mean(std::slice::from_ref(&draws), 0.0, "mean");
        let squares = draws.iter().map(|x| x * x).collect();
        check_mean(&[squares], 1.0, "variance");
        let fourth = draws.iter().map(|x| x.powi(4)).collect();
        check_mean(&[fourth], 3.0, "fourth moment");
    }

    #[test]
    fn weights_that_are_zero_add_up_to_zero() {
        let none = f64::NEG_INFINITY;
        assert_eq!(log_sum_exp(&[none, none]), none);
        assert_eq!(log_sum_exp(&[none, 2.0]), 2.0);
        assert!((log_sum_exp(&[700.0, 700.0]) - 700.0 - 2.0f64.ln()).abs() < 1e-13);
    }
}
