//! A temperature multiplies the KL: what is minimised is then not the negative ELBO.

use super::{Lint, option};
use crate::diagnostic::Diagnostic;
use crate::ir::{Facts, Inference};
use crate::show;
use crate::words::join;

/// Of fewer, a temperature is not taken for a count.
const FEWEST: usize = 32;

/// `temperature-not-one`
pub struct TemperatureNotOne;

impl Lint for TemperatureNotOne {
    fn name(&self) -> &'static str {
        "temperature-not-one"
    }
    fn summary(&self) -> &'static str {
        "the KL, or what stands for it, has another weight than in the ELBO"
    }
    fn page(&self) -> &'static str {
        include_str!("../../docs/lints/temperature-not-one.md")
    }
    fn check(&self, inference: &Inference, facts: &Facts) -> Option<Diagnostic> {
        let t = inference.objective.temperature;
        let weighted = inference.weighted();
        let has = if weighted.len() == 1 { "has" } else { "have" };
        let (whole, value) = match inference.is_map() {
            true => ("the posterior", "the log posterior"),
            false => ("the ELBO", "ELBO"),
        };
        let title = format!(
            "the {} {has} weight {} of {whole}'s 1",
            join(weighted.iter().map(ToString::to_string).collect(), "and"),
            show(t)
        );
        (t != 1.0 && inference.loss.of_weights().next().is_some()).then(|| {
            let place = option(inference, "temperature");
            let message = Diagnostic::warning(self.name(), title)
                .at(
                    place,
                    if t < 1.0 {
                        "a cold posterior"
                    } else {
                        "a warm posterior"
                    },
                )
                .note(format!(
                    "the value reported as {value} stays the true one, with weight 1"
                ));
            match count(t, facts) {
                Some((name, meaning)) => message
                    .note(format!("{} is {name}: {meaning}", show(t)))
                    .patch(
                        "a temperature of 1 is the ELBO's: bnnc has that factor already",
                        place,
                        "temperature = 1",
                    ),
                None => message
                    .help("`temperature = 1`, or `--allow temperature-not-one` where it is meant"),
            }
        })
    }
}

/// What a temperature is that equals a number of examples or minibatches, or one over it, and why that
/// number is not wanted here.
pub(super) fn count(t: f64, facts: &Facts) -> Option<(String, &'static str)> {
    const BY_EXAMPLES: &str = "bnnc divides the KL by N itself, once";
    const BY_BATCHES: &str =
        "bnnc takes a minibatch's share of the KL itself: 1/N beside a mean over examples";
    let n = facts.training_examples;
    // Programs often divide by all examples, those that are set aside included.
    let all = n.map(|n| n + facts.validation_examples);
    let counts = [
        ("N, the number of training examples", n, BY_EXAMPLES),
        ("the number of examples", all, BY_EXAMPLES),
        ("B, the examples of a minibatch", facts.batch, BY_BATCHES),
        (
            "M, the minibatches of an epoch",
            facts.batches(),
            BY_BATCHES,
        ),
    ];
    let near = |a: f64, b: f64| (a / b - 1.0).abs() < 1e-3;
    counts.into_iter().find_map(|(name, count, meaning)| {
        // A temperature of 0.5 or 0.1 is a cold posterior, whatever is two or ten.
        let count = count.filter(|count| *count >= FEWEST)? as f64;
        match () {
            () if near(t, count) => Some((name.to_string(), meaning)),
            () if near(t, 1.0 / count) => Some((format!("1 over {name}"), meaning)),
            () => None,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::count;
    use crate::ir::Facts;

    #[test]
    fn counts_of_examples_and_minibatches_are_known() {
        let facts = Facts {
            training_examples: Some(54_000),
            validation_examples: 6_000,
            batch: Some(128),
            ..Facts::default()
        };
        for (t, name) in [
            (54_000.0, "N,"),
            (1.0 / 54_000.0, "1 over N,"),
            (1.6667e-5, "1 over the number of examples"),
            (128.0, "B,"),
            (1.0 / 128.0, "1 over B,"),
            (422.0, "M,"),
            (0.00237, "1 over M,"),
        ] {
            let (found, _) = count(t, &facts).unwrap_or_else(|| panic!("{t} is no count"));
            assert!(found.starts_with(name), "{t}: {found}");
        }
        for t in [0.1, 0.5, 2.0, 1e-4] {
            assert_eq!(count(t, &facts), None, "{t}");
        }
        assert_eq!(count(1.0 / 54_000.0, &Facts::default()), None);
    }
}
