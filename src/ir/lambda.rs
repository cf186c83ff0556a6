//! λ, the effective weight of the KL: what is minimised is
//!
//! ```text
//! mean NLL + λ · KL/N
//! ```
//!
//! and λ = 1 is the negative ELBO per example. Every factor that makes it another number is named.

use super::loss::{Factor, Position};
use super::{Facts, Inference};
use crate::show;
use serde::Serialize;

/// The weight of all terms but the data's against the one they have in the ELBO.
#[derive(Debug, Clone, PartialEq)]
pub struct Lambda {
    /// At the end of the run, in the mean over an epoch's examples.
    pub value: f64,
    /// What makes it differ from 1, or does so for a time.
    pub factors: Vec<LambdaFactor>,
    /// What has that weight: `KL`, `penalty`, `surrogate`.
    subjects: Vec<&'static str>,
}

/// One factor of λ.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LambdaFactor {
    /// `temperature`, `annealing`, `minibatch`: the option of the objective.
    pub name: &'static str,
    /// `T`, `a`, `N·π_i/B`
    pub symbol: &'static str,
    /// At the end of the run, in the mean over an epoch's examples.
    pub value: f64,
    /// What it does.
    pub text: String,
}

impl Inference {
    /// λ with its factors; `None` where no parameter has a term.
    pub fn lambda(&self, facts: &Facts) -> Option<Lambda> {
        let scale = &self.loss.terms.get(1)?.scale;
        let factors: Vec<LambdaFactor> = scale
            .0
            .iter()
            .filter_map(|factor| LambdaFactor::of(factor, facts))
            .collect();
        Some(Lambda {
            value: factors.iter().map(|factor| factor.value).product(),
            factors,
            subjects: self.weighted(),
        })
    }

    /// What has a weight against the data's term: `KL`, `penalty`, `surrogate`.
    pub fn weighted(&self) -> Vec<&'static str> {
        let there = |word: &&str| self.loss.terms.iter().any(|term| term.kind.word() == *word);
        let words = ["KL", "penalty", "surrogate"].into_iter();
        words.filter(there).collect()
    }

    /// λ in lines: its value, then a line for each factor.
    pub fn lambda_lines(&self, facts: &Facts) -> Vec<String> {
        match self.lambda(facts) {
            Some(lambda) => lambda.lines(),
            None => vec!["none: no parameter has a term that it could weigh".into()],
        }
    }
}

impl Lambda {
    fn lines(&self) -> Vec<String> {
        let value = show(self.value);
        let (subject, has) = match &self.subjects[..] {
            [only] => (format!("the {only}"), "has"),
            several => (several.join(" and "), "have"),
        };
        if self.factors.is_empty() {
            let whole = match &self.subjects[..] {
                ["penalty"] => "the posterior",
                _ => "the ELBO",
            };
            return vec![format!(
                "{value} on every minibatch: {subject} {has} the weight of {whole}"
            )];
        }
        let symbols: Vec<&str> = self.factors.iter().map(|factor| factor.symbol).collect();
        let head = format!(
            "{value} = {}, the weight of {subject}; 1 is the ELBO's",
            symbols.join(" · ")
        );
        std::iter::once(head)
            .chain(self.factors.iter().map(|factor| factor.text.clone()))
            .collect()
    }
}

impl LambdaFactor {
    /// `None` of what the ELBO has, too.
    fn of(factor: &Factor, facts: &Facts) -> Option<Self> {
        let (name, symbol, value, text) = match *factor {
            Factor::PerBatch | Factor::PerExample => return None,
            Factor::Temperature(t) => {
                let what = if t < 1.0 { "cold" } else { "warm" };
                let text = format!(
                    "T = {} is the temperature: a {what} posterior, not the ELBO",
                    show(t)
                );
                ("temperature", "T", t, text)
            }
            Factor::Annealing(annealing) => {
                let whole = show(annealing.epochs);
                let end = facts.epochs.map_or(f64::INFINITY, |n| n as f64);
                let mut text = format!(
                    "a is annealing: it grows from 0 to 1 over {whole} epochs, not the ELBO until then"
                );
                if let Some(epochs) = facts.epochs.filter(|_| annealing.value(end) < 1.0) {
                    text += &format!("; it ends at {} after {epochs}", show(annealing.value(end)));
                }
                ("annealing", "a", annealing.value(end), text)
            }
            Factor::Blundell => {
                let ends = facts.training_examples.zip(facts.batch);
                let range = ends.map_or(String::new(), |(n, b)| {
                    let [first, last] = blundell_ends(n, b).map(show);
                    format!(", from {first} on an epoch's first to {last} on its last")
                });
                let text = format!(
                    "N·π_i/B is `minibatch = blundell`: halved from batch to batch{range}; 1 in the \
                     mean over an epoch's examples"
                );
                ("minibatch", "N·π_i/B", 1.0, text)
            }
        };
        Some(LambdaFactor {
            name,
            symbol,
            value,
            text,
        })
    }
}

/// λ under `minibatch = blundell` on an epoch's first and last minibatch.
fn blundell_ends(n: usize, b: usize) -> [f64; 2] {
    let batches = n.div_ceil(b);
    [0, batches - 1].map(|batch_index| {
        let batch = b.min(n - batch_index * b);
        let at = Position {
            batch,
            batch_index,
            batches,
            ..Position::full_batch(n)
        };
        super::Scale(vec![Factor::Blundell]).lambda_at(&at)
    })
}
