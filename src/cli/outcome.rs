//! What a finished fit is held against: predictions that take no notice of the inputs.

use crate::diagnostic::Diagnostic;
use crate::evaluate::Scores;
use crate::likelihood::Observed;
use crate::train::metrics::Fit;
use crate::train::progress::number;

/// The best that can be done without the inputs.
pub enum Blind {
    /// The classes' frequencies.
    Frequencies {
        /// Their entropy, in nats an example.
        entropy: f64,
        /// The nll of an example where every class has the same probability.
        uniform: f64,
    },
    /// The targets' mean: its RMSE, in own units.
    Mean(f64),
    /// Of heavy-tailed targets: what mean and RMSE are is up to a few far ones, and either may be better.
    Unknown,
}

impl Blind {
    /// Of real targets, each entry as the data has it.
    pub fn mean(entries: &[Observed]) -> Option<Blind> {
        let squares: f64 = entries.iter().map(|entry| entry.deviation.powi(2)).sum();
        (!entries.is_empty()).then(|| Blind::Mean((squares / entries.len() as f64).sqrt()))
    }

    /// Whether the last epoch, each minibatch under one draw of the weights, was no better.
    pub fn suspects(&self, nll: f64, fit: Fit) -> bool {
        match (self, fit) {
            (Blind::Frequencies { entropy, .. }, _) => no_better(nll, *entropy),
            (Blind::Mean(rmse), Fit::Rmse(found)) => no_better(found, *rmse),
            _ => !nll.is_finite(),
        }
    }
}

/// What is not finite is worse.
fn no_better(found: f64, best: f64) -> bool {
    found >= best || !found.is_finite()
}

/// How many times worse than the mean, or than equal probabilities, a fit is that has gone astray.
const ASTRAY: f64 = 2.0;

/// What is to be said of a fit whose averaged predictions of training examples, with these `scores`, are no better.
/// `cause`: what a lint says of it.
pub fn warning(scores: &Scores, blind: &Blind, cause: Option<&Diagnostic>) -> Option<String> {
    let nll = scores.nll();
    let (what, found, trivial, best, known_nothing) = match blind {
        Blind::Frequencies { entropy, uniform } => (
            "nll",
            nll,
            "the classes' frequencies",
            *entropy,
            // Labels that are nearly all the same have next to no entropy, and a fit begins far above it.
            uniform.max(*entropy),
        ),
        Blind::Mean(rmse) => {
            let found = scores.number("rmse")?;
            ("rmse", found, "the targets' mean", *rmse, *rmse)
        }
        Blind::Unknown if !nll.is_finite() => {
            return Some(format!(
                "the nll of training examples is {}: the fit has diverged; a lower learning rate is the first \
                 thing to try",
                number(nll)
            ));
        }
        Blind::Unknown => return None,
    };
    if !no_better(found, best) {
        return None;
    }
    let why = match cause {
        _ if best == 0.0 => "all targets are the same, so that there is nothing to learn".into(),
        _ if !found.is_finite() || found > ASTRAY * known_nothing => {
            "the fit has diverged; a lower learning rate is the first thing to try".into()
        }
        Some(cause) => {
            let helps: Vec<&str> = cause.helps.iter().map(|help| help.text.as_str()).collect();
            format!("{} ({}); {}", cause.title, cause.code, helps.join("; "))
        }
        None => String::from(
            "the fit has learned nothing: more epochs, or another learning rate, are the first things to try",
        ),
    };
    let how = match scores.draws {
        1 => String::new(),
        draws => format!(", averaged over {draws} draws"),
    };
    Some(format!(
        "the {what} of training examples{how}, {}, is no better than that of predicting {trivial} for every input, \
         {}: {why}",
        number(found),
        number(best)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::likelihood::{Score, ScoreValue};

    fn scores(name: &'static str, value: f64) -> Scores {
        let score = Score {
            name,
            value: ScoreValue::Number(value),
            what: "",
        };
        Scores {
            examples: 10,
            draws: 5,
            scores: vec![score],
            expected_nll: 0.0,
            verdicts: Default::default(),
        }
    }

    #[test]
    fn a_fit_that_is_no_better_than_a_constant_is_told_with_its_cause() {
        let uniform = 10f64.ln();
        let classes = Blind::Frequencies {
            entropy: 2.3,
            uniform,
        };
        let cause =
            Diagnostic::warning("kl-beyond-data", "the KL is too much").help("narrow the prior");
        let said = |value, cause| warning(&scores("nll", value), &classes, cause);
        assert!(said(2.2, Some(&cause)).is_none());
        for (value, cause, why) in [
            (2.3, None, "has learned nothing"),
            (
                2.3,
                Some(&cause),
                "the KL is too much (kl-beyond-data); narrow the prior",
            ),
            (1e9, Some(&cause), "has diverged"),
            (f64::NAN, None, "has diverged"),
        ] {
            let said = said(value, cause).unwrap();
            assert!(said.contains(why) && said.contains("2.3000"), "{said}");
        }
        // Of labels that are nearly all the same.
        let nearly = Blind::Frequencies {
            entropy: 0.01,
            uniform,
        };
        let said = warning(&scores("nll", 2.3), &nearly, None).unwrap();
        assert!(said.contains("has learned nothing"), "{said}");
        let entry = |deviation| Observed {
            deviation,
            ..Observed::of([1.0, 9.0].into_iter()).unwrap()
        };
        let mean = Blind::mean(&[entry(3.0), entry(4.0)]).unwrap();
        assert!(warning(&scores("rmse", 3.5), &mean, None).is_none());
        assert!(warning(&scores("rmse", 3.6), &mean, None).is_some());
        assert!(Blind::mean(&[]).is_none());
        let same = Blind::mean(&[entry(0.0)]).unwrap();
        let said = warning(&scores("rmse", 0.0), &same, None).unwrap();
        assert!(said.contains("all targets are the same"), "{said}");
        // Far targets decide which of two RMSEs is the lower one.
        assert!(warning(&scores("nll", 1e9), &Blind::Unknown, None).is_none());
        let said = warning(&scores("nll", f64::NAN), &Blind::Unknown, None).unwrap();
        assert!(said.contains("has diverged"), "{said}");
    }

    #[test]
    fn single_draws_only_raise_a_suspicion() {
        let mean = Blind::Mean(3.0);
        assert!(mean.suspects(1.0, Fit::Rmse(3.1)));
        assert!(!mean.suspects(1.0, Fit::Rmse(2.9)));
        let classes = Blind::Frequencies {
            entropy: 2.3,
            uniform: 2.3,
        };
        assert!(classes.suspects(f64::NAN, Fit::Accuracy(0.1)));
        assert!(!Blind::Unknown.suspects(5.0, Fit::Rmse(1e9)));
    }
}
