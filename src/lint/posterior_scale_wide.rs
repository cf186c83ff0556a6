//! A posterior that starts wider than its prior, or so wide that the noise of `fan_in` weights alone
//! drowns what they carry: fan_in · σ² above 1 multiplies a layer's input in every draw.

use super::{Level, Lint, at_origin, random};
use crate::diagnostic::Diagnostic;
use crate::ir::{Facts, Fitted, Inference, Role};
use crate::spread::{at_start, output, prior_square, start_deviation};
use crate::words::short;

/// `posterior-scale-wide`
pub struct PosteriorScaleWide;

impl Lint for PosteriorScaleWide {
    fn name(&self) -> &'static str {
        "posterior-scale-wide"
    }
    fn summary(&self) -> &'static str {
        "a posterior that starts wider than its prior or than 1/sqrt(fan_in)"
    }
    fn level(&self) -> Level {
        Level::Pedantic
    }
    fn page(&self) -> &'static str {
        include_str!("../../docs/lints/posterior-scale-wide.md")
    }
    fn check(&self, inference: &Inference, _: &Facts) -> Option<Diagnostic> {
        let kernels = random(inference).map(|(_, tensor)| tensor);
        let kernels = kernels.filter(|tensor| tensor.role == Role::Kernel);
        let measured = kernels.filter_map(|tensor| {
            let scale = start_deviation(tensor)?;
            let prior = prior_square(inference, &tensor).map_or(f64::INFINITY, f64::sqrt);
            let most = prior.min(1.0 / (tensor.fan_in as f64).sqrt());
            Some((tensor, scale, prior, scale / most))
        });
        let (tensor, scale, prior, ratio): (Fitted, f64, f64, f64) =
            measured.max_by(|a, b| a.3.total_cmp(&b.3))?;
        if ratio <= 1.0 {
            return None;
        }
        let than = match scale > prior {
            true => format!("its prior's {}", short(prior)),
            false => format!(
                "1/sqrt(fan_in) = {} of its {} inputs",
                short(1.0 / (tensor.fan_in as f64).sqrt()),
                tensor.fan_in
            ),
        };
        let title = format!(
            "the posterior of `{}` starts with a scale of {}, above {than}",
            tensor.name,
            short(scale)
        );
        let message = Diagnostic::warning(self.name(), title).note(format!(
            "its draws alone multiply the size of its inputs with about {}",
            short(scale * (tensor.fan_in as f64).sqrt())
        ));
        let message = match output(inference, &at_start(inference)) {
            Some(size) => message.note(format!(
                "the network's outputs start with a root mean square near {}, for inputs of mean square 1",
                short(size)
            )),
            None => message,
        };
        Some(
            at_origin(message, tensor.posterior_from, "")
                .help("such as `scale = 0.1 / sqrt(fan_in)`"),
        )
    }
}
