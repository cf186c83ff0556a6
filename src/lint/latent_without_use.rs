//! A latent variable that neither the likelihood nor the prior of anything used depends on: its
//! posterior goes to its prior, its KL to 0, and nothing else changes.

use super::Lint;
use crate::diagnostic::Diagnostic;
use crate::ir::{Argument, Facts, Inference, Role, Scalar};
use std::collections::HashSet;

/// `latent-without-use`
pub struct LatentWithoutUse;

impl Lint for LatentWithoutUse {
    fn name(&self) -> &'static str {
        "latent-without-use"
    }
    fn summary(&self) -> &'static str {
        "a latent variable that nothing observed depends on"
    }
    fn page(&self) -> &'static str {
        include_str!("../../docs/lints/latent-without-use.md")
    }
    fn check(&self, inference: &Inference, _: &Facts) -> Option<Diagnostic> {
        let arguments = inference.arguments();
        let mut used: HashSet<_> = arguments
            .filter_map(Argument::numbers)
            .flat_map(|numbers| &numbers.each)
            .flat_map(Scalar::latents)
            .collect();
        // A latent variable comes after those that its prior uses, and before the network's parameters.
        for (handle, tensor) in inference.tensors.iter().rev() {
            if tensor.role != Role::Latent || used.contains(&handle) {
                let prior = tensor.prior.iter();
                used.extend(prior.clone().flat_map(|prior| prior.local));
                used.extend(prior.flat_map(|p| &p.parameters).flat_map(Scalar::latents));
            }
        }
        let mut tensors = inference.tensors.iter();
        let (_, unused) = tensors
            .find(|(handle, tensor)| tensor.role == Role::Latent && !used.contains(handle))?;
        let title = format!("nothing that is observed depends on `{}`", unused.name);
        let message = Diagnostic::warning(self.name(), title)
            .note("its posterior goes to its prior, whatever the data are")
            .help("use it in a prior or in the likelihood, or leave it out");
        Some(match unused.prior_from.span() {
            Some(span) => message.at(span, "its prior is all that it has"),
            None => message,
        })
    }
}
