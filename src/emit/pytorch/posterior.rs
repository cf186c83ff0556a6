//! Posteriors: the variables of each parameter, and its draw.

use super::{Context, array, library, refused, scalar};
use crate::diagnostic::{Failure, Result};
use crate::distribution::{Law, Support};
use crate::emit::python::{Code, number, quoted, shape};
use crate::ir::{Fitted, Handle, Role, Tensor};
use crate::plan::Family;
use crate::posterior::Transform;
use crate::signature::Domain;

/// The lines of `Model.__init__`.
pub(super) fn declarations(context: &Context, code: &mut Code) -> Result<()> {
    let inference = &context.plan.inference;
    for (handle, fitted) in inference.all_fitted() {
        code.comment(&what(&fitted));
        let (class, others) = class(context, handle, &fitted)?;
        let mut arguments = vec![quoted(&fitted.name), shape(&fitted.shape.0)];
        arguments.extend(others);
        let opening = format!("self.{} = {class}(", context.attribute(handle));
        code.call(&opening, &arguments, ")");
        let prior = fitted.prior.as_ref();
        if let Some(anchor) = prior.and_then(|prior| prior.anchor.as_ref()) {
            code.comment("The prior is about these pretrained weights.");
            let values = array::python(anchor, &fitted.shape.0, &fitted.name)?;
            let attribute = context.attribute(handle);
            let buffer =
                format!("self.{attribute}.register_buffer(\"anchor\", {values}, persistent=False)");
            code.line(buffer);
        }
    }
    for (handle, learned) in inference.learned.iter() {
        code.comment(&format!(
            "{}: learned, {}",
            learned.name,
            domain(learned.domain)
        ));
        let class = match learned.domain {
            Domain::Real => "LearnedNumber",
            Domain::Positive | Domain::NonNegative => "LearnedPositive",
            Domain::Unit | Domain::OpenUnit => "LearnedShare",
        };
        let (name, shape) = (quoted(&learned.name), shape(&learned.shape().0));
        let attribute = scalar::attribute(context, handle);
        code.line(format!("self.{attribute} = {class}({name}, {shape})"));
    }
    Ok(())
}

fn domain(domain: Domain) -> &'static str {
    match domain {
        Domain::Real => "any number",
        Domain::Positive | Domain::NonNegative => "above 0",
        Domain::Unit | Domain::OpenUnit => "between 0 and 1",
    }
}

/// What stands beside a parameter: its prior, posterior and estimator.
fn what(fitted: &Fitted) -> String {
    if let Role::State(_) = fitted.role {
        return format!("{}: kept between steps, not trained", fitted.name);
    }
    let prior = fitted
        .prior
        .as_ref()
        .map(|prior| format!(" ~ {}", prior.written));
    let estimator = fitted
        .estimator
        .map(|e| format!(", {}", e.signature().name));
    let written = &fitted.posterior.written;
    let (prior, estimator) = (prior.unwrap_or_default(), estimator.unwrap_or_default());
    format!("{}{prior}: {written}{estimator}", fitted.name)
}

/// The class of a parameter's variables, and its arguments beside name and shape.
fn class(
    context: &Context,
    handle: Handle<Tensor>,
    fitted: &Fitted,
) -> Result<(&'static str, Vec<String>)> {
    if let Role::State(_) = fitted.role {
        return Ok(("State", vec![]));
    }
    let posterior = fitted.posterior;
    let mut arguments = vec![];
    let class = match &context.plan.tensors[handle].family {
        Family::Point => return Ok(("Point", vec![])),
        Family::Independent {
            law, largest_rho, ..
        } => {
            arguments.extend(largest_rho.map(|rho| format!("largest_rho={}", number(rho))));
            match law {
                Law::Normal => "MeanField",
                Law::Laplace => "Laplace",
                Law::Cauchy => "Cauchy",
            }
        }
        Family::Variational { .. } => {
            match (posterior.family.signature().name, posterior.support()) {
                ("Delta", Support::Interval { low, high }) => {
                    return Ok(("PointBetween", vec![number(low), number(high)]));
                }
                ("Delta", _) => return Ok(("PositivePoint", vec![])),
                ("LogitNormal", Support::Interval { low, high }) => {
                    arguments.extend([low, high].map(number));
                    "LogitNormal"
                }
                ("LowRank", _) => {
                    arguments.push(posterior.arguments.count("rank").to_string());
                    "LowRank"
                }
                (other, _) if library::has(other) => other,
                (other, _) => {
                    return Err(
                        refused(format!("the posterior `{other}` has no PyTorch yet")).into(),
                    );
                }
            }
        }
    };
    if posterior.transform == Transform::Exp {
        arguments.push("transform=torch.exp".into());
    }
    Ok((class, arguments))
}

/// The lines of `Model.draw`.
pub(super) fn draws(context: &Context, code: &mut Code) -> Result<()> {
    code.block("return {", |code| {
        for (handle, tensor) in context.plan.model.tensors.iter() {
            if let Role::State(_) = tensor.role {
                continue;
            }
            let plan = &context.plan.tensors[handle];
            let variables = format!("self.{}", context.attribute(handle));
            let draw = match plan.family {
                Family::Point => format!("Known({variables}.loc)"),
                // Examples have noise of their own.
                Family::Independent { .. } if !plan.draws.noise => format!("{variables}.undrawn()"),
                _ => format!("{variables}.draw(noise)"),
            };
            code.entry(&quoted(&tensor.name), &draw);
        }
        Ok::<_, Failure>(())
    })?;
    code.line("}");
    Ok(())
}
