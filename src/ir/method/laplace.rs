//! `laplace(structure = kronecker)`: a normal distribution around the `map` fit, by the curvature of the log joint there
//! (MacKay 1992; for deep networks Ritter et al. 2018, Immer et al. 2021, Daxberger et al. 2021).

use super::Method;
use crate::diagnostic::Diagnostic;
use crate::distribution::{Density, Distribution, Normal, Support};
use crate::ir::arena::{Handle, Table};
use crate::ir::inference::Inference;
use crate::ir::model::{Argument, Model, Node, Prior, Role, Tensor};
use crate::ir::scalar::Scalar;
use crate::layer::Operation;
use crate::likelihood::ArgumentAt;
use crate::signature::{Constant, Constants, Kind, Parameter, Signature};
use crate::words::list;

/// The method.
pub struct Laplace;

static SIGNATURE: Signature = Signature {
    name: "laplace",
    summary: "a normal distribution around the `map` fit, by the curvature there",
    parameters: &[
        Parameter {
            name: "structure",
            kind: Kind::Choice(&["diagonal", "kronecker", "full"]),
            default: Some("kronecker"),
            summary: "how much of the curvature is kept: of each entry alone, a product for each parameter, or all",
        },
        Parameter {
            name: "of",
            kind: Kind::Names(&["all", "last_layer"]),
            default: Some("all"),
            summary: "the layers whose parameters get a distribution, or `[f, hidden]`; others stay points",
        },
        Parameter {
            name: "predictive",
            kind: Kind::Choice(&["linearised", "probit", "sampled"]),
            default: Some("linearised"),
            summary: "draws of the network linearised at the fit, their average in closed form, or draws of the network",
        },
        Parameter {
            name: "prior",
            kind: Kind::Choice(&["fixed", "evidence"]),
            default: Some("fixed"),
            summary: "`evidence` multiplies the scale of every prior by the factor that the evidence is largest at",
        },
    ],
};

/// The code of what it cannot fit.
const CODE: &str = "E0421";

/// The parameters that a Laplace approximation gives a distribution: those under a prior, of the layers that `of` says.
///
/// # Errors
/// A layer that the network does not have, or that has no parameter under a prior.
pub fn covered(of: &Constant, inference: &Inference) -> Result<Table<Tensor, bool>, Diagnostic> {
    let model = &inference.model;
    let mut wanted = model.tensors.map(|_, _| false);
    match of {
        Constant::Word("last_layer") => {
            for tensor in last_layers(model) {
                wanted[tensor] = true;
            }
        }
        Constant::Names(names) => {
            for name in names {
                let mut found = false;
                for (handle, tensor) in model.tensors.iter() {
                    let rest = tensor.name.strip_prefix(name.as_str());
                    if rest.is_some_and(|rest| rest.starts_with('.')) {
                        wanted[handle] = true;
                        found = true;
                    }
                }
                if !found {
                    return Err(no_layer(name, model));
                }
            }
        }
        _ => wanted = model.tensors.map(|_, _| true),
    }
    let terms = || inference.loss.terms.iter();
    let has_term = |tensor| terms().any(|term| term.kind.tensor() == Some(tensor));
    let covered = model.tensors.map(|handle, tensor| {
        let applied = matches!(tensor.role, Role::Kernel | Role::Bias | Role::Row(_));
        wanted[handle] && applied && has_term(handle)
    });
    match covered.values().any(|covered| *covered) {
        true => Ok(covered),
        false => Err(Diagnostic::error(
            CODE,
            "`laplace` has no parameter to give a distribution: none of these layers has a prior",
        )
        .help(
            "a prior gives a parameter its distribution: `prior = Normal(0, 1)` of a layer, `gain: prior = Normal(1, 0.2)` of \
             a norm",
        )),
    }
}

fn no_layer(name: &str, model: &Model) -> Diagnostic {
    let mut layers: Vec<&str> = vec![];
    for tensor in model.tensors.values() {
        if let Some((layer, _)) = tensor.name.rsplit_once('.')
            && tensor.role.is_of_layer()
            && !layers.contains(&layer)
        {
            layers.push(layer);
        }
    }
    Diagnostic::error(CODE, format!("no layer with parameters is called `{name}`"))
        .note(format!("those with parameters are {}", list(&layers)))
}

/// The parameters of the layers nearest to the likelihood: behind each of its arguments the first with any.
fn last_layers(model: &Model) -> Vec<Handle<Tensor>> {
    let mut next: Vec<Handle<Node>> = model.arguments().filter_map(Argument::node).collect();
    let mut found = vec![];
    while let Some(node) = next.pop() {
        let node = &model.nodes[node];
        let own = node.call.iter().flat_map(|call| call.tensors());
        let own: Vec<Handle<Tensor>> = own.collect();
        match own.is_empty() {
            true => next.extend(&node.inputs),
            false => found.extend(own),
        }
    }
    found
}

impl Method for Laplace {
    fn signature(&self) -> &'static Signature {
        &SIGNATURE
    }

    fn remarks(&self, arguments: &Constants) -> Vec<String> {
        let of = match arguments.get("of") {
            Constant::Word("last_layer") => "the last layer".into(),
            Constant::Names(names) => names.join(", "),
            _ => "all layers".into(),
        };
        let kept = match arguments.word("structure") {
            "diagonal" => "its diagonal",
            "kronecker" => "a Kronecker product for each parameter",
            _ => "all of it",
        };
        let predicts = match arguments.word("predictive") {
            "linearised" => "draws of the network linearised at θ*",
            "probit" => {
                "the average over θ in closed form: probit for logits, the variances' sum for a normal target"
            }
            _ => "the network at draws of θ",
        };
        let mut remarks = vec![
            format!(
                "after the last epoch, at its point θ*: the parameters of {of} get N(θ*, P⁻¹), P = H + P₀, with H = Σ_n J_nᵀ \
                 Λ_n J_n the Gauss-Newton curvature of the data term (of H {kept}) and P₀ the prior's precision; others stay \
                 points"
            ),
            format!("predictions: {predicts}"),
        ];
        if arguments.word("prior") == "evidence" {
            remarks.push(
                "then the scale of every prior is multiplied by the factor that makes log p(D) largest at θ*".into(),
            );
        }
        remarks
    }

    fn remarks_of(&self, arguments: &Constants, inference: &Inference) -> Vec<String> {
        let Ok(covered) = covered(arguments.get("of"), inference) else {
            return vec![];
        };
        // A prior with its parameters' names, and how many entries they have.
        let mut priors: Vec<(String, Vec<&str>)> = vec![];
        let mut entries = 0;
        let model = &inference.model;
        let tensors = model.tensors.iter();
        for (_, tensor) in tensors.filter(|(handle, _)| covered[*handle]) {
            entries += tensor.shape.len();
            let Some(prior) = &tensor.prior else { continue };
            let precision = precision(prior);
            match priors.iter_mut().find(|(known, _)| *known == precision) {
                Some((_, names)) => names.push(&tensor.name),
                None => priors.push((precision, vec![&tensor.name])),
            }
        }
        let texts = priors.iter().map(|(precision, names)| match &names[..] {
            [_, _, _, _, ..] => {
                format!("{precision} (`{}` and {} more)", names[0], names.len() - 1)
            }
            few => format!("{precision} ({})", list(few)),
        });
        vec![format!(
            "the prior's precision P₀ has {entries} entries: {}",
            texts.collect::<Vec<_>>().join(", ")
        )]
    }

    fn methods(&self, arguments: &Constants, _: &Inference) -> Option<String> {
        let structure = match arguments.word("structure") {
            "diagonal" => "Of $H$ the diagonal is kept.",
            "kronecker" => {
                "Of $H$ a Kronecker product is kept for each parameter [@martens2015; @ritter2018]."
            }
            _ => "$H$ is kept whole.",
        };
        let of = match arguments.get("of") {
            Constant::Word("last_layer") => "of the last layer",
            Constant::Names(_) => "of some layers",
            _ => "of all layers",
        };
        let predictive = match arguments.word("predictive") {
            "linearised" => {
                "Predictions average over draws of the network linearised at $theta_\"MAP\"$ [@immer2021]."
            }
            "probit" => {
                "Predictions average over the network linearised at $theta_\"MAP\"$ [@immer2021] in closed form: logits \
                         $f$ of variance $v$ are taken as $f/sqrt(1 + pi v/8)$, and the variance of a normal target is \
                         $v + sigma^2$."
            }
            _ => "Predictions average over the network at draws of the parameters.",
        };
        let prior = match arguments.word("prior") {
            "evidence" => {
                " The scale of the priors is the one at which the evidence is largest [@mackay1992]."
            }
            _ => "",
        };
        Some(format!(
            "At the point $theta_\"MAP\"$ that is found the parameters {of} are given the normal distribution of mean $theta_\"MAP\"$ and \
             precision $P = H + P_0$, a Laplace approximation [@mackay1992; @daxberger2021]: $H$ is the Gauss-Newton curvature \
             of the data term and $P_0$ the precision of the prior. {structure} {predictive}{prior}"
        ))
    }

    fn prediction(&self, arguments: &Constants) -> Option<String> {
        let linearised = "f(x; theta_\"MAP\") + J(x) (theta - theta_\"MAP\")";
        Some(match arguments.word("predictive") {
            "linearised" => format!(
                "The predictive distribution is the mixture over $S$ draws of the network linearised at \
                 $theta_\"MAP\"$, each the same for all inputs: with $J(x)$ the network's Jacobian there and $y$ given the \
                 network's value distributed as the likelihood says, \
                 $$p(y | x, Data) approx 1/S sum_(s=1)^S p(y | f^((s))(x)), f^((s))(x) = {linearised}$$ with \
                 $theta = theta^((s)) ~ Normal(theta_\"MAP\", P^(-1))$."
            ),
            "probit" => format!(
                "The predictive distribution is the average over $theta ~ Normal(theta_\"MAP\", P^(-1))$ of that of the \
                 network linearised at $theta_\"MAP\"$, $${linearised},$$ with $J(x)$ its Jacobian there, in closed form as \
                 above: without draws."
            ),
            _ => return None,
        })
    }

    fn draws(&self, _: &Constants, _: &Inference, asked: usize) -> usize {
        asked
    }

    fn closed_form(&self, arguments: &Constants) -> Option<&'static str> {
        let is_probit = arguments.word("predictive") == "probit";
        is_probit.then_some("the average over the weights in closed form")
    }

    fn refuse(&self, arguments: &Constants, inference: &Inference) -> Vec<Diagnostic> {
        let span = inference.objective.span;
        let covered = match covered(arguments.get("of"), inference) {
            Ok(covered) => covered,
            Err(message) => return vec![message.at(span, "")],
        };
        let mut found = vec![];
        if inference.objective.temperature != 1.0 {
            let title = "`laplace` is of the posterior, whose temperature is 1";
            found.push(
                Diagnostic::error(CODE, title)
                    .at(span, "")
                    .help("leave `temperature` out"),
            );
        }
        let of_likelihood = (inference.model.observed()).filter_map(|(target, observe)| {
            likelihood(
                arguments,
                observe.likelihood,
                &observe.arguments,
                target.kind.entries(),
                &inference.model,
            )
            .map(|(why, help)| Diagnostic::error(CODE, why).at(observe.span, "").help(help))
        });
        found.extend(of_likelihood);
        let tensors = || {
            inference
                .model
                .tensors
                .iter()
                .filter(|(handle, _)| covered[*handle])
        };
        for (handle, tensor) in tensors() {
            if inference.fits[handle].posterior.support() != Support::Real {
                let title = format!(
                    "`{}` has a prior of positive or bounded numbers alone, which a normal distribution around its \
                                     point does not keep to",
                    tensor.name
                );
                found.push(
                    Diagnostic::error(CODE, title)
                        .at(span, "")
                        .help("leave its layer out of `of`"),
                );
            }
        }
        let chosen: Vec<_> = tensors().map(|(handle, _)| handle).collect();
        if let Some(recurrence) = recurrence_of(&inference.model, &chosen) {
            let title = format!(
                "`laplace` does not go through the recurrence `{}`",
                recurrence.name
            );
            found.push(
                Diagnostic::error(CODE, title)
                    .at(recurrence.span, "")
                    .note(
                        "each example's gradients are made of what layers take and give, and a recurrence multiplies its \
                         kernel with the states between",
                    )
                    .help("`of = last_layer` takes the layers behind it alone; `swag`, `hmc` and `mean_field` take it"),
            );
        }
        let is_kronecker = arguments.word("structure") == "kronecker";
        if is_kronecker {
            for (handle, tensor) in tensors() {
                let why = match unfolds(&inference.model, handle) {
                    Err(why) => why,
                    Ok(()) if of_padded_steps(&inference.model, handle) => {
                        "its layer takes padded sequences, and the factor of its inputs would count the padding as data"
                    }
                    Ok(()) => continue,
                };
                let title = format!("`{}` has no Kronecker factors", tensor.name);
                found.push(
                    Diagnostic::error(CODE, title)
                        .at(span, "")
                        .note(why)
                        .help("`structure = diagonal` or `full`, or leave its layer out of `of`"),
                );
            }
        }
        for (_, tensor) in tensors() {
            let Some(prior) = &tensor.prior else { continue };
            let is_normal = is_normal(prior);
            let (name, written) = (&tensor.name, &prior.written);
            let title = if prior.local.is_some() {
                Some(format!(
                    "the prior of `{name}` is `{written}`, whose entries depend on each other by its local scales"
                ))
            } else if arguments.word("prior") == "evidence" && !is_normal {
                Some(format!(
                    "`prior = evidence` scales normal priors, and that of `{name}` is `{written}`"
                ))
            } else if is_never_convex(prior) {
                Some(format!(
                    "the prior of `{name}` has no precision: -ln of `{written}` is nowhere convex"
                ))
            } else if is_kronecker && !is_normal && tensor.shape.len() > 1 {
                Some(format!(
                    "`structure = kronecker` takes one precision for all entries of `{name}`, and `{written}` has another at \
                     each"
                ))
            } else {
                None
            };
            if let Some(title) = title {
                let at = tensor.prior_from.span().unwrap_or(span);
                found.push(
                    Diagnostic::error(CODE, title)
                        .at(at, "")
                        .help("a normal prior, such as `Normal(0, 1)`"),
                );
                break;
            }
        }
        found
    }
}

fn is_normal(prior: &Prior) -> bool {
    prior.distribution == &Normal as &dyn Distribution && prior.local.is_none()
}

/// P₀ as `check` says it.
fn precision(prior: &Prior) -> String {
    let scale = prior.parameters.get(1).and_then(Scalar::fixed);
    match scale {
        Some(scale) if is_normal(prior) => crate::show(scale.powi(-2)),
        _ if is_normal(prior) => format!("1/scale² of {}", prior.written),
        _ => format!("-(ln p)″ of {} at θ*", prior.written),
    }
}

/// Why the likelihood has no curvature, or no closed form where one is asked for, and what has one.
fn likelihood(
    arguments: &Constants,
    likelihood: &'static dyn crate::likelihood::Likelihood,
    of: &[Argument],
    entries: usize,
    model: &Model,
) -> Option<(String, &'static str)> {
    let width = |argument: &Argument| match argument {
        Argument::Node(node) => model.nodes[*node].shape.len(),
        Argument::Numbers(numbers) => numbers.width,
    };
    let mut values: Vec<Vec<f64>> = of
        .iter()
        .map(|argument| vec![0.5; width(argument)])
        .collect();
    let at = values.iter().zip(of).map(|(values, argument)| ArgumentAt {
        values,
        is_of_network: argument.node().is_some(),
    });
    if let Err(why) = likelihood.information(&at.collect::<Vec<_>>(), &vec![true; entries]) {
        return Some((why, "`inference mean_field` needs no curvature"));
    }
    let variances: Vec<Vec<f64>> = of
        .iter()
        .map(|argument| match argument {
            Argument::Node(_) => vec![1.0; width(argument)],
            Argument::Numbers(_) => vec![],
        })
        .collect();
    match arguments.word("predictive") {
        "probit" => {
            let why = likelihood.averaged(&mut values, &variances).err()?;
            Some((
                why,
                "`predictive = linearised` or `sampled` averages over draws",
            ))
        }
        _ => None,
    }
}

/// A recurrence that has one of these parameters, or takes what depends on one.
fn recurrence_of<'m>(model: &'m Model, tensors: &[Handle<Tensor>]) -> Option<&'m Node> {
    let mut depends = model.nodes.map(|_, _| false);
    for (handle, node) in model.nodes.iter() {
        let Some(call) = &node.call else { continue };
        let own = call.tensors().any(|tensor| tensors.contains(&tensor));
        depends[handle] = own || node.inputs.iter().any(|input| depends[*input]);
        if depends[handle] && matches!(call.operation, Operation::Scan(_)) {
            return Some(node);
        }
    }
    None
}

/// Whether a layer that applies a kernel takes a sequence whose examples have lengths of their own.
fn of_padded_steps(model: &Model, tensor: Handle<Tensor>) -> bool {
    model.nodes.values().any(|node| {
        let kernel = node.call.as_ref().and_then(|call| call.kernel());
        let mut inputs = node.inputs.iter();
        kernel == Some(tensor) && inputs.any(|input| model.nodes[*input].length.is_some())
    })
}

/// Whether every layer that applies a kernel is a product of matrices, or why one is not; a parameter that is no kernel has
/// its own block.
fn unfolds(model: &Model, tensor: Handle<Tensor>) -> Result<(), &'static str> {
    let calls = model.nodes.values().filter_map(|node| node.call.as_ref());
    let mut applied = calls.filter(|call| call.kernel() == Some(tensor));
    applied.try_for_each(|call| match &call.operation {
        Operation::Linear(linear) => linear.unfolds(),
        _ => Ok(()),
    })
}

/// Whether −ln p of a prior with fixed numbers is convex at none of some points, near its centre and far out.
fn is_never_convex(prior: &Prior) -> bool {
    let numbers: Option<Vec<f64>> = prior.parameters.iter().map(Scalar::fixed).collect();
    let Some(numbers) = numbers else { return false };
    if is_normal(prior) {
        return false;
    }
    let density: &dyn Density<f64> = prior.distribution;
    let convex = |w: &f64| {
        let step = 1e-3 * w.abs();
        density.score(&numbers, w - step) - density.score(&numbers, w + step) > 1e-9
    };
    ![1e-3, 1e-2, 0.1, 0.5, 1.0, 3.0, 10.0]
        .iter()
        .any(|w| convex(w) || convex(&-w))
}
