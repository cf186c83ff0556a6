//! An argument of the likelihood that an activation keeps away from where it may have to be: a softplus of what has
//! been through a relu is never below ln 2 = 0.693, and a scale of 0.693 is most of the spread of standardized
//! targets.

use super::{Lint, Reach, logits_through_activation::bounds, reach};
use crate::diagnostic::Diagnostic;
use crate::ir::{Facts, Inference, Node};
use crate::likelihood::Summary;
use crate::signature::{Domain, Kind};
use crate::words::short;

/// A floor of the scale below this part of the targets' width changes little.
const SMALL: f64 = 0.01;

/// `scale-out-of-reach`
pub struct ScaleOutOfReach;

impl Lint for ScaleOutOfReach {
    fn name(&self) -> &'static str {
        "scale-out-of-reach"
    }
    fn summary(&self) -> &'static str {
        "an activation keeps a scale, or another argument of the likelihood, from where it may have to be"
    }
    fn page(&self) -> &'static str {
        include_str!("../../docs/lints/scale-out-of-reach.md")
    }
    fn looks_at_target(&self) -> bool {
        true
    }
    fn check(&self, inference: &Inference, facts: &Facts) -> Option<Diagnostic> {
        let observe = &inference.observe;
        let parameters = observe.likelihood.signature().parameters.iter();
        let mut arguments = parameters.zip(&observe.arguments);
        arguments.find_map(|(parameter, argument)| {
            let Kind::Value { domain } = parameter.kind else {
                return None;
            };
            let node = &inference.nodes[argument.node()?];
            self.argument(inference, facts, (parameter.name, domain), node)
        })
    }
}

impl ScaleOutOfReach {
    fn argument(
        &self,
        inference: &Inference,
        facts: &Facts,
        (name, domain): (&str, Domain),
        value: &Node,
    ) -> Option<Diagnostic> {
        let summary = inference.summary();
        // Two lints of their own are about these.
        if name == "loc" && summary.standardizes()
            || name == "logits" && matches!(summary, Summary::Classes(_))
        {
            return None;
        }
        let Reach { low, high, by } = reach(inference, value);
        let (node, word) = by?;
        let bound = match domain {
            Domain::Positive => (low > 0.0).then(|| never("below", low))?,
            _ => match (low.is_finite(), high.is_finite()) {
                (true, true) => format!("lies between {} and {}", short(low), short(high)),
                (true, false) => never("below", low),
                (false, true) => never("above", high),
                (false, false) => return None,
            },
        };
        let mut title = format!("`{name}` {bound}");
        let heavy_tailed = summary.heavy_tailed();
        let width = |target: &crate::likelihood::Observed| target.place_and_width(heavy_tailed)[1];
        let widths = facts.targets.iter().map(width);
        if let ("scale", true, Some(width)) =
            (name, summary.standardizes(), widths.reduce(f64::min))
        {
            if low < SMALL * width {
                return None;
            }
            let standardized = facts.targets.iter().all(|target| target.is_standardized());
            title += &format!(
                ", and `{}`{} has a spread of {}",
                inference.target.name,
                if standardized { ", standardized," } else { "" },
                short(width)
            );
        }
        let own = match value.name == node.name {
            true => format!("`{name}` is what `{word}` gives"),
            false => format!("`{name}` is `{}`, of what `{word}` gives", value.name),
        };
        let Reach { low, high, .. } = reach(inference, node);
        let help = match domain {
            Domain::Positive => {
                "end the network with its last `dense`, and apply `softplus` or `exp` to its entry"
            }
            _ => "end the network with its last `dense`: this argument is any number",
        };
        Some(
            Diagnostic::warning(self.name(), title)
                .at(node.span, bounds(low, high))
                .context(inference.observe.span, own)
                .help(help),
        )
    }
}

/// `cannot fall below 0.693`
fn never(side: &str, end: f64) -> String {
    let verb = if side == "below" { "fall" } else { "rise" };
    format!("cannot {verb} {side} {}", short(end))
}
