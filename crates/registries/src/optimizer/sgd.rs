//! `sgd`: gradient descent, with momentum on request.
//!
//! ```text
//! momentum 0   w ← w − lr g
//! else         u ← momentum·u − lr g,   w ← w + u
//! nesterov                              w ← w + momentum·u − lr g
//! ```
//!
//! as in `tf_keras.optimizers.SGD`: the learning rate is inside the velocity u, so a schedule acts on
//! new gradients only.
//! Source: Polyak 1964; Sutskever et al. 2013 for Nesterov's form.

use super::{Optimizer, SLOTS, Update, learning_rate};
use crate::signature::{Constants, Domain, Kind, Parameter, Signature};
use crate::tensor::Real;

/// The optimizer.
pub struct Sgd;

static SIGNATURE: Signature = Signature {
    name: "sgd",
    summary: "gradient descent, with momentum on request",
    parameters: &[
        learning_rate("0.01"),
        Parameter {
            name: "momentum",
            kind: Kind::Number {
                domain: Domain::Unit,
                learnable: false,
            },
            default: Some("0"),
            summary: "how much of the last step is kept",
        },
        Parameter {
            name: "nesterov",
            kind: Kind::Choice(&["false", "true"]),
            default: Some("false"),
            summary: "whether the gradient is taken as if the momentum's part were done",
        },
    ],
};

impl Optimizer for Sgd {
    fn signature(&self) -> &'static Signature {
        &SIGNATURE
    }
    fn state(&self, settings: &Constants) -> &'static [&'static str] {
        if settings.number("momentum") > 0.0 {
            &["velocity"]
        } else {
            &[]
        }
    }
    fn step_size(&self, _: &Constants, learning_rate: f64, _: u64) -> f64 {
        learning_rate
    }
}

impl<T: Real> Update<T> for Sgd {
    fn update(
        &self,
        settings: &Constants,
        size: f64,
        variables: &mut [T],
        gradient: &[T],
        [velocity, _]: [&mut [T]; SLOTS],
    ) -> bool {
        let (size, momentum) = (T::of(size), T::of(settings.number("momentum")));
        let nesterov = !velocity.is_empty() && settings.word("nesterov") == "true";
        T::dispatch(
            #[inline(always)]
            || {
                let mut finite = true;
                if velocity.is_empty() {
                    for (w, &g) in variables.iter_mut().zip(gradient) {
                        *w -= size * g;
                        finite &= g.is_finite();
                    }
                } else if nesterov {
                    for ((w, &g), u) in variables.iter_mut().zip(gradient).zip(velocity) {
                        *u = momentum * *u - size * g;
                        *w += momentum * *u - size * g;
                        finite &= g.is_finite();
                    }
                } else {
                    for ((w, &g), u) in variables.iter_mut().zip(gradient).zip(velocity) {
                        *u = momentum * *u - size * g;
                        *w += *u;
                        finite &= g.is_finite();
                    }
                }
                finite
            },
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optimizer::State;
    use crate::signature::Constant;

    fn run(momentum: f64, nesterov: &'static str) -> Vec<f64> {
        let settings = Constants(vec![
            ("learning_rate", Constant::Number(0.1)),
            ("momentum", Constant::Number(momentum)),
            ("nesterov", Constant::Word(nesterov)),
        ]);
        let mut state = State::<f64>::new(&Sgd, settings, 1);
        let mut w = [1.0];
        [2.0, -1.0]
            .iter()
            .zip(1..)
            .map(|(&g, t)| (state.step(t, 0.1, &mut w, &[g]), w[0]).1)
            .collect()
    }

    fn assert_near(found: &[f64], expected: &[f64]) {
        assert!(
            found
                .iter()
                .zip(expected)
                .all(|(a, b)| (a - b).abs() < 1e-15),
            "{found:?}"
        );
    }

    #[test]
    fn steps_are_those_worked_out_by_hand() {
        assert_near(&run(0.0, "false"), &[0.8, 0.9]);
        // u: −0.2, then −0.18 + 0.1.
        assert_near(&run(0.9, "false"), &[0.8, 0.72]);
        // 1 − 0.18 − 0.2; then u = −0.08, so −0.072 + 0.1.
        assert_near(&run(0.9, "true"), &[0.62, 0.648]);
    }
}
