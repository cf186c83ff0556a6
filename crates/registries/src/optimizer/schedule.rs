//! Learning-rate schedules: a factor on the optimizer's learning rate, by how far the run is.

use crate::signature::{Constants, Domain, Kind, Parameter, Signature};
use std::f64::consts::PI;

/// An entry of the registry.
pub trait Schedule: Sync {
    /// Its name and settings, the keys of a run file's `[schedule]`.
    fn signature(&self) -> &'static Signature;
    /// What the learning rate is multiplied with after `epoch` of `epochs` epochs, fractional.
    fn factor(&self, settings: &Constants, epoch: f64, epochs: f64) -> f64;
    /// Whether the factor depends on the length of the run, so that a run cannot be made longer later.
    fn needs_epochs(&self) -> bool;
}

/// Every schedule.
pub static SCHEDULES: &[&dyn Schedule] = &[&Steady, &Cosine, &Steps];

/// The schedule called `name`.
pub fn find(name: &str) -> Option<&'static dyn Schedule> {
    SCHEDULES
        .iter()
        .copied()
        .find(|s| s.signature().name == name)
}

/// `constant`: 1 throughout.
struct Steady;

static CONSTANT: Signature = Signature {
    name: "constant",
    summary: "the learning rate throughout",
    parameters: &[],
};

impl Schedule for Steady {
    fn signature(&self) -> &'static Signature {
        &CONSTANT
    }
    fn factor(&self, _: &Constants, _: f64, _: f64) -> f64 {
        1.0
    }
    fn needs_epochs(&self) -> bool {
        false
    }
}

/// `cosine`: up from 0 over the warm-up, then half a cosine down to `floor`.
struct Cosine;

static COSINE: Signature = Signature {
    name: "cosine",
    summary: "half a cosine from the learning rate down to its floor at the last epoch",
    parameters: &[
        Parameter {
            name: "warmup_epochs",
            kind: Kind::Number {
                domain: Domain::NonNegative,
                learnable: false,
            },
            default: Some("0"),
            summary: "epochs in which it first grows linearly from 0",
        },
        Parameter {
            name: "floor",
            kind: Kind::Number {
                domain: Domain::Unit,
                learnable: false,
            },
            default: Some("0"),
            summary: "what is left of it at the end, as a fraction",
        },
    ],
};

impl Schedule for Cosine {
    fn signature(&self) -> &'static Signature {
        &COSINE
    }
    fn factor(&self, settings: &Constants, epoch: f64, epochs: f64) -> f64 {
        let (warmup, floor) = (settings.number("warmup_epochs"), settings.number("floor"));
        if epoch < warmup {
            return epoch / warmup;
        }
        let done = if epochs > warmup {
            ((epoch - warmup) / (epochs - warmup)).min(1.0)
        } else {
            0.0
        };
        floor + (1.0 - floor) * 0.5 * (1.0 + (PI * done).cos())
    }
    fn needs_epochs(&self) -> bool {
        true
    }
}

/// `step`: multiplied with `factor` every `every` epochs.
struct Steps;

static STEP: Signature = Signature {
    name: "step",
    summary: "multiplied with a factor every so many epochs",
    parameters: &[
        Parameter {
            name: "every",
            kind: Kind::Number {
                domain: Domain::Positive,
                learnable: false,
            },
            default: Some("10"),
            summary: "epochs between two drops",
        },
        Parameter {
            name: "factor",
            kind: Kind::Number {
                domain: Domain::Positive,
                learnable: false,
            },
            default: Some("0.1"),
            summary: "what it is multiplied with at each",
        },
    ],
};

impl Schedule for Steps {
    fn signature(&self) -> &'static Signature {
        &STEP
    }
    fn factor(&self, settings: &Constants, epoch: f64, _: f64) -> f64 {
        settings
            .number("factor")
            .powf((epoch / settings.number("every")).floor())
    }
    fn needs_epochs(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signature::Constant;

    fn numbers(values: &[(&'static str, f64)]) -> Constants {
        Constants(
            values
                .iter()
                .map(|(name, x)| (*name, Constant::Number(*x)))
                .collect(),
        )
    }

    #[test]
    fn the_cosine_starts_at_one_and_ends_at_its_floor() {
        let plain = numbers(&[("warmup_epochs", 0.0), ("floor", 0.0)]);
        for (epoch, expected) in [
            (0.0, 1.0),
            (5.0, 0.5),
            (10.0, 0.0),
            (2.5, 0.853_553_390_593_273_7),
        ] {
            assert!((Cosine.factor(&plain, epoch, 10.0) - expected).abs() < 1e-15);
        }
        let warm = numbers(&[("warmup_epochs", 2.0), ("floor", 0.1)]);
        for (epoch, expected) in [(0.0, 0.0), (1.0, 0.5), (2.0, 1.0), (6.0, 0.55), (10.0, 0.1)] {
            assert!((Cosine.factor(&warm, epoch, 10.0) - expected).abs() < 1e-15);
        }
    }

    #[test]
    fn steps_drop_where_they_should() {
        let settings = numbers(&[("every", 3.0), ("factor", 0.5)]);
        for (epoch, expected) in [(0.0, 1.0), (2.99, 1.0), (3.0, 0.5), (6.5, 0.25)] {
            assert_eq!(Steps.factor(&settings, epoch, 10.0), expected);
        }
    }
}
