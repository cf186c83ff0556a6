//! Learning-rate schedules: a factor on the optimizer's learning rate, by how far the run is.
//!
//! Over the first `warmup_epochs` of any of them the factor grows linearly from 0 to 1. What comes after is by the
//! epochs of the run, the warm-up's among them: a drop after 30 epochs is one after 30 of the run.

use crate::signature::{Constants, Domain, Kind, Parameter, Signature};
use std::f64::consts::PI;

/// An entry of the registry.
pub trait Schedule: Sync {
    /// Its name and settings, the keys of a run file's `[schedule]`.
    fn signature(&self) -> &'static Signature;
    /// What the learning rate is multiplied with after `epoch` of `epochs` epochs, fractional.
    fn factor(&self, settings: &Constants, epoch: f64, epochs: f64) -> f64 {
        let warmup = settings.number("warmup_epochs");
        match epoch < warmup {
            true => epoch / warmup,
            false => self.after_warmup(settings, epoch, epochs),
        }
    }
    /// The same once the warm-up is over.
    fn after_warmup(&self, settings: &Constants, epoch: f64, epochs: f64) -> f64;
    /// Whether the factor depends on the length of the run, so that a run cannot be made longer later.
    fn needs_epochs(&self) -> bool;
}

/// Every schedule.
pub static SCHEDULES: &[&dyn Schedule] = &[&Steady, &Cosine, &Steps, &Milestones];

/// The schedule called `name`.
pub fn find(name: &str) -> Option<&'static dyn Schedule> {
    SCHEDULES
        .iter()
        .copied()
        .find(|s| s.signature().name == name)
}

/// `warmup_epochs`, which every schedule has.
const WARMUP: Parameter = Parameter {
    name: "warmup_epochs",
    kind: Kind::Number {
        domain: Domain::NonNegative,
        learnable: false,
    },
    default: Some("0"),
    summary: "epochs in which it first grows linearly from 0",
};

/// `constant`: 1 throughout.
struct Steady;

static CONSTANT: Signature = Signature {
    name: "constant",
    summary: "the learning rate throughout",
    parameters: &[WARMUP],
};

impl Schedule for Steady {
    fn signature(&self) -> &'static Signature {
        &CONSTANT
    }
    fn after_warmup(&self, _: &Constants, _: f64, _: f64) -> f64 {
        1.0
    }
    fn needs_epochs(&self) -> bool {
        false
    }
}

/// `cosine`: after the warm-up half a cosine down to `floor`.
struct Cosine;

static COSINE: Signature = Signature {
    name: "cosine",
    summary: "half a cosine from the learning rate down to its floor at the last epoch",
    parameters: &[
        WARMUP,
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
    fn after_warmup(&self, settings: &Constants, epoch: f64, epochs: f64) -> f64 {
        let (warmup, floor) = (settings.number("warmup_epochs"), settings.number("floor"));
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
        WARMUP,
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
    fn after_warmup(&self, settings: &Constants, epoch: f64, _: f64) -> f64 {
        settings
            .number("factor")
            .powf((epoch / settings.number("every")).floor())
    }
    fn needs_epochs(&self) -> bool {
        false
    }
}

/// `milestones`: multiplied with `factor` at each of some epochs.
struct Milestones;

static MILESTONES: Signature = Signature {
    name: "milestones",
    summary: "multiplied with a factor after each of some epochs",
    parameters: &[
        WARMUP,
        Parameter {
            name: "at",
            kind: Kind::Counts,
            default: Some("[80, 120]"),
            summary: "the epochs after which it drops",
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

impl Schedule for Milestones {
    fn signature(&self) -> &'static Signature {
        &MILESTONES
    }
    fn after_warmup(&self, settings: &Constants, epoch: f64, _: f64) -> f64 {
        let at = settings.shape("at").0;
        let passed = at.iter().filter(|&&at| epoch >= at as f64).count();
        settings.number("factor").powi(passed as i32)
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
        let settings = numbers(&[("warmup_epochs", 0.0), ("every", 3.0), ("factor", 0.5)]);
        for (epoch, expected) in [(0.0, 1.0), (2.99, 1.0), (3.0, 0.5), (6.5, 0.25)] {
            assert_eq!(Steps.factor(&settings, epoch, 10.0), expected);
        }
    }

    #[test]
    fn milestones_and_a_warm_up_are_of_the_runs_epochs() {
        let mut settings = numbers(&[("warmup_epochs", 2.0), ("factor", 0.5)]);
        settings.set("at", Constant::Counts(vec![4, 3]));
        let expected = [
            (0.0, 0.0),
            (0.5, 0.25),
            (2.0, 1.0),
            (2.9, 1.0),
            (3.0, 0.5),
            (4.0, 0.25),
        ];
        for (epoch, expected) in expected {
            assert_eq!(Milestones.factor(&settings, epoch, 10.0), expected);
        }
        assert_eq!(Steady.factor(&settings, 1.0, 10.0), 0.5);
        assert_eq!(Steady.factor(&settings, 9.0, 10.0), 1.0);
        settings.set("every", Constant::Number(3.0));
        assert_eq!(Steps.factor(&settings, 1.0, 10.0), 0.5);
        assert_eq!(Steps.factor(&settings, 3.5, 10.0), 0.5);
    }
}
