//! A norm multiplies with its gain. A prior centred at 0 draws the gain to where the layer gives its shift whatever its
//! input is, so that the model under it is one without the layers above. Izmailov et al. (2021) have N(0, 0.2²)
//! everywhere, gains included, and say so.

use super::{Level, Lint, at_origin};
use crate::diagnostic::Diagnostic;
use crate::ir::{Facts, Inference, Role};
use crate::show;

/// `gain-about-zero`
pub struct GainAboutZero;

impl Lint for GainAboutZero {
    fn name(&self) -> &'static str {
        "gain-about-zero"
    }
    fn summary(&self) -> &'static str {
        "the prior of a norm's gain is centred at 0, where the layer gives its shift alone"
    }
    fn level(&self) -> Level {
        Level::Pedantic
    }
    fn page(&self) -> &'static str {
        include_str!("../../docs/lints/gain-about-zero.md")
    }
    fn check(&self, inference: &Inference, _: &Facts) -> Option<Diagnostic> {
        let (tensor, mean) = inference.tensors.values().find_map(|tensor| {
            let prior = tensor.prior.as_ref()?;
            let numbers: Vec<f64> = prior
                .parameters
                .iter()
                .map(|s| inference.initial(s))
                .collect();
            let mean = prior.distribution.moments(&numbers).0?;
            (tensor.role == Role::Row("gain") && mean == 0.0).then_some((tensor, mean))
        })?;
        let title = format!(
            "the prior of `{}` has the mean {}, and the gain starts at 1",
            tensor.name,
            show(mean)
        );
        let message = Diagnostic::warning(self.name(), title)
            .note("a gain of 0 gives the shift, whatever the layer is given")
            .help("a prior about 1: `gain: prior = Normal(1, 0.2)`");
        Some(at_origin(
            message,
            &tensor.prior_from,
            "the middle of the prior switches the layer off",
        ))
    }
}
