//! A scale mixture of two normals of the same scale is that normal, whatever its weight.

use super::Lint;
use crate::diagnostic::Diagnostic;
use crate::ir::{Facts, Inference};
use crate::show;

/// `mixture-of-one`
pub struct MixtureOfOne;

impl Lint for MixtureOfOne {
    fn name(&self) -> &'static str {
        "mixture-of-one"
    }
    fn summary(&self) -> &'static str {
        "a scale mixture of equal scales is a normal distribution"
    }
    fn page(&self) -> &'static str {
        include_str!("../../docs/lints/mixture-of-one.md")
    }
    fn check(&self, inference: &Inference, _: &Facts) -> Option<Diagnostic> {
        let (tensor, scale) = inference.tensors.iter().find_map(|(_, tensor)| {
            let prior = tensor.prior.as_ref()?;
            let is_mixture = prior.distribution.signature().name == "ScaleMixture";
            // One weight and two scales, or as many weights as scales.
            let count = prior.parameters.len();
            let scales = &prior.parameters[count / 2..];
            let scale = scales.first()?.fixed()?;
            let same = scales.iter().all(|other| other.fixed() == Some(scale));
            (is_mixture && same).then_some((tensor, scale))
        })?;
        let title = format!(
            "the prior of `{}` mixes normals of the same scale, {}",
            tensor.name,
            show(scale)
        );
        let message = Diagnostic::warning(self.name(), title);
        Some(match tensor.prior_from.span() {
            Some(span) => message
                .at(span, "")
                .help(format!("`Normal(0, {})` is the same, with a closed form of its KL", show(scale)))
                .help("two scales far apart make a spike and a slab: `scales = [1, exp(-6)]` (Blundell et al. 2015)"),
            None => message,
        })
    }
}
