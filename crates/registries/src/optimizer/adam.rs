//! `adam`: steps scaled by running means of the gradient and of its square.
//!
//! ```text
//! m ← m + (g − m)(1 − β₁)
//! v ← v + (g² − v)(1 − β₂)
//! w ← w − α_t m / (√v + ε),   α_t = lr √(1 − β₂ᵗ) / (1 − β₁ᵗ),   t = 1, 2, …
//! ```
//!
//! These are the operations of `tf_keras.optimizers.Adam`, in its order: the bias correction is in the
//! step size and ε outside the root, so ε = 1e-7 here is not the ε̂ of the paper's algorithm 1 (which
//! adds it to the corrected root) but that of the remark at the end of its section 2.
//! Source: Kingma and Ba 2015.

use super::{Optimizer, SLOTS, Update, learning_rate};
use crate::signature::{Constants, Domain, Kind, Parameter, Signature};
use crate::tensor::Real;

/// The optimizer.
pub struct Adam;

pub(super) const fn number(
    name: &'static str,
    domain: Domain,
    default: &'static str,
    summary: &'static str,
) -> Parameter {
    Parameter {
        name,
        kind: Kind::Number {
            domain,
            learnable: false,
        },
        default: Some(default),
        summary,
    }
}

pub(super) const BETA1: Parameter = number(
    "beta1",
    Domain::OpenUnit,
    "0.9",
    "decay of the gradient's mean",
);
pub(super) const BETA2: Parameter = number(
    "beta2",
    Domain::OpenUnit,
    "0.999",
    "decay of the squared gradient's mean",
);
pub(super) const EPSILON: Parameter = number(
    "epsilon",
    Domain::Positive,
    "1e-7",
    "added to the root, outside it",
);

static SIGNATURE: Signature = Signature {
    name: "adam",
    summary: "steps scaled by running means of the gradient and its square, as Keras has it",
    parameters: &[learning_rate("0.001"), BETA1, BETA2, EPSILON],
};

impl Optimizer for Adam {
    fn signature(&self) -> &'static Signature {
        &SIGNATURE
    }
    fn state(&self, _: &Constants) -> &'static [&'static str] {
        &["m", "v"]
    }
    fn step_size(&self, settings: &Constants, learning_rate: f64, t: u64) -> f64 {
        let (beta1, beta2) = (settings.number("beta1"), settings.number("beta2"));
        let t = t as f64;
        learning_rate * (1.0 - beta2.powf(t)).sqrt() / (1.0 - beta1.powf(t))
    }
}

impl<T: Real> Update<T> for Adam {
    fn update(
        &self,
        settings: &Constants,
        size: f64,
        variables: &mut [T],
        gradient: &[T],
        state: [&mut [T]; SLOTS],
    ) -> bool {
        let moves = Moves::new(settings, size);
        let [m, v] = state;
        T::dispatch(
            #[inline(always)]
            || {
                let mut finite = true;
                for (((w, &g), m), v) in variables.iter_mut().zip(gradient).zip(m).zip(v) {
                    moves.entry(w, g, [m, v]);
                    finite &= g.is_finite();
                }
                finite
            },
        )
    }
    fn moves(&self, settings: &Constants, size: f64) -> Option<Moves<T>> {
        Some(Moves::new(settings, size))
    }
}

/// A step, entry by entry.
#[derive(Debug, Clone, Copy)]
pub struct Moves<T> {
    rest1: T,
    rest2: T,
    epsilon: T,
    size: T,
}

impl<T: Real> Moves<T> {
    fn new(settings: &Constants, size: f64) -> Self {
        let one_minus = |name| T::of(1.0 - settings.number(name));
        Moves {
            rest1: one_minus("beta1"),
            rest2: one_minus("beta2"),
            epsilon: T::of(settings.number("epsilon")),
            size: T::of(size),
        }
    }

    /// Moves `w` down its gradient `g`; m and v are its own.
    #[inline(always)]
    pub fn entry(&self, w: &mut T, g: T, [m, v]: [&mut T; SLOTS]) {
        *m += (g - *m) * self.rest1;
        *v += (g * g - *v) * self.rest2;
        *w -= *m * self.size / (v.sqrt() + self.epsilon);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optimizer::{State, defaults};

    #[test]
    fn the_first_steps_are_those_worked_out_by_hand() {
        let mut state = State::<f64>::new(&Adam, defaults(&SIGNATURE), 1);
        let mut w = [1.0];
        // t = 1: m = 0.2, v = 0.004, α = 1e-3 √0.001 / 0.1; so m/√v · α = 1e-3 but for ε.
        state.step(1, 1e-3, &mut w, &[2.0]);
        let alpha = 1e-3 * 0.001_f64.sqrt() / 0.1;
        let expected = 1.0 - alpha * 0.2 / (0.004_f64.sqrt() + 1e-7);
        assert!((w[0] - expected).abs() < 1e-15, "{} {expected}", w[0]);
        assert!((w[0] - 0.999).abs() < 1e-8);
        // t = 2, g = -1: m = 0.9 · 0.2 − 0.1, v = 0.999 · 0.004 + 0.001.
        state.step(2, 1e-3, &mut w, &[-1.0]);
        let alpha = 1e-3 * (1.0 - 0.999_f64.powi(2)).sqrt() / (1.0 - 0.81);
        let expected = expected - alpha * 0.08 / (0.004996_f64.sqrt() + 1e-7);
        assert!((w[0] - expected).abs() < 1e-15, "{} {expected}", w[0]);
    }

    #[test]
    fn a_zero_gradient_moves_nothing() {
        let mut state = State::<f32>::new(&Adam, defaults(&SIGNATURE), 3);
        let mut w = [1.0, -2.0, 0.5];
        state.step(1, 1e-3, &mut w, &[0.0; 3]);
        assert_eq!(w, [1.0, -2.0, 0.5]);
    }
}
