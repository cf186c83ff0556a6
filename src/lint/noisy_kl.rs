//! The noise that a Monte-Carlo KL brings into a step's loss, at the start. One entry's
//!
//! ```text
//! log q(w) - log p(w),  w = μ + σε:   g(ε) = -½ε² - ln p(μ + σε) + const
//! ```
//!
//! has the variance Var g, entries are independent, and the mean of S draws over N has the standard
//! deviation √(Σ Var g / S) / N.

use super::{Lint, option};
use crate::diagnostic::Diagnostic;
use crate::distribution::Density;
use crate::ir::{Facts, Fitted, Inference};
use crate::kl::rules::{Node, hermite};
use crate::posterior::Entries;
use crate::spread::start_scale;
use crate::words::short;

/// Nats an example.
const MOST: f64 = 0.1;

/// `noisy-kl`
pub struct NoisyKl;

impl Lint for NoisyKl {
    fn name(&self) -> &'static str {
        "noisy-kl"
    }
    fn summary(&self) -> &'static str {
        "a Monte-Carlo KL whose noise is large for so few examples"
    }
    fn page(&self) -> &'static str {
        include_str!("../../docs/lints/noisy-kl.md")
    }
    fn check(&self, inference: &Inference, facts: &Facts) -> Option<Diagnostic> {
        let (n, samples) = (facts.training_examples?, inference.objective.samples);
        let terms = inference.loss.terms.iter().map(|term| &term.kind);
        let noisy: Vec<Fitted> = terms
            .filter(|kind| kind.is_monte_carlo())
            .filter_map(|kind| Some(inference.fitted(kind.tensor()?)))
            .collect();
        let variances = noisy.iter().map(|tensor| {
            let entry = entry_variance(inference, *tensor).unwrap_or(0.5);
            tensor.shape.len() as f64 * entry
        });
        let whole: f64 = variances.sum();
        let t = inference.objective.temperature;
        let deviation = t * (whole / samples as f64).sqrt() / n as f64;
        if deviation <= MOST {
            return None;
        }
        let title = format!(
            "the KL's estimate has a standard deviation of {} nats an example at the start",
            short(deviation)
        );
        let weights: usize = noisy.iter().map(|tensor| tensor.shape.len()).sum();
        let draws = if samples == 1 { "draw" } else { "draws" };
        let enough = (samples as f64 * (deviation / MOST).powi(2)).ceil();
        let message = Diagnostic::warning(self.name(), title)
            .at(option(inference, "kl"), "")
            .note(format!(
                "{samples} {draws} of {weights} weights, N = {n}; below {MOST} it is little beside the data's"
            ))
            .help(format!("`samples = {enough}` makes it {MOST}"));
        let entrywise = |t: &Fitted| t.posterior.family.entries() == Entries::Normal;
        Some(match noisy.iter().all(entrywise) {
            true => message.help("`kl = auto` has no noise for these pairs"),
            false => message,
        })
    }
}

/// Var g, averaged over how loc starts; `None` of a family without one scale an entry.
fn entry_variance(inference: &Inference, tensor: Fitted) -> Option<f64> {
    let prior = tensor.prior.as_ref()?;
    let scale = start_scale(tensor)?;
    let parameters: Vec<f64> = prior
        .parameters
        .iter()
        .map(|s| inference.initial(s))
        .collect();
    let weight = |z: f64| (-0.5 * z * z).exp() / std::f64::consts::TAU.sqrt();
    // Of given starts, some; of a prior about them, their distance from it.
    let locs: Vec<Node> = match (&tensor.posterior.pretrained, &prior.anchor) {
        (Some(_), Some(_)) => vec![Node {
            at: 0.0,
            weight: 1.0,
        }],
        (Some(pretrained), None) => {
            let some = pretrained.values.iter();
            let some: Vec<f64> = some
                .step_by(pretrained.values.len().div_ceil(64))
                .copied()
                .collect();
            let weight = 1.0 / some.len() as f64;
            some.into_iter().map(|at| Node { at, weight }).collect()
        }
        _ => tensor.posterior.initializer("loc")?.rule(&tensor.shape, 8),
    };
    let nodes = hermite(40);
    let variance = |loc: f64| {
        let (mut mean, mut square) = (0.0, 0.0);
        for node in &nodes {
            let w = loc + scale * node.at;
            let log_prior: f64 = Density::log_prob(prior.distribution, &parameters, w);
            let value = -0.5 * node.at * node.at - log_prior;
            mean += node.weight * weight(node.at) * value;
            square += node.weight * weight(node.at) * value * value;
        }
        square - mean * mean
    };
    Some(locs.iter().map(|l| l.weight * variance(l.at)).sum())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Source;

    /// Under N(0, s²) from loc 0, g = ½ε²(σ²/s² - 1), and Var ε² = 2.
    #[test]
    fn an_entrys_variance_is_known_for_a_normal_prior() {
        for (s, sigma) in [(1.0, 0.5), (0.25, 0.5), (1.0, 1e-3)] {
            let text = format!(
                "model m\ninput x: real[3]\ntarget y: real\n\
                 default {{ prior = Normal(0, {s}), posterior = MeanField(loc = 0, scale = {sigma}) }}\n\
                 network {{ f = dense(1) }}\nobserve y ~ Normal(f, 1)\nobjective elbo\n"
            );
            let name = "m.bnn".into();
            let compiled = crate::compile::source(Source { name, text }, &[]).expect("a model");
            let (_, tensor) = compiled.inference.all_fitted().next().expect("a kernel");
            let found = entry_variance(&compiled.inference, tensor).expect("a scale an entry");
            let expected = 0.5 * (sigma * sigma / (s * s) - 1.0f64).powi(2);
            assert!((found - expected).abs() < 1e-9, "{found} {expected}");
        }
    }
}
