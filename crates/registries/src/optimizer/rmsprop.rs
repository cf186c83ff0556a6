//! `rmsprop`: steps scaled by a running mean of the squared gradient, with momentum on request.
//!
//! ```text
//! v ← rho·v + (1 − rho) g²
//! momentum 0   w ← w − lr g / √(v + ε)
//! else         u ← momentum·u + lr g / √(v + ε),   w ← w − u
//! ```
//!
//! as in `tf_keras.optimizers.RMSprop`: ε is inside the root and the learning rate inside the velocity u. PyTorch adds
//! ε outside the root, and has 0.99 and 1e-8 where this has 0.9 and 1e-7.
//! Source: Tieleman and Hinton 2012.

use super::adam::number;
use super::{Optimizer, SLOTS, Update, learning_rate};
use crate::signature::{Constants, Domain, Signature};
use crate::tensor::Real;

/// The optimizer.
pub struct RmsProp;

static SIGNATURE: Signature = Signature {
    name: "rmsprop",
    summary: "steps scaled by a running mean of the squared gradient, as Keras has it",
    parameters: &[
        learning_rate("0.001"),
        number(
            "rho",
            Domain::OpenUnit,
            "0.9",
            "decay of the squared gradient's mean",
        ),
        number(
            "momentum",
            Domain::Unit,
            "0",
            "how much of the last step is kept",
        ),
        number(
            "epsilon",
            Domain::Positive,
            "1e-7",
            "added to the mean, inside the root",
        ),
    ],
};

impl Optimizer for RmsProp {
    fn signature(&self) -> &'static Signature {
        &SIGNATURE
    }
    fn state(&self, settings: &Constants) -> &'static [&'static str] {
        match settings.number("momentum") > 0.0 {
            true => &["v", "velocity"],
            false => &["v"],
        }
    }
    fn step_size(&self, _: &Constants, learning_rate: f64, _: u64) -> f64 {
        learning_rate
    }
}

impl<T: Real> Update<T> for RmsProp {
    fn update(
        &self,
        settings: &Constants,
        size: f64,
        variables: &mut [T],
        gradient: &[T],
        [v, velocity]: [&mut [T]; SLOTS],
    ) -> bool {
        let number = |name| T::of(settings.number(name));
        let (size, momentum, epsilon) = (T::of(size), number("momentum"), number("epsilon"));
        let (rho, rest) = (number("rho"), T::of(1.0 - settings.number("rho")));
        T::dispatch(
            #[inline(always)]
            || {
                let mut finite = true;
                let of = variables.iter_mut().zip(gradient).zip(v);
                if velocity.is_empty() {
                    for ((w, &g), v) in of {
                        *v = rho * *v + rest * (g * g);
                        *w -= size * g / (*v + epsilon).sqrt();
                        finite &= g.is_finite();
                    }
                } else {
                    for (((w, &g), v), u) in of.zip(velocity) {
                        *v = rho * *v + rest * (g * g);
                        *u = momentum * *u + size * g / (*v + epsilon).sqrt();
                        *w -= *u;
                        finite &= g.is_finite();
                    }
                }
                finite
            },
        )
    }
}
