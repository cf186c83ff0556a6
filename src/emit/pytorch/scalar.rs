//! Numbers of a model: constants, and what is made of learned numbers and latent variables.

use super::Context;
use crate::diagnostic::Result;
use crate::emit::python::identifier;
use crate::emit::scalar::Words;
use crate::ir::{Handle, Learned, Scalar};

/// A number in `network`, `nll` and `terms`: a Python float where it is fixed, else a tensor without axes. A learned
/// number that has a value for each entry of the target is all of them, a tensor of one axis, or the one of `entry`.
pub(super) fn python(context: &Context, scalar: &Scalar, entry: Option<usize>) -> Result<String> {
    let leaf = |leaf: &Scalar| {
        Ok(match leaf {
            Scalar::Learned(learned) => {
                let all = format!("self.{}.number()", attribute(context, *learned));
                let entries = context.plan.learned[*learned].range.len();
                match entry {
                    Some(entry) if entries > 1 => format!("{all}[{entry}]"),
                    _ => all,
                }
            }
            Scalar::Latent(latent) => format!("{}.w", context.draw(*latent)),
            _ => unreachable!("a leaf is a learned number or a latent variable"),
        })
    };
    let words = Words {
        functions: ["torch.sqrt", "torch.exp", "torch.log", "softplus"],
        leaf: &leaf,
    };
    words.python(scalar)
}

/// The attribute of `Model` that holds a learned number's variable: `y_scale`.
pub(super) fn attribute(context: &Context, learned: Handle<Learned>) -> String {
    identifier(&context.plan.inference.learned[learned].name)
}
