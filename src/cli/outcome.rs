//! What a finished fit is held against: predictions that take no notice of the inputs.

use crate::likelihood::Observed;
use crate::train::metrics::Fit;
use crate::train::progress::number;

/// The best that can be done without the inputs.
pub enum Blind {
    /// The classes' frequencies: their entropy, in nats.
    Frequencies(f64),
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
}

/// What is to be said of a fit that is no better, at the end, with the last epoch's nll per example.
pub fn warning(nll: f64, fit: Fit, blind: &Blind) -> Option<String> {
    let (what, found, trivial, best) = match (blind, fit) {
        (Blind::Frequencies(entropy), _) => ("nll", nll, "the classes' frequencies", *entropy),
        (Blind::Mean(rmse), Fit::Rmse(found)) => ("rmse", found, "the targets' mean", *rmse),
        (Blind::Unknown, _) if !nll.is_finite() => {
            return Some(format!(
                "the training nll of the last epoch is {}: the fit has diverged; a lower learning rate is the \
                 first thing to try",
                number(nll)
            ));
        }
        _ => return None,
    };
    // What is not finite is worse.
    (found >= best || found.is_nan()).then(|| {
        format!(
            "the training {what} of the last epoch, {}, is no better than that of predicting {trivial} \
             for every input, {}: the fit has learned nothing, or has diverged; a lower learning rate and \
             more epochs are the first things to try",
            number(found),
            number(best)
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fit_that_is_no_better_than_a_constant_is_told() {
        let classes = Blind::Frequencies(2.3);
        assert!(warning(2.2, Fit::Accuracy(0.2), &classes).is_none());
        for nll in [2.3, 1e9, f64::NAN] {
            let said = warning(nll, Fit::Accuracy(0.1), &classes).unwrap();
            assert!(
                said.contains("the training nll") && said.contains("2.3000"),
                "{said}"
            );
        }
        let entry = |deviation| Observed {
            deviation,
            ..Observed::of([1.0, 9.0].into_iter()).unwrap()
        };
        let mean = Blind::mean(&[entry(3.0), entry(4.0)]).unwrap();
        assert!(warning(9.0, Fit::Rmse(3.5), &mean).is_none());
        assert!(warning(1.0, Fit::Rmse(3.6), &mean).is_some());
        assert!(Blind::mean(&[]).is_none());
        // Far targets decide which of two RMSEs is the lower one.
        assert!(warning(1.0, Fit::Rmse(1e9), &Blind::Unknown).is_none());
        let said = warning(f64::NAN, Fit::Rmse(f64::NAN), &Blind::Unknown).unwrap();
        assert!(said.contains("has diverged"), "{said}");
    }
}
