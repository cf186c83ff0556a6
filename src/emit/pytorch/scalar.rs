//! Numbers of a model: constants, and what is made of learned numbers and latent variables.

use super::Context;
use crate::diagnostic::Result;
use crate::emit::python::{identifier, number};
use crate::ir::{Function, Handle, Learned, Scalar};
use crate::syntax::ast::Operator;

/// How tightly an expression holds together: those that bind less get brackets.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum Binding {
    Sum,
    Product,
    Sign,
    Power,
    Atom,
}

/// A number in `network`, `nll` and `terms`: a Python float where it is fixed, else a tensor without axes. A learned
/// number that has a value for each entry of the target is all of them, a tensor of one axis, or the one of `entry`.
pub(super) fn python(context: &Context, scalar: &Scalar, entry: Option<usize>) -> Result<String> {
    Ok(text(context, scalar, entry).0)
}

fn text(context: &Context, scalar: &Scalar, entry: Option<usize>) -> (String, Binding) {
    if scalar.leaves().is_empty() {
        let value = scalar.value(&|_| 0.0);
        let binding = if value < 0.0 {
            Binding::Sign
        } else {
            Binding::Atom
        };
        return (number(value), binding);
    }
    let part = |scalar: &Scalar, least: Binding| {
        let (text, binding) = text(context, scalar, entry);
        if binding < least {
            format!("({text})")
        } else {
            text
        }
    };
    match scalar {
        Scalar::Fixed(value) => (number(*value), Binding::Atom),
        Scalar::Learned(learned) => {
            let all = format!("self.{}.number()", attribute(context, *learned));
            let entries = context.plan.learned[*learned].range.len();
            match entry {
                Some(entry) if entries > 1 => (format!("{all}[{entry}]"), Binding::Atom),
                _ => (all, Binding::Atom),
            }
        }
        Scalar::Latent(latent) => (format!("{}.w", context.draw(*latent)), Binding::Atom),
        Scalar::Negate(inner) => (format!("-{}", part(inner, Binding::Sign)), Binding::Sign),
        Scalar::Binary(operator, a, b) => {
            let (sign, own, left, right) = match operator {
                Operator::Add => (" + ", Binding::Sum, Binding::Sum, Binding::Product),
                Operator::Subtract => (" - ", Binding::Sum, Binding::Sum, Binding::Product),
                Operator::Multiply => (" * ", Binding::Product, Binding::Product, Binding::Sign),
                Operator::Divide => (" / ", Binding::Product, Binding::Product, Binding::Sign),
                Operator::Power => (" ** ", Binding::Power, Binding::Atom, Binding::Sign),
            };
            (format!("{}{sign}{}", part(a, left), part(b, right)), own)
        }
        Scalar::Apply(function, inner) => {
            let name = match function {
                Function::Sqrt => "torch.sqrt",
                Function::Exp => "torch.exp",
                Function::Log => "torch.log",
                Function::Softplus => "softplus",
            };
            (
                format!("{name}({})", part(inner, Binding::Sum)),
                Binding::Atom,
            )
        }
    }
}

/// The attribute of `Model` that holds a learned number's variable: `y_scale`.
pub(super) fn attribute(context: &Context, learned: Handle<Learned>) -> String {
    identifier(&context.plan.inference.learned[learned].name)
}
