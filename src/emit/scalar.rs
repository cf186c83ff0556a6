//! Numbers of a model as Python: constants, and expressions of learned numbers and latent variables.

use super::python::number;
use crate::diagnostic::Result;
use crate::ir::{Function, Scalar};
use crate::syntax::ast::Operator;

/// What a back end calls the parts of an expression.
pub(super) struct Words<'a> {
    /// The functions, in the order of sqrt, exp, log and softplus.
    pub(super) functions: [&'static str; 4],
    /// A learned number or a latent variable.
    pub(super) leaf: &'a dyn Fn(&Scalar) -> Result<String>,
}

/// How tightly an expression holds together: those that bind less get brackets.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum Binding {
    Sum,
    Product,
    Sign,
    Power,
    Atom,
}

impl Words<'_> {
    /// The text of a number, with the brackets that it needs alone.
    ///
    /// # Errors
    ///
    /// Those of the leaves.
    pub(super) fn python(&self, scalar: &Scalar) -> Result<String> {
        Ok(self.text(scalar)?.0)
    }

    fn text(&self, scalar: &Scalar) -> Result<(String, Binding)> {
        if scalar.leaves().is_empty() {
            let value = scalar.value(&|_| 0.0);
            let binding = if value < 0.0 {
                Binding::Sign
            } else {
                Binding::Atom
            };
            return Ok((number(value), binding));
        }
        let part = |scalar: &Scalar, least: Binding| -> Result<String> {
            let (text, binding) = self.text(scalar)?;
            Ok(if binding < least {
                format!("({text})")
            } else {
                text
            })
        };
        Ok(match scalar {
            Scalar::Fixed(value) => (number(*value), Binding::Atom),
            Scalar::Learned(_) | Scalar::Latent(_) => ((self.leaf)(scalar)?, Binding::Atom),
            Scalar::Negate(inner) => (format!("-{}", part(inner, Binding::Sign)?), Binding::Sign),
            Scalar::Binary(operator, a, b) => {
                let (sign, own, left, right) = match operator {
                    Operator::Add => (" + ", Binding::Sum, Binding::Sum, Binding::Product),
                    Operator::Subtract => (" - ", Binding::Sum, Binding::Sum, Binding::Product),
                    Operator::Multiply => {
                        (" * ", Binding::Product, Binding::Product, Binding::Sign)
                    }
                    Operator::Divide => (" / ", Binding::Product, Binding::Product, Binding::Sign),
                    Operator::Power => (" ** ", Binding::Power, Binding::Atom, Binding::Sign),
                };
                (format!("{}{sign}{}", part(a, left)?, part(b, right)?), own)
            }
            Scalar::Apply(function, inner) => {
                let [sqrt, exp, log, softplus] = self.functions;
                let name = match function {
                    Function::Sqrt => sqrt,
                    Function::Exp => exp,
                    Function::Log => log,
                    Function::Softplus => softplus,
                };
                (
                    format!("{name}({})", part(inner, Binding::Sum)?),
                    Binding::Atom,
                )
            }
        })
    }
}
