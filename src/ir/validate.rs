//! What every pass after lowering relies on. A model that holds all of it cannot make a plan or the
//! interpreter panic.

use super::inference::Inference;
use super::loss::*;
use super::method::Parameters;
use super::model::*;
use super::scalar::{Leaf, Scalar};
use crate::layer::{MOST_INPUTS, Sequences, Takes};
use crate::posterior::{Entries, Start};
use crate::signature::Kind;
use std::collections::HashSet;

/// Checks every invariant.
///
/// # Errors
///
/// The first that does not hold: a fault of the compiler, not of the file.
pub fn validate(inference: &Inference) -> Result<(), String> {
    let model = &*inference.model;
    names(model)?;
    graph(model)?;
    tensors(inference)?;
    learned(model)?;
    for (target, observed) in model.observed() {
        observe(model, target, observed)?;
    }
    loss(inference)
}

fn holds(condition: bool, what: impl FnOnce() -> String) -> Result<(), String> {
    if condition { Ok(()) } else { Err(what()) }
}

/// Values, parameters and learned numbers each have a name of their own.
fn names(model: &Model) -> Result<(), String> {
    let nodes = model.nodes.iter().map(|(_, node)| &node.name);
    let tensors = model.tensors.iter().map(|(_, tensor)| &tensor.name);
    let learned = model.learned.iter().map(|(_, learned)| &learned.name);
    let mut seen = HashSet::new();
    for name in nodes.chain(tensors).chain(learned) {
        holds(seen.insert(name), || {
            format!("two things are called {name}")
        })?;
    }
    Ok(())
}

/// The input first; every other value made of earlier ones, its shape what its arithmetic gives.
fn graph(model: &Model) -> Result<(), String> {
    // What belongs to no layer: latent variables, and what other parameters bring with them.
    let others = model
        .tensors
        .iter()
        .filter(|(_, tensor)| !tensor.role.is_of_layer());
    let mut kernels: HashSet<_> = others.map(|(other, _)| other).collect();
    for (handle, node) in model.nodes.iter() {
        let name = &node.name;
        let Some(call) = &node.call else {
            holds(handle.index() == 0, || format!("{name} is a second input"))?;
            holds(node.shape == model.input.shape, || {
                format!("{name} is not of the input's shape")
            })?;
            continue;
        };
        let takes = call.layer.map_or(Takes::One, |layer| layer.takes());
        let told = call.layer.map(|layer| layer.sequences());
        let told = usize::from(matches!(told, Some(Sequences::Told { .. })));
        let taken = match takes {
            Takes::One => (1..=1 + told).contains(&node.inputs.len()),
            Takes::Several => (2..=MOST_INPUTS + told).contains(&node.inputs.len()),
        };
        holds(taken, || format!("{name} has {} inputs", node.inputs.len()))?;
        let earlier = node.inputs.iter().all(|input| *input < handle);
        holds(earlier, || format!("{name} uses a later value"))?;
        holds(node.shape == call.operation.output(), || {
            format!("{name} has another shape than its value")
        })?;
        holds(!node.shape.is_empty(), || format!("{name} holds nothing"))?;
        let declared = call.operation.parameters();
        let slots = call.slots();
        holds(
            declared.len() == slots.len() && call.parameters.len() == slots.len(),
            || format!("{name} has a parameter and no use for it"),
        )?;
        for ((slot, declared), tensor) in slots.iter().zip(&declared).zip(&call.parameters) {
            let Some(tensor) = tensor else {
                holds(slot.optional, || format!("{name} has no {}", slot.name))?;
                continue;
            };
            let shape = &model.tensors[*tensor].shape;
            holds(*shape == declared.shape, || {
                format!("{name}.{} is {shape}", slot.name)
            })?;
            // Another use is of the same layer and slot.
            let again = || {
                let mut nodes = model
                    .nodes
                    .iter()
                    .filter_map(|(_, other)| other.call.as_ref());
                let owner = nodes.find(|other| other.tensors().any(|t| t == *tensor));
                owner.is_some_and(|owner| {
                    let same = owner.layer.map(|layer| layer.signature().name)
                        == call.layer.map(|layer| layer.signature().name);
                    let mut places = owner.slots().iter().zip(&owner.parameters);
                    same && places.any(|(other, of)| *of == Some(*tensor) && other == slot)
                })
            };
            holds(kernels.insert(*tensor) || again(), || {
                format!("{name} uses a parameter of another")
            })?;
        }
    }
    holds(kernels.len() == model.tensors.len(), || {
        "a parameter is not used".into()
    })
}

/// Every parameter's settings go together.
fn tensors(inference: &Inference) -> Result<(), String> {
    holds(inference.fits.len() == inference.tensors.len(), || {
        "a parameter is not fitted".into()
    })?;
    for (_, tensor) in inference.all_fitted() {
        let name = &tensor.name;
        let family = tensor.posterior.family;
        let variables = tensor.posterior.variables(&tensor.shape);
        let started = variables.iter().all(|variable| match variable.start {
            Start::Argument("scale")
                if inference.method.entry.parameters() == Parameters::Normals =>
            {
                true
            }
            Start::Argument(name) => tensor.posterior.initializer(name).is_some(),
            _ => true,
        });
        holds(started, || format!("{name} misses an initialiser"))?;
        if let Some(reason) = family.refuse(&tensor.shape) {
            return Err(format!("{name}: {reason}"));
        }
        let (prior, estimator) = (tensor.prior.is_some(), tensor.estimator.is_some());
        let right = match family.entries() {
            Entries::Point | Entries::Scaled => prior && !estimator,
            Entries::Free => !prior && !estimator,
            _ => prior && estimator,
        };
        holds(right, || {
            format!("{name}: prior, posterior and estimator do not go together")
        })?;
        if let Some(refusal) = tensor.estimator.and_then(|e| e.refuse(family.entries())) {
            return Err(format!("{name}: {refusal}"));
        }
        for scalar in tensor.prior.iter().flat_map(|prior| &prior.parameters) {
            if let Scalar::Fixed(value) = scalar {
                holds(value.is_finite(), || {
                    format!("a parameter of {name}'s prior is {value}")
                })?;
            }
        }
    }
    Ok(())
}

fn learned(model: &Model) -> Result<(), String> {
    for (_, learned) in model.learned.iter() {
        let inside = (learned.initial.iter()).all(|initial| learned.domain.holds(*initial));
        holds(inside, || {
            format!("{} starts from {}", learned.name, learned.initial_text())
        })?;
        let starts = learned.initial.len();
        holds(starts == 1 || starts == learned.entries, || {
            format!("{} has {starts} first values", learned.name)
        })?;
    }
    Ok(())
}

/// The likelihood's arguments are as many and as wide as it wants.
fn observe(model: &Model, target: &Target, observe: &Observe) -> Result<(), String> {
    let signature = observe.likelihood.signature();
    let widths = observe.likelihood.arguments(&target.kind)?;
    let components = observe.components;
    holds(
        observe.arguments.len() == signature.parameters.len(),
        || "an argument is missing".into(),
    )?;
    for ((argument, parameter), width) in observe
        .arguments
        .iter()
        .zip(signature.parameters)
        .zip(widths)
    {
        match argument {
            Argument::Node(node) => {
                let shape = &model.nodes[*node].shape;
                holds(shape.len() == width * components, || {
                    format!("{} is {shape}, not {width} wide", parameter.name)
                })?;
            }
            Argument::Numbers(numbers) => {
                let (given, count) = (numbers.each.len(), numbers.width);
                holds(
                    [1, width].contains(&count) && [1, count].contains(&given),
                    || format!("{} is {given} numbers for {width} entries", parameter.name),
                )?;
                for value in numbers.each.iter().filter_map(Scalar::fixed) {
                    let inside = match parameter.kind {
                        Kind::Value { domain } => domain.holds(value),
                        Kind::Count => value >= 1.0 && value.fract() == 0.0,
                        Kind::Ordered => value.is_finite(),
                        _ => false,
                    };
                    holds(inside, || format!("{} is {value}", parameter.name))?;
                }
                let leaves = numbers.each.iter().flat_map(Scalar::leaves);
                for leaf in leaves {
                    let Leaf::Learned(learned) = leaf else {
                        continue;
                    };
                    let entries = model.learned[learned].entries;
                    holds([1, count].contains(&entries), || {
                        format!("{} has {entries} numbers", model.learned[learned].name)
                    })?;
                }
            }
        }
    }
    Ok(())
}

/// The data terms first, one a target; every parameter either in one term or absent.
fn loss(inference: &Inference) -> Result<(), String> {
    let mut seen = HashSet::new();
    for (index, term) in inference.loss.terms.iter().enumerate() {
        let name = term.kind.name(inference);
        match term.kind {
            TermKind::Nll(target) => {
                holds(index == target && target <= inference.others.len(), || {
                    format!("{name} is term {index}")
                })?
            }
            TermKind::Kl(tensor, _)
            | TermKind::NegLogPrior(tensor)
            | TermKind::Surrogate(tensor) => {
                holds(index > inference.others.len(), || {
                    format!("{name} stands before a data term")
                })?;
                holds(inference.tensors[tensor].prior.is_some(), || {
                    format!("{name} has no prior")
                })?;
                holds(seen.insert(Subject::Tensor(tensor)), || {
                    format!("{name} joins twice")
                })?;
            }
        }
        let whole = term.scale.0.iter().filter(|factor| {
            matches!(
                factor,
                Factor::PerBatch | Factor::PerExample | Factor::Blundell
            )
        });
        holds(whole.count() == 1, || {
            format!("the scale of {name} is {}", term.scale)
        })?;
    }
    for absent in &inference.loss.absent {
        holds(seen.insert(absent.subject), || {
            "a parameter is absent and in a term".into()
        })?;
    }
    let all = inference.tensors.len() + inference.learned.len();
    holds(seen.len() == all, || {
        "a parameter is in no term, and not said to be absent".into()
    })
}
