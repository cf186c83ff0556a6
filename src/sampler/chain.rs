//! A Markov chain of HMC or NUTS: its state, its warm-up, and how it is saved and goes on.

use super::hmc::{self, Length};
use super::leapfrog::Phase;
use super::mass::{Variances, windows};
use super::random::Random;
use super::step_size::{DualAveraging, first_guess};
use super::{Potential, Transition, nuts};

#[cfg(test)]
mod tests;

/// How a transition is made.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kernel {
    /// Trajectories of a given length.
    Hmc(Length),
    /// Trajectories that double up to this many times.
    Nuts(usize),
}

/// What is adapted, and for how many transitions.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Warmup {
    /// The transitions that adapt. Their positions are no draws of the posterior.
    pub transitions: usize,
    /// Whether the step size is adapted.
    pub step_size: bool,
    /// Whether a diagonal mass is adapted.
    pub mass: bool,
    /// The acceptance probability that the step size is adapted to: 0.8 unless trajectories diverge.
    pub target: f64,
}

/// What a chain does, and where its random numbers come from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// The seed of all chains of a run.
    pub seed: u64,
    /// The number of the chain.
    pub chain: u32,
    /// How a transition is made.
    pub kernel: Kernel,
    /// What is adapted.
    pub warmup: Warmup,
    /// The step size; if it is adapted, where the search begins.
    pub step_size: f64,
}

/// Why a chain cannot start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoStart {
    /// The potential or its gradient is not finite at the first position.
    NotFinite,
    /// No step size is acceptable, or all are: the potential is not smooth there, or flat.
    NoStepSize,
}

/// A chain between two transitions.
#[derive(Debug, Clone, PartialEq)]
pub struct Chain {
    settings: Settings,
    windows: Vec<std::ops::Range<usize>>,
    /// Transitions done.
    iteration: usize,
    /// Those that moved the chain.
    accepted: usize,
    phase: Phase,
    step_size: f64,
    averaging: DualAveraging,
    inverse_mass: Vec<f64>,
    /// Of the positions of the current window.
    variances: Variances,
}

/// Numbers of a saved chain before its five vectors.
const NUMBERS: usize = 8;

impl Chain {
    /// A chain at `position`, with unit masses. If the step size is adapted, the first guess is made here.
    pub fn new(
        settings: Settings,
        position: Vec<f64>,
        potential: &mut (impl Potential + ?Sized),
    ) -> Result<Chain, NoStart> {
        let phase = Phase::new(position, potential);
        if !phase.is_finite() {
            return Err(NoStart::NotFinite);
        }
        let mut chain = Chain::at(settings, phase);
        if settings.warmup.step_size && settings.warmup.transitions > 0 {
            chain.search(potential).ok_or(NoStart::NoStepSize)?;
        }
        Ok(chain)
    }

    fn at(settings: Settings, phase: Phase) -> Self {
        let dimension = phase.position.len();
        let warmup = settings.warmup;
        Chain {
            settings,
            windows: if warmup.mass {
                windows(warmup.transitions)
            } else {
                vec![]
            },
            iteration: 0,
            accepted: 0,
            phase,
            step_size: settings.step_size,
            averaging: DualAveraging::new(settings.step_size),
            inverse_mass: vec![1.0; dimension],
            variances: Variances::new(dimension),
        }
    }

    /// Looks for a step size where the chain is, and begins to average anew from it.
    fn search(&mut self, potential: &mut (impl Potential + ?Sized)) -> Option<()> {
        let (random, mass) = (self.random(), &self.inverse_mass);
        self.step_size = first_guess(&self.phase, potential, self.step_size, mass, &random)?;
        self.averaging = DualAveraging::new(self.step_size);
        Some(())
    }

    fn random(&self) -> Random {
        Random {
            seed: self.settings.seed,
            chain: self.settings.chain,
            iteration: self.iteration as u64,
        }
    }

    /// Where the chain is.
    pub fn position(&self) -> &[f64] {
        &self.phase.position
    }

    /// U at the chain's position.
    pub fn potential(&self) -> f64 {
        self.phase.potential
    }

    /// The number of transitions done.
    pub fn iteration(&self) -> usize {
        self.iteration
    }

    /// The number of transitions that moved the chain, those of the warm-up among them.
    pub fn accepted(&self) -> usize {
        self.accepted
    }

    /// The step size of the next transition.
    pub fn step_size(&self) -> f64 {
        self.step_size
    }

    /// The inverse of the mass of each entry.
    pub fn inverse_mass(&self) -> &[f64] {
        &self.inverse_mass
    }

    /// Whether the next transition belongs to the warm-up.
    pub fn is_warming_up(&self) -> bool {
        self.iteration < self.settings.warmup.transitions
    }

    /// Makes a transition, and adapts to it during the warm-up.
    pub fn transition(&mut self, potential: &mut (impl Potential + ?Sized)) -> Transition {
        let (random, is_warmup) = (self.random(), self.is_warming_up());
        let (phase, step, mass) = (&mut self.phase, self.step_size, &self.inverse_mass);
        let made = match self.settings.kernel {
            Kernel::Hmc(length) => {
                hmc::transition(phase, potential, length, step, mass, &random, is_warmup)
            }
            Kernel::Nuts(depth) => {
                nuts::transition(phase, potential, depth, step, mass, &random, is_warmup)
            }
        };
        self.iteration += 1;
        self.accepted += usize::from(made.is_accepted);
        if is_warmup {
            self.adapt(made.accept_probability, potential);
        }
        made
    }

    /// Adapts step size and mass to the transition that was just made.
    fn adapt(&mut self, accept_probability: f64, potential: &mut (impl Potential + ?Sized)) {
        let warmup = self.settings.warmup;
        if warmup.step_size {
            self.step_size = self.averaging.update(accept_probability, warmup.target);
        }
        let last = self.iteration - 1;
        if let Some(window) = self.windows.iter().find(|window| window.contains(&last)) {
            self.variances.add(&self.phase.position);
            if self.iteration == window.end {
                self.variances.write_inverse_mass(&mut self.inverse_mass);
                self.variances = Variances::new(self.inverse_mass.len());
                if warmup.step_size && self.search(potential).is_none() {
                    // It goes on from the step size before; the acceptance will show it.
                    self.averaging = DualAveraging::new(self.step_size);
                }
            }
        }
        if warmup.step_size && self.iteration == warmup.transitions {
            self.step_size = self.averaging.result();
        }
    }

    /// The length of [`Chain::save`] for positions of this many entries.
    pub const fn saved_length(dimension: usize) -> usize {
        NUMBERS + 5 * dimension
    }

    /// The chain's state as numbers: iteration, accepted, potential, step size and dual averaging, then position, gradient, inverse
    /// mass, and the mean and squares of the window's positions.
    pub fn save(&self) -> Vec<f64> {
        let averaging = &self.averaging;
        let mut saved = vec![
            self.iteration as f64,
            self.accepted as f64,
            self.phase.potential,
            self.step_size,
            averaging.centre,
            averaging.count,
            averaging.shortfall,
            averaging.average,
        ];
        let [phase, variances] = [
            [&self.phase.position, &self.phase.gradient],
            [&self.variances.mean, &self.variances.squares],
        ];
        phase.iter().for_each(|part| saved.extend_from_slice(part));
        saved.extend_from_slice(&self.inverse_mass);
        variances
            .iter()
            .for_each(|part| saved.extend_from_slice(part));
        saved
    }

    /// The position among the numbers that [`Chain::save`] wrote.
    pub fn saved_position(saved: &mut [f64]) -> &mut [f64] {
        let dimension = (saved.len() - NUMBERS) / 5;
        &mut saved[NUMBERS..][..dimension]
    }

    /// The chain that [`Chain::save`] wrote under the same settings. It goes on with the same bits. `None` if the numbers
    /// are too many or too few for any dimension.
    pub fn restore(settings: Settings, saved: &[f64]) -> Option<Chain> {
        let (numbers, vectors) = saved.split_first_chunk::<NUMBERS>()?;
        let dimension = vectors.len() / 5;
        if dimension == 0 || vectors.len() % 5 != 0 {
            return None;
        }
        let [
            iteration,
            accepted,
            potential,
            step_size,
            centre,
            count,
            shortfall,
            average,
        ] = *numbers;
        let vector = |number: usize| vectors[number * dimension..][..dimension].to_vec();
        let phase = Phase {
            position: vector(0),
            momentum: vec![0.0; dimension],
            gradient: vector(1),
            potential,
        };
        let mut chain = Chain::at(settings, phase);
        chain.iteration = iteration as usize;
        chain.accepted = accepted as usize;
        chain.step_size = step_size;
        chain.averaging = DualAveraging {
            centre,
            count,
            shortfall,
            average,
        };
        chain.inverse_mass = vector(2);
        let current = chain.windows.iter().find(|w| w.contains(&chain.iteration));
        chain.variances = Variances {
            count: current.map_or(0.0, |window| (chain.iteration - window.start) as f64),
            mean: vector(3),
            squares: vector(4),
        };
        Some(chain)
    }
}
