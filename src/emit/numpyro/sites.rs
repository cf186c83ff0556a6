//! What is drawn: weights by their priors, targets by their likelihoods.

use super::{Context, line, refused};
use crate::diagnostic::Result;
use crate::emit::python::{Code, identifier, quoted, shape};
use crate::emit::scalar::Words;
use crate::ir::{Argument, Scalar};
use crate::likelihood::TargetKind;

/// A line for each tensor, latent variables first.
pub(super) fn weights(context: &mut Context, code: &mut Code) -> Result<()> {
    let model = context.model;
    for (handle, tensor) in model.tensors.iter() {
        let name = &tensor.name;
        let Some(prior) = &tensor.prior else {
            return Err(refused(format!(
                "`{name}` has no prior, so that its posterior cannot be drawn"
            ))
            .help("give it one: `prior = …` in its layer, or in the default block")
            .into());
        };
        if tensor.factors.is_some() {
            return Err(refused(format!(
                "the posterior of `{name}` has factors, which its prior has not"
            ))
            .into());
        }
        if prior.anchor.is_some() {
            return Err(refused(format!(
                "`{name}` has a prior about pretrained weights, which have no NumPyro here"
            ))
            .into());
        }
        let mut numbers = vec![];
        for parameter in &prior.parameters {
            numbers.push(scalar(context, parameter)?);
        }
        let distribution = prior.distribution.signature().name;
        let Some(mut law) = of_prior(distribution, &numbers) else {
            return Err(refused(format!(
                "the prior `{distribution}` of `{name}` is no distribution of NumPyro"
            ))
            .into());
        };
        if let Some(local) = prior.local {
            // Given its scales, one an output unit, the prior is a normal about 0.
            law = format!(
                "dist.Normal(0.0, {} * {})",
                numbers
                    .last()
                    .map_or("1.0".into(), |scale| bracketed(scale)),
                context.tensor(local)
            );
        }
        if !tensor.shape.0.is_empty() {
            law += &format!(".expand({})", shape(&tensor.shape.0));
        }
        line(
            code,
            format!(
                "{} = numpyro.sample({}, {law})",
                context.tensor(handle),
                quoted(name)
            ),
        )?;
    }
    line(code, String::new())
}

/// A prior as a distribution of NumPyro.
fn of_prior(name: &str, numbers: &[String]) -> Option<String> {
    let all = numbers.join(", ");
    Some(match name {
        "ScaleMixture" => {
            // One weight is that of the first of two.
            let (weights, scales) = numbers.split_at(numbers.len() / 2);
            let weights = match weights {
                [only] => format!("jnp.array([{only}, 1.0 - {}])", bracketed(only)),
                all => format!("jnp.array([{}])", all.join(", ")),
            };
            let scales = scales.join(", ");
            format!(
                "dist.MixtureSameFamily(dist.Categorical({weights} / {weights}.sum()), dist.Normal(0.0, jnp.array([{scales}])))"
            )
        }
        "Normal" | "Laplace" | "Cauchy" | "StudentT" | "HalfNormal" | "HalfCauchy"
        | "LogNormal" | "Gamma" | "InverseGamma" | "Exponential" | "Uniform" => {
            format!("dist.{name}({all})")
        }
        _ => return None,
    })
}

/// In brackets, where it is a sum or a product.
fn bracketed(text: &str) -> String {
    match text.contains(' ') {
        true => format!("({text})"),
        false => text.into(),
    }
}

/// A number of a prior or likelihood.
fn scalar(context: &Context, of: &Scalar) -> Result<String> {
    let leaf = |leaf: &Scalar| match leaf {
        Scalar::Learned(learned) => {
            let name = &context.model.learned[*learned].name;
            Err(refused(format!(
                "`{name}` is learned without a prior, so that its posterior cannot be drawn"
            ))
            .help("make it a latent variable: `latent NAME ~ HalfNormal(1)`, and NAME in its place")
            .into())
        }
        Scalar::Latent(latent) => Ok(context.tensor(*latent)),
        _ => unreachable!("a leaf is a learned number or a latent variable"),
    };
    let words = Words {
        functions: ["jnp.sqrt", "jnp.exp", "jnp.log", "jax.nn.softplus"],
        leaf: &leaf,
    };
    words.python(of)
}

/// A line for each target.
pub(super) fn targets(context: &Context, code: &mut Code) -> Result<()> {
    for (target, observe) in context.model.observed() {
        let mut arguments = vec![];
        for argument in &observe.arguments {
            arguments.push(match argument {
                Argument::Node(node) => context.value(*node),
                Argument::Numbers(numbers) if numbers.width == 1 => scalar(context, numbers.at(0))?,
                Argument::Numbers(numbers) => {
                    let each: Result<Vec<String>> = (0..numbers.width)
                        .map(|entry| scalar(context, numbers.at(entry)))
                        .collect();
                    format!("jnp.array([{}])", each?.join(", "))
                }
            });
        }
        let likelihood = observe.likelihood.signature();
        let named = |name: &str| {
            let place = likelihood.parameters.iter().position(|p| p.name == name);
            arguments[place.expect("an argument of the likelihood")].clone()
        };
        // A target of one label has no axis for it.
        let labels = |text: String| match target.kind {
            TargetKind::Binary => format!("{text}[..., 0]"),
            _ => text,
        };
        let law = match likelihood.name {
            "Categorical" => format!("Categorical(logits={})", named("logits")),
            "Bernoulli" => format!("Bernoulli(logits={})", labels(named("logits"))),
            "OrderedLogistic" => {
                // Of one place a row of one number.
                let eta = match target.kind.axes() {
                    None => format!("{}[..., 0]", named("eta")),
                    Some(_) => named("eta"),
                };
                let cutpoints = named("cutpoints");
                let cutpoints = match cutpoints.starts_with("jnp.array(") {
                    true => cutpoints,
                    false => format!("jnp.array([{cutpoints}])"),
                };
                format!("OrderedLogistic({eta}, {cutpoints})")
            }
            "MixtureNormal" => {
                let axes = target.kind.axes();
                let axes = axes.map_or(vec![target.kind.entries()], |axes| axes.sizes().to_vec());
                let axes: Vec<String> = axes.iter().map(usize::to_string).collect();
                let shape = format!("(len(x), {}, {})", axes.join(", "), observe.components);
                let parts = observe.arguments.iter().zip(&arguments);
                let parts: Vec<String> = parts
                    .map(|(argument, text)| match argument {
                        Argument::Node(_) => format!("({text}).reshape({shape})"),
                        Argument::Numbers(_) => text.clone(),
                    })
                    .collect();
                let [logits, loc, scale] = &parts[..] else {
                    return Err(refused("a mixture of other arguments").into());
                };
                format!(
                    "MixtureSameFamily(dist.Categorical(logits={logits}), dist.Normal({loc}, {scale}))"
                )
            }
            "ZeroInflatedPoisson" => format!(
                "ZeroInflatedDistribution(dist.Poisson(jnp.exp({})), gate_logits={})",
                named("log_rate"),
                named("gate_logits")
            ),
            "NegativeBinomial" => format!(
                "NegativeBinomial2(jnp.exp({}), {})",
                named("log_mean"),
                named("concentration")
            ),
            "Poisson" => format!("Poisson(jnp.exp({}))", named("log_rate")),
            "Binomial" => format!(
                "Binomial(total_count={}, logits={})",
                named("trials"),
                named("logits")
            ),
            "Normal" | "Laplace" | "StudentT" | "Cauchy" | "LogNormal" | "Gamma"
            | "InverseGamma" | "Exponential" => {
                format!("{}({})", likelihood.name, arguments.join(", "))
            }
            other => {
                return Err(
                    refused(format!("the likelihood `{other}` has no NumPyro here")).into(),
                );
            }
        };
        let (name, variable) = (quoted(&target.name), identifier(&target.name));
        if target.kind.reals().is_some() || matches!(target.kind, TargetKind::Count) {
            // A row [N] would be joined with [N, 1] as [N, N], without a word.
            let axes = target
                .kind
                .axes()
                .map_or(vec![target.kind.entries()], |axes| axes.sizes().to_vec());
            let of_one: Vec<String> = axes.iter().map(usize::to_string).collect();
            let of_one = of_one.join(", ");
            line(
                code,
                format!("if {variable} is not None and {variable}.shape != (len(x), {of_one}):"),
            )?;
            line(
                code,
                format!("    raise ValueError(\"{variable} is an array [N, {of_one}]\")"),
            )?;
        }
        line(
            code,
            format!("numpyro.sample({name}, dist.{law}, obs={variable})"),
        )?;
    }
    Ok(())
}
