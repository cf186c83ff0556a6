//! `ensemble(members = 5)`: several maximum a posteriori fits from seeds of their own, whose predictive distributions
//! are averaged (Lakshminarayanan, Pritzel and Blundell 2017).

use super::super::inference::Inference;
use super::Method;
use crate::diagnostic::Diagnostic;
use crate::signature::{Constants, Kind, Parameter, Signature};
use crate::words::plural;

/// The most members: a checkpoint holds them all.
const MOST: usize = 1000;

/// The method.
pub struct Ensemble;

static SIGNATURE: Signature = Signature {
    name: "ensemble",
    summary: "a deep ensemble: several `map` fits, each with its own start and order of examples, predictions averaged",
    parameters: &[Parameter {
        name: "members",
        kind: Kind::Count,
        default: Some("5"),
        summary: "how many fits",
    }],
};

impl Method for Ensemble {
    fn signature(&self) -> &'static Signature {
        &SIGNATURE
    }
    fn remarks(&self, arguments: &Constants) -> Vec<String> {
        let members = arguments.count("members");
        vec![format!(
            "{} from seeds s, s + 1, …, one after the other; each minimises this loss by itself, with the whole prior; \
             predictions are the mean of the members' predictive distributions",
            plural(members, "member")
        )]
    }
    fn methods(&self, arguments: &Constants, _: &Inference) -> Option<String> {
        let members = arguments.count("members");
        Some(format!(
            "This is done {members} times, each time from another random start and with the examples in another order: a \
             deep ensemble [@lakshminarayanan2017]."
        ))
    }
    fn prediction(&self, arguments: &Constants) -> Option<String> {
        let members = arguments.count("members");
        Some(format!(
            "The predictive distribution is the mixture over the $S = {members}$ members, with the same weight for each: \
             $$p(y | x, Data) = 1/S sum_(s=1)^S p(y | x, w^((s))).$$"
        ))
    }
    fn draws(&self, arguments: &Constants, _: &Inference, _: usize) -> usize {
        arguments.count("members")
    }
    fn refuse(&self, arguments: &Constants, inference: &Inference) -> Vec<Diagnostic> {
        let members = arguments.count("members");
        if members <= MOST {
            return vec![];
        }
        let title = format!("an ensemble has at most {MOST} members, and this one {members}");
        let message = Diagnostic::error("E0421", title).at(inference.objective.span, "");
        vec![message.help("5 to 20 are usual: each costs a whole fit")]
    }
    fn needs_epochs(&self) -> bool {
        true
    }
    fn rounds(&self, arguments: &Constants) -> usize {
        arguments.count("members")
    }
}
