//! `MOPED(delta, scale)`: prior and posterior of a weight from a pretrained one, by empirical Bayes.
//!
//! With w̄ the pretrained weights, entry by entry,
//!
//! ```text
//! p(w) = N(w̄, scale²)
//! q(w) starts as N(w̄, s²),   s = δ|w̄|,   rho = ln(e^s − 1)
//! ```
//!
//! so that before the first step KL(q ‖ p) = Σ ln(scale/s) + s²/(2 scale²) − ½: the means agree, and
//! no term of their distance is left. A weight of exactly 0 would start with a scale of 0; no scale
//! starts below [`FLOOR`].
//!
//! Source: Krishnan, Subedar and Tickoo 2020, "Specifying weight priors in Bayesian deep neural
//! networks with empirical Bayes" (AAAI); Bayesian-Torch's `get_rho`, which adds 1e-20 inside the
//! logarithm where the floor is here. There `scale` is 1.

use crate::signature::{Domain, Kind, Parameter, Signature};

/// Its name and arguments.
pub static SIGNATURE: Signature = Signature {
    name: "MOPED",
    summary: "a normal about the weights that `from` names; the posterior starts there, too",
    parameters: &[
        Parameter {
            name: "delta",
            kind: Kind::Number {
                domain: Domain::Positive,
                learnable: false,
            },
            default: Some("0.1"),
            summary: "the posterior's scale at the start, as a part of the weight's size",
        },
        Parameter {
            name: "scale",
            kind: Kind::Number {
                domain: Domain::Positive,
                learnable: false,
            },
            default: Some("1"),
            summary: "the prior's standard deviation",
        },
    ],
};

/// The least scale that an entry starts with.
pub const FLOOR: f64 = 1e-6;

/// The scale that the posterior of a weight starts with.
pub fn start_scale(delta: f64, pretrained: f64) -> f64 {
    (delta * pretrained.abs()).max(FLOOR)
}
