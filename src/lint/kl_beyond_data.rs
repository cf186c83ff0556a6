//! Whether the data can pay for weights that are much narrower than their prior.
//!
//! Under its prior a layer of n inputs multiplies their size by a gain g, √(n s²) for weights of standard deviation s.
//! For its noise to be no larger than its inputs, each of its weights has to be narrower than the prior by about g,
//! which costs ln g nats each. A fit gains, per entry of a target, ln of how many times the noise it leaves is smaller
//! than the targets' standard deviation. Where the cost an entry is far above any such gain, the optimum leaves the
//! weights at the prior, and every prediction is the mean: the posterior collapses.

use super::{Level, Lint, at_origin};
use crate::diagnostic::Diagnostic;
use crate::ir::{Facts, Inference, Role, TermKind};
use crate::likelihood::TargetKind;
use crate::spread::prior_square;
use crate::words::short;

/// The most nats an entry that a fit could gain: its noise is e⁻¹⁰ of the targets' standard deviation.
const MOST: f64 = 10.0;

/// `kl-beyond-data`
pub struct KlBeyondData;

impl Lint for KlBeyondData {
    fn name(&self) -> &'static str {
        "kl-beyond-data"
    }
    fn summary(&self) -> &'static str {
        "the data cannot pay the KL of weights that are narrow enough to fit them"
    }
    fn level(&self) -> Level {
        Level::Warn
    }
    fn explains_no_fit(&self) -> bool {
        true
    }
    fn page(&self) -> &'static str {
        include_str!("../../docs/lints/kl-beyond-data.md")
    }
    fn check(&self, inference: &Inference, facts: &Facts) -> Option<Diagnostic> {
        let examples = facts.training_examples? as f64;
        let kinds: Vec<TargetKind> = inference.observed().map(|(of, _)| of.kind).collect();
        let is_real =
            |kind: &TargetKind| matches!(kind, TargetKind::Real(_) | TargetKind::Reals(_));
        let others = facts.others.iter().map(|other| &other.targets);
        let observed = std::iter::once(&facts.targets).chain(others);
        let (reals, classes): (Vec<_>, Vec<_>) = kinds
            .iter()
            .zip(observed)
            .partition(|(kind, _)| is_real(kind));
        let entries: usize = reals.iter().map(|(_, observed)| observed.len()).sum();
        if entries == 0 {
            return None;
        }
        // A class or a count is one entry beside numbers.
        let entries = (entries + classes.len()) as f64;
        let kernels = inference.loss.terms.iter().filter_map(|term| {
            let TermKind::Kl(handle, _) = term.kind else {
                return None;
            };
            let tensor = inference.fitted(handle);
            let square =
                (tensor.role == Role::Kernel).then(|| prior_square(inference, &tensor))??;
            let gain = (tensor.fan_in as f64 * square).sqrt();
            Some((handle, gain, tensor.shape.len() as f64 * gain.max(1.0).ln()))
        });
        let kernels: Vec<_> = kernels.collect();
        let (widest, gain, _) = kernels.iter().max_by(|a, b| a.2.total_cmp(&b.2))?;
        let cost: f64 = kernels.iter().map(|(_, _, cost)| cost).sum();
        let each = inference.objective.temperature * cost / (examples * entries);
        if each <= MOST {
            return None;
        }
        let widest = inference.fitted(*widest);
        let title = format!(
            "the KL of weights that fit the data is near {} nats an entry of a target, more than any fit gains",
            short(each)
        );
        Some(
            at_origin(Diagnostic::warning(self.name(), title), &widest.prior_from, "")
                .note(format!(
                    "`{}` multiplies the size of its {} inputs by {} under its prior: to fit, its weights must be \
                     that much narrower than the prior, at ln {} = {} nats each",
                    widest.name,
                    widest.fan_in,
                    short(*gain),
                    short(*gain),
                    short(gain.ln())
                ))
                .note("a fit that leaves a hundredth of the targets' standard deviation as noise gains 4.6 nats an entry")
                .help("`Normal(0, 1 / sqrt(fan_in))` as prior keeps the size of the inputs, and costs nothing of that: more epochs or another learning rate do not help"),
        )
    }
}
