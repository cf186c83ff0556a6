//! Step sizes in cycles: each begins with large steps that find a new mode, and ends with small ones that sample it.
//!
//! Zhang, Li, Zhang, Chen and Wilson 2020, "Cyclical stochastic gradient MCMC for Bayesian deep learning", equation 1. In
//! step k of a cycle of K:
//!
//! ```text
//! ε = ½ε₀ (cos(π k/K) + 1)
//! ```
//!
//! The first part of a cycle explores: its steps have no noise. Draws are taken in the rest.

/// The cycles of a run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cycles {
    /// K: the steps of a cycle.
    pub length: u64,
    /// The share of a cycle that explores, without noise. Zhang et al. 2020 take 0.8 to 0.94.
    pub exploration: f64,
}

impl Cycles {
    /// What the step size of this step of the run, counted from 0, is multiplied with.
    pub fn factor(&self, step: u64) -> f64 {
        0.5 * ((std::f64::consts::PI * self.place(step)).cos() + 1.0)
    }

    /// Whether this step has noise.
    pub fn has_noise(&self, step: u64) -> bool {
        self.place(step) >= self.exploration
    }

    /// Whether this step is the last one of its cycle.
    pub fn is_end(&self, step: u64) -> bool {
        step % self.length == self.length - 1
    }

    /// Which share of its cycle is done before this step.
    fn place(&self, step: u64) -> f64 {
        (step % self.length) as f64 / self.length as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_shrink_along_a_cosine_and_begin_again() {
        let cycles = Cycles {
            length: 4,
            exploration: 0.5,
        };
        let expected = [
            1.0,
            0.853_553_390_593_273_8,
            0.5,
            0.146_446_609_406_726_2,
            1.0,
        ];
        for (step, expected) in expected.into_iter().enumerate() {
            let found = cycles.factor(step as u64);
            assert!((found - expected).abs() < 1e-15, "{step}: {found}");
        }
        let noise: Vec<bool> = (0..5).map(|k| cycles.has_noise(k)).collect();
        assert_eq!(noise, [false, false, true, true, false]);
        let ends: Vec<bool> = (0..8).map(|k| cycles.is_end(k)).collect();
        assert_eq!(ends, [false, false, false, true, false, false, false, true]);
    }
}
