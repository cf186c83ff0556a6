//! Expressions as Python code.

use super::Expression;
use super::Function;
use super::printer::Printer;

/// Whose functions the code calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// `torch`, `torch.nn.functional` as `F`, and `math` for numbers.
    Torch,
    /// `jax`, `jax.numpy` as `jnp`, and `math` for numbers.
    Jax,
}

/// What stands for a name in the code.
#[derive(Debug, Clone, PartialEq)]
pub struct Operand {
    /// Its text: a name, or any other expression, which gets brackets where it needs them.
    pub text: String,
    /// Whether it is a tensor. Else it is a Python float.
    pub tensor: bool,
}

impl Operand {
    /// A tensor.
    pub fn tensor(text: impl Into<String>) -> Self {
        let (text, tensor) = (text.into(), true);
        Operand { text, tensor }
    }

    /// A Python float.
    pub fn float(text: impl Into<String>) -> Self {
        let (text, tensor) = (text.into(), false);
        Operand { text, tensor }
    }
}

impl Dialect {
    /// The function of tensors, where one function serves.
    pub(super) fn function(self, function: Function) -> &'static str {
        use Function as F;
        match (self, function) {
            (_, F::Softplus) => "softplus",
            (_, F::E1 | F::ExpE1) => "exp_e1",
            (_, F::DawsonIntegral) => "dawson_integral",
            (Dialect::Torch, F::Ln) => "torch.log",
            (Dialect::Torch, F::Log1p) => "torch.log1p",
            (Dialect::Torch, F::Exp) => "torch.exp",
            (Dialect::Torch, F::Expm1) => "torch.expm1",
            (Dialect::Torch, F::Sqrt) => "torch.sqrt",
            (Dialect::Torch, F::Abs) => "torch.abs",
            (Dialect::Torch, F::LogGamma | F::Gamma) => "torch.lgamma",
            (Dialect::Torch, F::Erf) => "torch.erf",
            (Dialect::Torch, F::NormalCdf) => "torch.special.ndtr",
            (Dialect::Torch, F::Tanh) => "torch.tanh",
            (Dialect::Torch, F::Sigmoid) => "torch.sigmoid",
            (Dialect::Torch, F::Max) => "torch.maximum",
            (Dialect::Torch, F::Min) => "torch.minimum",
            (Dialect::Torch, F::Sum) => "torch.sum",
            (Dialect::Torch, F::LogSumExp) => "torch.logsumexp",
            (Dialect::Jax, F::Ln) => "jnp.log",
            (Dialect::Jax, F::Log1p) => "jnp.log1p",
            (Dialect::Jax, F::Exp) => "jnp.exp",
            (Dialect::Jax, F::Expm1) => "jnp.expm1",
            (Dialect::Jax, F::Sqrt) => "jnp.sqrt",
            (Dialect::Jax, F::Abs) => "jnp.abs",
            (Dialect::Jax, F::LogGamma | F::Gamma) => "jax.scipy.special.gammaln",
            (Dialect::Jax, F::Erf) => "jax.scipy.special.erf",
            (Dialect::Jax, F::NormalCdf) => "jax.scipy.special.ndtr",
            (Dialect::Jax, F::Tanh) => "jnp.tanh",
            (Dialect::Jax, F::Sigmoid) => "jax.nn.sigmoid",
            (Dialect::Jax, F::Max) => "jnp.maximum",
            (Dialect::Jax, F::Min) => "jnp.minimum",
            (Dialect::Jax, F::Sum) => "jnp.sum",
            (Dialect::Jax, F::LogSumExp) => "jax.scipy.special.logsumexp",
        }
    }

    /// The function of this library with this name, which both have.
    pub(super) fn own(self, function: &str) -> String {
        match self {
            Dialect::Torch => format!("torch.{function}"),
            Dialect::Jax => format!("jnp.{function}"),
        }
    }
}

impl Expression {
    /// As Python code on one line, with what `names` gives in place of names. A function of floats alone is one of
    /// `math`, any other one of the dialect. A sum over an index is taken over the last axis, and asks for its lists
    /// by their names: `logits` for `logits_k`.
    pub fn python(&self, dialect: Dialect, names: &dyn Fn(&str) -> Operand) -> String {
        Printer { dialect, names }.print(self).code.flat()
    }

    /// As a statement that begins with `start` (`return `, `kl = `), each line after `indent` blanks. One that is
    /// longer than 100 signs is broken as the formatter black does, without a line's end after the last.
    pub fn statement(
        &self,
        dialect: Dialect,
        names: &dyn Fn(&str) -> Operand,
        indent: usize,
        start: &str,
    ) -> String {
        let code = Printer { dialect, names }.print(self).code;
        code.lines(indent, start, "").join("\n")
    }
}
