//! How far from 0 a network's values are before the first step: their root mean squares, layer by
//! layer, with weights drawn from the prior and with weights as they start.
//!
//! For independent weights of mean 0, entry j of a layer's output is a sum of `fan_in` products, and
//!
//! ```text
//! E[y²] = fan_in · E[w²] · E[x²] + E[b²]
//! E[f(y)²] = ∫ f(y)² N(y; 0, E[y²]) dy          an activation, by Gauss–Hermite
//! ```
//!
//! A norm's values have the mean square of its gain and shift, whatever it is given. All this
//! from E x² = 1 of the inputs on (He et al. 2015, eq. 7, for relu). Pools are taken to keep it, values that are joined to
//! be independent, and padding not to matter: the numbers are good to tell 1 from 100. What a recurrence or attention
//! gives depends on how long the sequences are and on how alike their steps: no rule is given for it.

use crate::ir::{Argument, Fitted, Handle, Inference, Initializer, Node, Tensor};
use crate::kl::Transform;
use crate::kl::rules::hermite;
use crate::layer::{Map, Operation};
use crate::posterior::{AtStart, Start};
use crate::tensor::Shape;

/// Nodes of a rule over an initialiser: its moments are exact with few.
const NODES: usize = 8;

/// The root mean square of each node's entries; `None` where it has none, and of what is made of a recurrence's or
/// attention's values.
pub type Spread = Vec<Option<f64>>;

/// With weights of the prior; those that have none, as they start.
pub fn under_prior(inference: &Inference) -> Spread {
    through(inference, |tensor| match &tensor.prior {
        Some(_) => prior_square(inference, &tensor),
        None => start_square(inference, tensor),
    })
}

/// With weights as they start, drawn from the posterior where there is one.
pub fn at_start(inference: &Inference) -> Spread {
    through(inference, |tensor| start_square(inference, tensor))
}

/// Of the value that the likelihood's first argument is.
pub fn output(inference: &Inference, spread: &Spread) -> Option<f64> {
    spread[first_output(inference)?.index()]
}

/// The value of the network that the likelihood takes first.
pub fn first_output(inference: &Inference) -> Option<Handle<Node>> {
    let mut arguments = inference.observe.arguments.iter();
    arguments.find_map(Argument::node)
}

fn through(inference: &Inference, square: impl Fn(Fitted) -> Option<f64>) -> Spread {
    let mut squares: Vec<Option<f64>> = Vec::new();
    for (_, node) in inference.nodes.iter() {
        let inputs = node.inputs.iter().map(|input| squares[input.index()]);
        let below: Option<Vec<f64>> = inputs.collect();
        squares.push(match &node.call {
            None => Some(1.0),
            Some(call) => below.and_then(|inputs| {
                let below = inputs[0];
                let function = match &call.operation {
                    Operation::Function(function) => Some(&**function),
                    Operation::Statistics(statistics) => Some(statistics.settled()),
                    _ => None,
                };
                if matches!(call.operation, Operation::Scan(_)) {
                    return None;
                }
                if let Some(function) = function {
                    let rows = call.parameters.iter().map(|row| match row {
                        Some(row) => Some(Some(square(inference.fitted(*row))?)),
                        None => Some(None),
                    });
                    let rows: Vec<Option<f64>> = rows.collect::<Option<_>>()?;
                    return function.mean_square(&inputs, &rows);
                }
                let kernel = call.kernel().map(|kernel| inference.fitted(kernel));
                let kernel = kernel.map_or(Some(1.0), |kernel| {
                    Some(kernel.fan_in as f64 * square(kernel)?)
                });
                let bias = call.bias().map(|bias| inference.fitted(bias));
                let bias = bias.map_or(Some(0.0), &square);
                let value = match &call.operation {
                    Operation::Map(map) if map.elementwise() => activated(&**map, below),
                    _ => below,
                };
                Some(value * kernel? + bias?)
            }),
        });
    }
    squares.into_iter().map(|x| x.map(f64::sqrt)).collect()
}

/// E[f(y)²] for y ~ N(0, square).
fn activated(map: &(impl Map<f64> + ?Sized), square: f64) -> f64 {
    let nodes = hermite(40);
    let x: Vec<f64> = nodes.iter().map(|n| square.sqrt() * n.at).collect();
    let mut y = vec![0.0; x.len()];
    map.forward(&x, &mut y);
    let density = |z: f64| (-0.5 * z * z).exp() / std::f64::consts::TAU.sqrt();
    let values = nodes.iter().zip(&y);
    values.map(|(n, y)| n.weight * density(n.at) * y * y).sum()
}

/// E w² under the prior.
pub fn prior_square(inference: &Inference, tensor: &Tensor) -> Option<f64> {
    let prior = tensor.prior.as_ref()?;
    if prior.local.is_some() {
        return None;
    }
    let parameters: Vec<f64> = prior
        .parameters
        .iter()
        .map(|s| inference.initial(s))
        .collect();
    let (mean, deviation) = prior.distribution.moments(&parameters);
    let anchor = prior.anchor.as_ref().map_or(0.0, |anchor| {
        anchor.iter().map(|w| w * w).sum::<f64>() / anchor.len() as f64
    });
    Some(mean?.powi(2) + deviation?.powi(2) + anchor)
}

/// The scale that a posterior starts with, in the middle of its initialiser or the mean of those that
/// pretrained weights give it; `None` of a point.
pub fn start_scale(tensor: Fitted) -> Option<f64> {
    if let Some(scales) = tensor
        .posterior
        .pretrained
        .as_ref()
        .and_then(|p| p.scales())
    {
        return Some(scales.sum::<f64>() / tensor.shape.len() as f64);
    }
    let rho = tensor.posterior.initializer("scale")?.mean();
    Some(tensor.posterior.transform.value(rho))
}

/// The standard deviation that an entry starts with; its scale where it has none, or is made of a normal.
pub fn start_deviation(tensor: Fitted) -> Option<f64> {
    let scale = start_scale(tensor)?;
    let variance = start_variance(tensor, scale).map(f64::sqrt);
    Some(variance.unwrap_or(scale))
}

/// The variance of an entry before the first step.
fn start_variance(tensor: Fitted, scale: f64) -> Option<f64> {
    let posterior = &tensor.posterior;
    let variables = posterior.variables(&tensor.shape);
    let mean_square = |argument: &str| {
        let mut of = variables.iter();
        let of = of.find(|variable| matches!(variable.start, Start::Argument(a) if a == argument));
        of.and_then(|of| mean_over(&posterior.start(of), &of.shape, &|u| Some(u * u)))
            .unwrap_or(0.0)
    };
    posterior.family.variance(&AtStart {
        scale,
        entries: tensor.shape.len(),
        arguments: &posterior.arguments,
        mean_square: &mean_square,
    })
}

/// The mean of a function of what an initialiser gives.
fn mean_over(start: &Initializer, shape: &Shape, of: &dyn Fn(f64) -> Option<f64>) -> Option<f64> {
    let nodes = start.rule(shape, NODES);
    nodes
        .iter()
        .map(|node| Some(node.weight * of(node.at)?))
        .sum()
}

/// E[w²] over the initialisers and the draw; `None` where it is infinite.
fn start_square(inference: &Inference, tensor: Fitted) -> Option<f64> {
    let posterior = &tensor.posterior;
    let scale = start_scale(tensor).unwrap_or(0.0);
    let square = |loc: f64| match posterior.made_of() {
        Transform::Identity => Some(loc * loc + start_variance(tensor, scale)?),
        Transform::Exp => Some((2.0 * (loc + scale * scale)).exp()),
        Transform::Logistic { low, high } => {
            let w = |z: f64| low + (high - low) / (1.0 + (-loc - scale * z).exp());
            let nodes = hermite(40);
            let density = |z: f64| (-0.5 * z * z).exp() / std::f64::consts::TAU.sqrt();
            let terms = nodes
                .iter()
                .map(|n| n.weight * density(n.at) * w(n.at).powi(2));
            Some(terms.sum())
        }
    };
    let of_locs = match &posterior.pretrained {
        Some(pretrained) => {
            let squares = pretrained.values.iter().map(|w| square(*w));
            squares.sum::<Option<f64>>()? / tensor.shape.len() as f64
        }
        None => mean_over(&posterior.initializer("loc")?, &tensor.shape, &square)?,
    };
    // Weights that are left out are 0; others are multiplied with what a kernel brings with it.
    let factors = tensor.factors.into_iter().flatten();
    let factors = factors.map(|factor| start_square(inference, inference.fitted(factor)));
    Some(of_locs * (1.0 - posterior.drop_rate()) * factors.product::<Option<f64>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Source;

    fn model(prior: &str, activation: &str) -> std::sync::Arc<Inference> {
        let text = format!(
            "model m\ninput x: real[100]\ntarget y: real\n\
             default {{ prior = {prior}, bias = none }}\n\
             network {{ a = dense(100)\n{activation}\nb = dense(100)\nf = dense(1) }}\n\
             observe y ~ Normal(f, 1)\nobjective elbo\n"
        );
        let name = "m.bnn".into();
        crate::compile::source(Source { name, text }, &[])
            .expect("a model")
            .inference
    }

    fn squares(model: &Inference, spread: &Spread) -> Vec<f64> {
        assert_eq!(spread.len(), model.nodes.len());
        spread.iter().map(|x| x.unwrap().powi(2)).collect()
    }

    /// Weights of variance 2/fan_in keep the mean square behind a relu (He et al. 2015).
    #[test]
    fn relu_halves_a_mean_square() {
        let model = model("Normal(0, sqrt(2 / fan_in))", "relu");
        let found = squares(&model, &under_prior(&model));
        for (found, expected) in found.iter().zip([1.0, 2.0, 1.0, 2.0, 4.0]) {
            assert!((found - expected).abs() < 1e-9, "{found} {expected}");
        }
    }

    /// E[tanh(z)²] for z ~ N(0, 1) is 0.394294 (by numerical integration).
    #[test]
    fn an_activation_is_integrated() {
        let model = model("Normal(0, 1 / sqrt(fan_in))", "tanh");
        let found = squares(&model, &under_prior(&model));
        assert!((found[2] - 0.394_294).abs() < 1e-4, "{}", found[2]);
    }

    /// What attention or a recurrence gives depends on how alike the steps are: no number is better than a wrong one.
    #[test]
    fn there_is_no_rule_for_what_reads_along_a_sequence() {
        for layer in ["attention(2)", "lstm(4, returns = steps)", "gru(4)"] {
            let text = format!(
                "model m\ninput x: real[5, 4]\ntarget y: real\ndefault {{ prior = Normal(0, 1) }}\n\
                 network {{ {layer}\nflatten\nf = dense(1) }}\nobserve y ~ Normal(f, 1)\nobjective elbo\n"
            );
            let name = "m.bnn".into();
            let model = crate::compile::source(Source { name, text }, &[]).unwrap();
            let model = &model.inference;
            assert_eq!(output(model, &under_prior(model)), None, "{layer}");
            assert_eq!(output(model, &at_start(model)), None, "{layer}");
        }
    }

    /// 100 (0.1² + softplus(-3)²) a layer.
    #[test]
    fn a_start_is_loc_and_scale() {
        let model = model("Normal(0, 1)", "relu");
        let found = squares(&model, &at_start(&model));
        let gain = 100.0 * (0.01 + 0.048_587_4f64.powi(2));
        assert!((found[1] - gain).abs() < 1e-6, "{} {gain}", found[1]);
    }

    /// E[w²] is the family's own: E[(2σ(z) - 1)²] for z ~ N(0.1, 0.2²) is 0.0122057 (by numerical
    /// integration).
    #[test]
    fn a_start_is_of_its_family() {
        let logistic = 0.012_205_69;
        let rank1 = 0.01 * (1.0 + 0.01f64).powi(2);
        for (prior, posterior, expected) in [
            ("Normal(0, 1)", "MeanField(0.1, 0.2)", Some(0.05)),
            ("Normal(0, 1)", "FullRank(0.1, 0.2)", Some(0.05)),
            ("Normal(0, 1)", "MatrixNormal(0.1, 0.2)", Some(0.05)),
            ("Normal(0, 1)", "Laplace(0.1, 0.2)", Some(0.09)),
            (
                "Normal(0, 1)",
                "Radial(0.1, 0.2)",
                Some(0.01 + 0.04 / 100.0),
            ),
            (
                "Normal(0, 1)",
                "LowRank(rank = 3, loc = 0.1, scale = 0.2, factor = 0.05)",
                Some(0.05 + 3.0 * 0.0025),
            ),
            ("Gamma(2, 2)", "LogNormal(0.1, 0.2)", Some(0.28f64.exp())),
            ("Uniform(-1, 1)", "LogitNormal(0.1, 0.2)", Some(logistic)),
            (
                "Normal(0, 1)",
                "Dropout(rate = 0.3, loc = 0.1)",
                Some(0.007),
            ),
            (
                "Normal(0, 1)",
                "Rank1(loc = 0.1, factor_scale = 0.1)",
                Some(rank1),
            ),
            ("StudentT(3, 0, 1)", "Cauchy(0.1, 0.2)", None),
        ] {
            let text = format!(
                "model m\ninput x: real[10]\ntarget y: real[10]\n\
                 default {{ prior = {prior}, posterior = {posterior}, bias = none }}\n\
                 network {{ f = dense(10) }}\nobserve y ~ Normal(f, 1)\nobjective elbo\n"
            );
            let name = "m.bnn".into();
            let model = crate::compile::source(Source { name, text }, &[])
                .unwrap_or_else(|failure| panic!("{posterior}: {failure}"))
                .inference;
            let found = output(&model, &at_start(&model)).map(|size| size * size / 10.0);
            match (found, expected) {
                (Some(found), Some(expected)) => assert!(
                    (found / expected - 1.0).abs() < 1e-5,
                    "{posterior}: {found} {expected}"
                ),
                _ => assert_eq!(found, expected, "{posterior}"),
            }
        }
    }

    #[test]
    fn a_prior_without_a_standard_deviation_has_none() {
        let model = model("StudentT(2, 0, 1)", "relu");
        assert_eq!(output(&model, &under_prior(&model)), None);
    }
}
