//! `adamw`: Adam with weight decay that is no part of the gradient.
//!
//! ```text
//! w ← w − lr·weight_decay·w      for the variables that are decayed
//! then the step of adam
//! ```
//!
//! as in `tf_keras.optimizers.AdamW`; PyTorch's differs in ε alone, as its Adam does. Without the decay it is `adam`,
//! to the bit.
//!
//! A prior shrinks weights already: under N(0, s²) and a loss per example its term has the gradient w/(N s²). So only
//! kernels without one are decayed, those that are `deterministic`; `decays = "kernels"` decays the loc of every kernel.
//! A rho is never decayed: 0 is no special scale. Nor are biases, scales and shifts of norms, and learned numbers.
//! Source: Loshchilov and Hutter 2019.

use super::adam::{Adam, BETA1, BETA2, EPSILON, Moves, number};
use super::{Decay, Decayed, Optimizer, SLOTS, Update, learning_rate};
use crate::signature::{Constants, Domain, Kind, Parameter, Signature};
use crate::tensor::Real;

/// The optimizer.
pub struct AdamW;

static SIGNATURE: Signature = Signature {
    name: "adamw",
    summary: "adam, and decay of weights that is no part of the gradient, as Keras has it",
    parameters: &[
        learning_rate("0.001"),
        number(
            "weight_decay",
            Domain::NonNegative,
            "0.004",
            "the part of a weight that goes at each step, times the learning rate",
        ),
        Parameter {
            name: "decays",
            kind: Kind::Choice(&["without_prior", "kernels"]),
            default: Some("without_prior"),
            summary: "which weights: kernels that no prior shrinks, or the loc of every kernel",
        },
        BETA1,
        BETA2,
        EPSILON,
    ],
};

impl Optimizer for AdamW {
    fn signature(&self) -> &'static Signature {
        &SIGNATURE
    }
    fn state(&self, settings: &Constants) -> &'static [&'static str] {
        Adam.state(settings)
    }
    fn step_size(&self, settings: &Constants, learning_rate: f64, t: u64) -> f64 {
        Adam.step_size(settings, learning_rate, t)
    }
    fn decay(&self, settings: &Constants, learning_rate: f64) -> Option<Decay> {
        let of = match settings.word("decays") {
            "kernels" => Decayed::AllKernels,
            _ => Decayed::KernelsWithoutPrior,
        };
        let rate = learning_rate * settings.number("weight_decay");
        Some(Decay { of, rate })
    }
}

impl<T: Real> Update<T> for AdamW {
    fn update(
        &self,
        settings: &Constants,
        size: f64,
        variables: &mut [T],
        gradient: &[T],
        state: [&mut [T]; SLOTS],
    ) -> bool {
        Adam.update(settings, size, variables, gradient, state)
    }
    fn moves(&self, settings: &Constants, size: f64) -> Option<Moves<T>> {
        Adam.moves(settings, size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optimizer::{State, defaults};
    use crate::signature::Constant;

    #[test]
    fn only_what_is_decayed_differs_from_adam() {
        let mut settings = defaults(&SIGNATURE);
        settings.set("weight_decay", Constant::Number(0.5));
        let mut decaying = State::<f64>::new(&AdamW, settings, 3);
        let mut plain = State::<f64>::new(&Adam, defaults(Adam.signature()), 3);
        decaying.decay(vec![0..1, 2..3]);
        let (mut a, mut b) = ([1.0, 2.0, -4.0], [1.0, 2.0, -4.0]);
        for state in [(&mut decaying, &mut a), (&mut plain, &mut b)] {
            state.0.step(1, 0.25, state.1, &[1.0, -1.0, 2.0]);
        }
        // An eighth of each.
        for (found, expected) in a.iter().zip([b[0] - 0.125, b[1], b[2] + 0.5]) {
            assert!((found - expected).abs() < 1e-15, "{a:?} {b:?}");
        }
    }
}
