//! Weight decay beside a prior: both shrink the same weights, and the loss that is printed has one of them alone.

use super::{Lint, names};
use crate::diagnostic::Diagnostic;
use crate::ir::{Facts, Fitted, Inference, Role};
use crate::optimizer::Decayed;
use crate::show;

/// `weight-decay-beside-prior`
pub struct WeightDecayBesidePrior;

impl Lint for WeightDecayBesidePrior {
    fn name(&self) -> &'static str {
        "weight-decay-beside-prior"
    }
    fn summary(&self) -> &'static str {
        "weight decay shrinks weights that their prior shrinks already, or none at all"
    }
    fn page(&self) -> &'static str {
        include_str!("../../docs/lints/weight-decay-beside-prior.md")
    }
    fn check(&self, inference: &Inference, facts: &Facts) -> Option<Diagnostic> {
        let decay = facts.decay.as_ref()?;
        let all = inference.all_fitted().map(|(_, tensor)| tensor);
        let kernels: Vec<Fitted> = all.filter(|tensor| tensor.role == Role::Kernel).collect();
        let has_term =
            |tensor: &Fitted| tensor.posterior.family.entries() != crate::posterior::Entries::Free;
        let (with, without): (Vec<Fitted>, Vec<Fitted>) = kernels.into_iter().partition(has_term);
        let rate = show(decay.rate);
        if decay.of == Decayed::AllKernels && !with.is_empty() {
            let title = format!(
                "`weight_decay` = {rate} shrinks {}, which {} prior shrinks too",
                names(&with),
                if with.len() == 1 { "its" } else { "their" }
            );
            return Some(
                Diagnostic::warning(self.name(), title)
                    .note("the prior is in the loss, the decay is not: what is fitted is under neither of them")
                    .help("`decays = \"without_prior\"` in `[optimizer]` leaves these alone; or a narrower prior in place of the decay"),
            );
        }
        (decay.of == Decayed::KernelsWithoutPrior && without.is_empty()).then(|| {
            let title = format!("`weight_decay` = {rate} decays nothing: every kernel has a prior");
            Diagnostic::warning(self.name(), title)
                .note("under a prior N(0, s²) the loss per example has the gradient w/(N s²) already")
                .help("`name = \"adam\"` in `[optimizer]` takes the same steps; a narrower prior shrinks the weights more")
        })
    }
}
