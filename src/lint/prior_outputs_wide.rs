//! What the prior says of the network's output: with Normal(0, 1) on a kernel of many inputs each
//! layer multiplies what comes in with √fan_in, and under the prior every class is either certain or
//! excluded.

use super::{Level, Lint, at_origin};
use crate::diagnostic::Diagnostic;
use crate::ir::{Facts, Inference, Role};
use crate::spread::{output, prior_square, under_prior};
use crate::words::short;

/// From how far from 0 on: a logit of 10 is a probability of 0.99995.
const FAR: f64 = 10.0;

/// `prior-outputs-wide`
pub struct PriorOutputsWide;

impl Lint for PriorOutputsWide {
    fn name(&self) -> &'static str {
        "prior-outputs-wide"
    }
    fn summary(&self) -> &'static str {
        "under the prior the network's output lies far from 0"
    }
    fn level(&self) -> Level {
        Level::Pedantic
    }
    fn page(&self) -> &'static str {
        include_str!("../../docs/lints/prior-outputs-wide.md")
    }
    fn check(&self, inference: &Inference, _: &Facts) -> Option<Diagnostic> {
        let size = output(inference, &under_prior(inference)).filter(|size| *size > FAR)?;
        let kernels = inference.tensors.iter().map(|(_, tensor)| tensor);
        let gains = kernels
            .filter(|tensor| tensor.role == Role::Kernel)
            .filter_map(|tensor| {
                let gain = (tensor.fan_in as f64 * prior_square(inference, tensor)?).sqrt();
                Some((tensor, gain))
            });
        let (widest, gain) = gains.max_by(|a, b| a.1.total_cmp(&b.1))?;
        let title = format!(
            "under the prior, the network's outputs have a root mean square near {}",
            short(size)
        );
        let message = Diagnostic::warning(self.name(), title);
        Some(
            at_origin(message, &widest.prior_from, "")
                .note("for inputs of mean square 1")
                .note(format!(
                    "`{}` multiplies the size of its {} inputs with {}, more than any other",
                    widest.name,
                    widest.fan_in,
                    short(gain)
                ))
                .help("`Normal(0, 1 / sqrt(fan_in))` keeps their size; behind a relu `sqrt(2 / fan_in)` does"),
        )
    }
}
