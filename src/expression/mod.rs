//! Formulas that can be computed and printed as Python.
//!
//! A registry entry says its maths once, as a formula in the notation of [`crate::maths`]. `explain` sets it; this
//! room reads the same text as an [`Expression`]: a number for given values of its names, its logarithm, and code
//! for PyTorch or JAX. The kernels of the registries are written by hand, and tests hold each of them against its
//! expression.
//!
//! ```
//! use bnnc::expression::{self, Dialect, Operand};
//! let normal = bnnc::distribution::find("Normal").unwrap();
//! let log_prob = expression::log_prob(normal, 2, true).unwrap();
//! let at = |name: &str| match name { "w" => 1.0, "loc" => 0.0, _ => 2.0 };
//! assert!((log_prob.value(&at) - -1.737_085_713_764_618).abs() < 1e-15);
//! assert_eq!(
//!     log_prob.python(Dialect::Torch, &|name| Operand::tensor(name)),
//!     "-((w - loc) ** 2) / (2 * scale**2) - torch.log(scale) - 0.5 * math.log(2 * math.pi)"
//! );
//! ```
//!
//! What the caller does with an expression, in this order:
//!
//! 1. [`Expression::with`] puts numbers in place of names and works out what follows: with `loc` = 0, `w - loc` is `w`.
//! 2. [`Expression::inside`] leaves out the condition that w lies in the support, where that is known to hold.
//! 3. [`Expression::python`] or [`Expression::statement`] prints it. The program that holds the code needs
//!    `import math`, `import torch` and `import torch.nn.functional as F` (`import jax` and `import jax.numpy as jnp`),
//!    and the functions of [`Expression::helpers`].

mod build;
mod helpers;
mod layout;
mod logarithm;
mod of_registries;
mod printer;
mod python;
mod read;

pub use helpers::Helper;
pub use of_registries::{closed_form, log_prob, mean, nll, pointwise, scale};
pub use python::{Dialect, Operand};

use crate::maths::Maths;
use crate::tensor::Math;
use crate::tensor::math::log_sum_exp;
use crate::tensor::special::{dawson, e1_offset};

/// A formula of one number as a tree.
#[derive(Debug, Clone, PartialEq)]
pub enum Expression {
    /// A number.
    Number(f64),
    /// π
    Pi,
    /// The base of the natural logarithm.
    E,
    /// A variable, or an entry of a list: `scale`, `scales_1`.
    Name(String),
    /// −a
    Negative(Box<Expression>),
    /// a + b + …
    Sum(Vec<Expression>),
    /// a · b · …
    Product(Vec<Expression>),
    /// a / b
    Quotient(Box<Expression>, Box<Expression>),
    /// aᵇ
    Power(Box<Expression>, Box<Expression>),
    /// A function of one number, or of several.
    Call(Function, Vec<Expression>),
    /// A function of all values of the last axis: of the expression for each value of an index. Within it the entries
    /// of a list are named by the index, `logits_k`.
    Over {
        /// [`Function::Sum`] or [`Function::LogSumExp`].
        function: Function,
        /// The index.
        index: String,
        /// What is summed.
        inner: Box<Expression>,
    },
    /// One expression where all conditions hold, a number elsewhere.
    Within {
        /// The conditions.
        conditions: Vec<Condition>,
        /// The value where they hold.
        inside: Box<Expression>,
        /// The value elsewhere.
        outside: f64,
    },
}

/// A function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Function {
    /// Of all values of an axis.
    Sum,
    /// ln Σ exp(a), of several numbers or all values of an axis.
    LogSumExp,
    /// ln a
    Ln,
    /// ln(1 + a)
    Log1p,
    /// eᵃ
    Exp,
    /// eᵃ − 1
    Expm1,
    /// √a
    Sqrt,
    /// |a|
    Abs,
    /// Γ(a)
    Gamma,
    /// ln Γ(a), a above 0
    LogGamma,
    /// The error function.
    Erf,
    /// The distribution function of N(0, 1).
    NormalCdf,
    /// tanh a
    Tanh,
    /// 1/(1 + e⁻ᵃ)
    Sigmoid,
    /// ln(1 + eᵃ)
    Softplus,
    /// The exponential integral E₁(a), a above 0.
    E1,
    /// eᵃ E₁(a), a above 0
    ExpE1,
    /// The integral of Dawson's function from 0 to a, a from 0 on.
    DawsonIntegral,
    /// The larger of two.
    Max,
    /// The smaller of two.
    Min,
}

/// `left < right` or `left <= right`.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    /// The smaller side.
    pub left: Expression,
    /// The larger side.
    pub right: Expression,
    /// Whether they may be equal.
    pub equal: bool,
}

impl Expression {
    /// The expression of a formula in which `names` stand for numbers or, with an index, for entries of lists.
    ///
    /// Clauses after the first are definitions (`z = (m - loc)/s`), which are put in place of their names, or
    /// conditions (`w > 0`), outside of which the value is 0. Of a chain of equal forms, `a = b`, the first counts.
    ///
    /// # Errors
    ///
    /// What in the formula is no function of these names that can be computed, in words.
    pub fn of(formula: &Maths, names: &[&str]) -> Result<Expression, String> {
        read::formula(formula, names)
    }

    /// The logarithm of an expression that is positive, taken apart: of a product the sum of the logarithms, of a
    /// sum of exponentials their log-sum-exp, of Γ the log-gamma function. Outside of the conditions it is −∞.
    pub fn ln(&self) -> Expression {
        logarithm::ln(self)
    }

    /// Its value in float64, where names have the values that `of` gives. NaN of a sum over an index that
    /// [`Expression::expand`] has not written out.
    pub fn value(&self, of: &dyn Fn(&str) -> f64) -> f64 {
        match self {
            Expression::Number(number) => *number,
            Expression::Pi => std::f64::consts::PI,
            Expression::E => std::f64::consts::E,
            Expression::Name(name) => of(name),
            Expression::Negative(inner) => -inner.value(of),
            Expression::Sum(terms) => terms.iter().map(|term| term.value(of)).sum(),
            Expression::Product(factors) => factors.iter().map(|factor| factor.value(of)).product(),
            Expression::Quotient(above, below) => above.value(of) / below.value(of),
            Expression::Power(base, exponent) => base.value(of).powf(exponent.value(of)),
            Expression::Call(function, arguments) => {
                let values: Vec<f64> = arguments.iter().map(|a| a.value(of)).collect();
                function.value(&values)
            }
            Expression::Over { .. } => f64::NAN,
            Expression::Within {
                conditions,
                inside,
                outside,
            } => match conditions.iter().all(|condition| condition.holds(of)) {
                true => inside.value(of),
                false => *outside,
            },
        }
    }

    /// With what `of` gives in place of names, and what can be worked out then.
    pub fn with(&self, of: &dyn Fn(&str) -> Option<Expression>) -> Expression {
        build::with(self, of)
    }

    /// Sums over the index written out, for its values 1 to `count`: `logits_k` becomes `logits_1`, ….
    pub fn expand(&self, index: &str, count: usize) -> Expression {
        build::expand(self, index, count)
    }

    /// Without its conditions: for arguments that are known to fulfil them.
    pub fn inside(&self) -> &Expression {
        match self {
            Expression::Within { inside, .. } => inside,
            other => other,
        }
    }

    /// Whether `found` holds of a part of it, or of the whole.
    pub fn any(&self, found: &dyn Fn(&Expression) -> bool) -> bool {
        found(self) || self.parts().iter().any(|part| part.any(found))
    }

    fn parts(&self) -> Vec<&Expression> {
        match self {
            Expression::Number(_) | Expression::Pi | Expression::E | Expression::Name(_) => vec![],
            Expression::Negative(inner) | Expression::Over { inner, .. } => vec![inner],
            Expression::Sum(all) | Expression::Product(all) | Expression::Call(_, all) => {
                all.iter().collect()
            }
            Expression::Quotient(a, b) | Expression::Power(a, b) => vec![a, b],
            Expression::Within {
                conditions, inside, ..
            } => {
                let sides = conditions.iter().flat_map(|c| [&c.left, &c.right]);
                sides.chain([&**inside]).collect()
            }
        }
    }
}

impl Condition {
    fn holds(&self, of: &dyn Fn(&str) -> f64) -> bool {
        let (left, right) = (self.left.value(of), self.right.value(of));
        left < right || self.equal && left == right
    }
}

impl Function {
    /// Its value in float64; of the wrong number of arguments NaN.
    fn value(self, arguments: &[f64]) -> f64 {
        match (self, arguments) {
            (Function::Sum, all) => all.iter().sum(),
            (Function::LogSumExp, all) => log_sum_exp(all),
            (Function::Max, [a, b]) => a.max(*b),
            (Function::Min, [a, b]) => a.min(*b),
            (_, &[a]) => match self {
                Function::Ln => a.ln(),
                Function::Log1p => a.ln_1p(),
                Function::Exp => a.exp(),
                Function::Expm1 => a.exp_m1(),
                Function::Sqrt => a.sqrt(),
                Function::Abs => a.abs(),
                Function::Gamma => libm::tgamma(a),
                Function::LogGamma => a.log_gamma(),
                Function::Erf => libm::erf(a),
                Function::NormalCdf => 0.5 * libm::erfc(-a * std::f64::consts::FRAC_1_SQRT_2),
                Function::Tanh => a.tanh(),
                Function::Sigmoid => a.sigmoid(),
                Function::Softplus => a.softplus(),
                Function::E1 => (-a).exp() * exp_e1(a),
                Function::ExpE1 => exp_e1(a),
                Function::DawsonIntegral => 0.5 * dawson(a).1,
                _ => f64::NAN,
            },
            _ => f64::NAN,
        }
    }
}

/// eᵃ E₁(a). At 0, where it is infinite, that of the smallest a which is the square of a number.
fn exp_e1(a: f64) -> f64 {
    let a = a.max(2.0 * f64::MIN_POSITIVE);
    1.0 / (a + e1_offset(a))
}
