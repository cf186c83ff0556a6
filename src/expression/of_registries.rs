//! The expressions of registry entries.

use super::build::{number, sum};
use super::{Expression, Function};
use crate::distribution::Distribution;
use crate::kl::ClosedForm;
use crate::layer::Layer;
use crate::likelihood::Likelihood;
use crate::maths::Maths;
use crate::posterior::{LEAST_SCALE, Transform};
use crate::signature::{Constant, Constants, Signature};

/// ln p(w) of a density of `count` parameters, every constant kept.
///
/// Its names are `w` and those of the signature; entries of a list have their place after it, from 1 on, unless one
/// number stands without a list: a mixture of three parameters has `weight`, `scales_1` and `scales_2`, one of four
/// `weight_1`, `weight_2`, `scales_1` and `scales_2`. Unless `fixed_weights`, a mixture divides its weights by their
/// sum. Outside of the support it is −∞: an [`Expression::Within`].
///
/// # Errors
///
/// Which function of the density is not known here.
pub fn log_prob(
    distribution: &dyn Distribution,
    count: usize,
    fixed_weights: bool,
) -> Result<Expression, String> {
    let formula = distribution.density(count, fixed_weights);
    let density = of(&formula, distribution.signature(), &["w"])?;
    let components = count / 2;
    Ok(density.expand("j", components).expand("k", components).ln())
}

/// The divergence of one entry by a closed form, of the posterior's `m` and `s` (its loc and scale; of a log-normal
/// posterior those of ln w) and the prior's parameters by the names of its signature.
///
/// # Errors
///
/// Which function of the formula is not known here.
pub fn closed_form(form: &dyn ClosedForm) -> Result<Expression, String> {
    of(form.formula(), form.prior().signature(), &["m", "s"])
}

/// −ln p(y) of one entry of a target, every constant kept, of `y` and the likelihood's arguments by the names of its
/// signature. That of `Categorical` has `logits_y`, the logit of the label, and a sum over the index `k` of `logits_k`,
/// the last axis of `logits`.
///
/// # Errors
///
/// Which function of the formula is not known here.
pub fn nll(likelihood: &dyn Likelihood) -> Result<Expression, String> {
    of(likelihood.formula(), likelihood.signature(), &["y"])
}

/// The mean of each number under a likelihood, of the parameters of its signature, and of a Cauchy distribution its
/// median; `None` where targets are labels.
///
/// # Errors
///
/// Which function of the formula is not known here.
pub fn mean(likelihood: &dyn Likelihood) -> Option<Result<Expression, String>> {
    let formula = likelihood.mean()?;
    Some(of(formula, likelihood.signature(), &[]))
}

/// What a layer makes of each entry `x` on its own, its arguments put in; `None` of a layer that is no such function.
///
/// # Errors
///
/// Which function of the formula is not known here.
pub fn pointwise(layer: &dyn Layer, arguments: &Constants) -> Option<Result<Expression, String>> {
    let formula = layer.formula(arguments)?;
    let numbers = |name: &str| match arguments.0.iter().find(|(own, _)| *own == name)?.1 {
        Constant::Number(value) => Some(number(value)),
        _ => None,
    };
    Some(of(formula, layer.signature(), &["x"]).map(|y| y.with(&numbers)))
}

/// The scale of a variable `rho`, with the [`LEAST_SCALE`] that the formula of a softplus leaves out.
///
/// # Errors
///
/// Which function of the formula is not known here.
pub fn scale(transform: Transform) -> Result<Expression, String> {
    let scale = of(transform.formula(), transform.signature(), &[])?;
    Ok(match scale {
        Expression::Call(Function::Softplus, _) => sum(vec![scale, number(LEAST_SCALE)]),
        other => other,
    })
}

/// The expression of a formula of the signature's arguments and some other names.
fn of(formula: &str, signature: &Signature, others: &[&str]) -> Result<Expression, String> {
    let arguments = signature.parameters.iter().map(|parameter| parameter.name);
    let names: Vec<&str> = arguments.chain(others.iter().copied()).collect();
    Expression::of(&Maths::parse(formula), &names).map_err(|what| {
        format!(
            "the formula of `{}`, {formula}, has no code: it holds {what}",
            signature.name
        )
    })
}
