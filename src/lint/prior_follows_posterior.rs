//! A learned loc in the prior of a single number: the prior has one loc for one posterior loc, and
//! goes where that is. KL(N(m, s²) ‖ N(m, t²)) = ln(t/s) + s²/(2t²) - ½ does not depend on m; with a
//! learned scale, too, it is 0 at t = s, and the number is not Bayesian any more.

use super::{Lint, at_origin, names, prior_argument, random};
use crate::diagnostic::Diagnostic;
use crate::ir::{Facts, Inference, Leaf, Scalar, Tensor};

/// `prior-follows-posterior`
pub struct PriorFollowsPosterior;

fn learned(scalar: &Scalar) -> bool {
    let leaves = scalar.leaves();
    leaves.iter().any(|leaf| matches!(leaf, Leaf::Learned(_)))
}

impl Lint for PriorFollowsPosterior {
    fn name(&self) -> &'static str {
        "prior-follows-posterior"
    }
    fn summary(&self) -> &'static str {
        "the prior of a single number has a learned loc, which goes where the posterior's is"
    }
    fn page(&self) -> &'static str {
        include_str!("../../docs/lints/prior-follows-posterior.md")
    }
    fn check(&self, inference: &Inference, _: &Facts) -> Option<Diagnostic> {
        let follows = |tensor: &&Tensor| {
            tensor.shape.len() == 1 && prior_argument(tensor, "loc").is_some_and(learned)
        };
        let found: Vec<&Tensor> = random(inference)
            .map(|(_, t)| t.tensor)
            .filter(follows)
            .collect();
        let first = found.first()?;
        let collapses = prior_argument(first, "scale").is_some_and(learned);
        let title = match collapses {
            true => format!(
                "the KL of {} goes to 0: loc and scale of the prior follow the posterior's",
                names(&found)
            ),
            false => format!(
                "the KL of {} does not depend on its loc, which the prior's follows",
                names(&found)
            ),
        };
        let message = Diagnostic::warning(self.name(), title);
        Some(
            at_origin(message, &first.prior_from, "a prior of one number")
                .note("nothing holds the posterior's loc: it is fitted as without a prior")
                .help("a number for the prior's loc, such as `Normal(0, 1)`")
                .help("a learned loc is of use where many weights share it"),
        )
    }
}
