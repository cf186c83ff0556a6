//! Steps of `sgld` and `sghmc` that are too large for a curvature that is known without data.

use super::{Lint, fixed, value};
use crate::diagnostic::Diagnostic;
use crate::ir::{Facts, Inference, Role};
use crate::show;
use crate::signature::Constant;

/// `step-size-diverges`
pub struct StepSizeDiverges;

impl Lint for StepSizeDiverges {
    fn name(&self) -> &'static str {
        "step-size-diverges"
    }
    fn summary(&self) -> &'static str {
        "a sampler's steps are larger than the last layer's bias allows: they diverge"
    }
    fn page(&self) -> &'static str {
        include_str!("../../docs/lints/step-size-diverges.md")
    }
    fn check(&self, inference: &Inference, _: &Facts) -> Option<Diagnostic> {
        let arguments = &inference.method.arguments.0;
        let number = |name: &str| {
            let found = arguments.iter().find(|(own, _)| *own == name);
            found.and_then(|(_, value)| match value {
                Constant::Number(x) => Some(*x),
                _ => None,
            })
        };
        let is_stochastic = arguments.iter().any(|(name, value)| {
            *name == "preconditioner" && matches!(value, Constant::Word("none"))
        });
        if !is_stochastic || inference.observe.likelihood.signature().name != "Normal" {
            return None;
        }
        // −ln p(y) of an example has the curvature 1/scale² by the bias of a layer that is the loc.
        let (scale, loc) = (fixed(inference, "scale")?, value(inference, "loc")?);
        let mut tensors = loc.call.iter().flat_map(|call| call.tensors());
        let bias = tensors.find(|tensor| inference.tensors[*tensor].role == Role::Bias)?;
        let curvature = 1.0 / (scale * scale);
        let step_size = number("step_size")?;
        let largest = 2.0 * (1.0 + number("momentum").unwrap_or(0.0)) / curvature;
        (step_size >= largest).then(|| {
            let title = format!(
                "`{}` diverges with `step_size = {}`: below {} it may not",
                inference.method.signature().name,
                show(step_size),
                show(largest)
            );
            Diagnostic::warning(self.name(), title)
                .at(inference.objective.span, "")
                .note(format!(
                    "the nll has the curvature 1/scale² = {} by `{}`",
                    show(curvature),
                    inference.tensors[bias].name
                ))
                .help(format!(
                    "`step_size = {}` or less; draws have the right spread only well below",
                    show(largest / 20.0)
                ))
        })
    }
}
