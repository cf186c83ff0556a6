//! An exponential moving average of variables.
//!
//! ```text
//! a_t = Σ_s d^(t−s) w_s / Σ_s d^(t−s),   s = 1 … t
//! ```
//!
//! The weights sum to 1, so that a run's first variables, which its start made, have no larger part than others. Keras
//! and PyTorch start from w_0 or w_1 with all the weight that is left: after t steps still dᵗ, 0.37 after 1,000 steps
//! at d = 0.999. Later the two are the same.
//! Source: Polyak and Juditsky 1992; the correction is that of Kingma and Ba 2015, section 3.

use crate::tensor::Aligned;
use crate::tensor::simd::par_each;

/// The average.
pub struct Average {
    decay: f64,
    values: Aligned<f32>,
}

impl Average {
    /// Of `len` variables, each step's with `decay` times the weight of the next one's.
    pub fn new(decay: f64, len: usize) -> Self {
        Average {
            decay,
            values: Aligned::zeros(len),
        }
    }

    /// Takes the variables after step `t`, counted from 1.
    pub fn add(&mut self, t: u64, variables: &[f32]) {
        if t <= 1 {
            return self.values.copy_from_slice(variables);
        }
        // (1 − d)/(1 − dᵗ)
        let weight = (1.0 - self.decay) / -(t as f64 * self.decay.ln()).exp_m1();
        let weight = weight as f32;
        par_each(
            &mut self.values,
            [variables],
            #[inline(always)]
            |average, [w]| *average += (w - *average) * weight,
        );
    }

    /// The average, laid out as the variables.
    pub fn values_mut(&mut self) -> &mut [f32] {
        &mut self.values
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_step_has_its_weight() {
        let steps = [[1.0, -2.0], [3.0, 0.0], [-1.0, 4.0], [0.5, 0.25]];
        for decay in [0.5, 0.9, 0.999] {
            let mut average = Average::new(decay, 2);
            for t in 1..=steps.len() {
                average.add(t as u64, &steps[t - 1]);
                let weights: Vec<f64> = (1..=t).map(|s| decay.powi((t - s) as i32)).collect();
                for (entry, &found) in average.values_mut().iter().enumerate() {
                    let terms = weights.iter().zip(&steps);
                    let sum: f64 = terms.map(|(weight, w)| weight * f64::from(w[entry])).sum();
                    let expected = sum / weights.iter().sum::<f64>();
                    let what = format!("{decay} at {t}: {found} {expected}");
                    assert!((f64::from(found) - expected).abs() < 1e-6, "{what}");
                }
            }
        }
    }

    #[test]
    fn what_does_not_move_is_its_own_average() {
        let mut average = Average::new(0.99, 1);
        (1..1000).for_each(|t| average.add(t, &[0.3]));
        assert_eq!(average.values_mut(), [0.3]);
    }
}
