//! Many networks of the prior on the same inputs, and what is kept of them.

use super::Inputs;
use super::activation::Activation;
use super::draw;
use super::outputs::Outputs;
use super::spread::{Spread, Values, one_dominates, quantile};
use crate::exec::{self, ExampleWise, Kernels, Mode};
use crate::ir::{Call, Handle, Inference, Model, Node, Table, Tensor};
use crate::layer::Operation;
use crate::plan::Graph;
use rayon::prelude::*;
use serde::Serialize;
use std::sync::Arc;

/// A layer with weights, over all networks.
#[derive(Debug, Clone, Serialize)]
pub struct Layer {
    /// Its name.
    pub name: String,
    /// The shape of its kernel.
    pub shape: Vec<usize>,
    /// Products that meet in one pre-activation.
    pub fan_in: usize,
    /// The prior of its kernel; `None` where it has none and starts as training does.
    pub prior: Option<String>,
    /// That of its bias.
    pub bias_prior: Option<String>,
    /// The root mean square of what it takes; the median network's where one makes up the most of it.
    pub inputs_rms: f64,
    /// Its pre-activations.
    pub pre_activations: Spread,
    /// What follows it.
    pub then: Option<Then>,
    #[serde(skip)]
    pub(super) node: Handle<Node>,
}

/// The activation after a layer.
#[derive(Debug, Clone, Serialize)]
pub struct Then {
    /// Its name.
    pub activation: &'static str,
    /// Whether it is flat on both sides.
    pub saturates: bool,
    /// The share of units and examples where it is flat, if it is flat on both sides.
    pub saturated: Option<f64>,
    /// The share of units where it is flat for every example, if it is flat on one side.
    pub dead: Option<f64>,
}

/// What many networks come to.
pub(super) struct Measured {
    pub inputs_rms: f64,
    pub layers: Vec<Layer>,
    pub outputs: Outputs,
}

/// A layer with weights that is looked at, and the activation after it.
struct Site<'a> {
    layer: Handle<Node>,
    then: Option<(Handle<Node>, Activation<'a>)>,
}

/// What is kept of a layer in one network.
struct Seen {
    pre: Values,
    /// The mean square of what it takes.
    inputs: f64,
    /// What its activation's [`Activation::shares`] are.
    flat: Option<[f64; 2]>,
}

/// What is kept of one network.
struct Network {
    layers: Vec<Seen>,
    /// As [`crate::likelihood::Nll::predictive`] gives them, an example after the other.
    predictions: Vec<f64>,
}

/// Draws `draws` networks and runs each on all inputs.
pub(super) fn measure(model: &Inference, inputs: &Inputs, draws: usize) -> Measured {
    let (sites, infinite) = (sites(model), infinite(model));
    let graph = Arc::new(Graph::of_weights(model.model.clone()));
    let new = || exec::Network::new(graph.clone(), inputs.examples);
    // In the order of their numbers, whatever thread runs them.
    let networks: Vec<Network> = (0..draws as u64)
        .into_par_iter()
        .map_init(new, |network, draw| {
            run(model, &sites, inputs, draw, &graph, network)
        })
        .collect();
    let layers = sites.iter().enumerate().map(|(place, site)| {
        let seen: Vec<&Seen> = networks.iter().map(|n| &n.layers[place]).collect();
        layer(model, site, &seen, infinite[site.layer])
    });
    let predictions: Vec<&[f64]> = networks.iter().map(|n| &n.predictions[..]).collect();
    Measured {
        inputs_rms: mean_square(&inputs.values).sqrt(),
        layers: layers.collect(),
        outputs: Outputs::new(model, &predictions),
    }
}

/// The activation that a node applies.
fn activation(node: &Node) -> Option<Activation<'_>> {
    match &node.call.as_ref()?.operation {
        Operation::Map(map) => Activation::of(&**map),
        _ => None,
    }
}

fn sites(model: &Model) -> Vec<Site<'_>> {
    let mut sites: Vec<Site> = Vec::new();
    // By node: the place of the layer whose pre-activations it hands on. Pooling and views do, an
    // activation does not.
    let mut handed_on: Table<Node, Option<usize>> = Table::default();
    for (handle, node) in model.nodes.iter() {
        let above = node.inputs.first().and_then(|input| handed_on[*input]);
        let operation = node.call.as_ref().map(|call| &call.operation);
        let below = if let Some(Operation::Linear(_)) = operation {
            sites.push(Site {
                layer: handle,
                then: None,
            });
            Some(sites.len() - 1)
        } else if let Some(activation) = activation(node) {
            if let Some(place) = above {
                sites[place].then.get_or_insert((handle, activation));
            }
            None
        } else {
            // What joins values, or scales them, makes others of them.
            let is_other = matches!(
                operation,
                Some(Operation::Function(_) | Operation::Statistics(_) | Operation::Scan(_))
            );
            above.filter(|_| !is_other)
        };
        handed_on.push(below);
    }
    sites
}

/// Runs network number `draw` of the prior.
fn run(
    model: &Inference,
    sites: &[Site],
    inputs: &Inputs,
    draw: u64,
    graph: &Graph,
    network: &mut exec::Network<f64>,
) -> Network {
    let drawn = draw::network(model, draw);
    let kernels = Kernels {
        graph,
        variables: &draw::weights(model, &drawn),
        first: &[],
        second: &[],
        example_wise: &ExampleWise::default(),
        numbers: &draw::numbers(model, &drawn),
    };
    let examples = inputs.examples;
    network.forward(&kernels, &inputs.values, examples, Mode::Predict, None);
    let values = |node| network.values(node).unwrap_or(&inputs.values);
    let input = |node: Handle<Node>| values(model.nodes[node].inputs[0]);
    let seen = |site: &Site| Seen {
        pre: Values::of(values(site.layer)),
        inputs: mean_square(input(site.layer)),
        flat: site.then.as_ref().map(|(node, activation)| {
            let units = model.nodes[*node].shape.0.last().copied().unwrap_or(1);
            activation.shares(input(*node), units)
        }),
    };
    let mut predictions = vec![0.0; examples * model.summary().row()];
    network.predictive(&kernels, 0, &mut predictions);
    Network {
        layers: sites.iter().map(seen).collect(),
        predictions,
    }
}

fn layer(model: &Model, site: &Site, seen: &[&Seen], infinite: bool) -> Layer {
    let node = &model.nodes[site.layer];
    let tensor = |of: fn(&Call) -> Option<Handle<Tensor>>| {
        let handle = node.call.as_ref().and_then(of)?;
        Some(&model.tensors[handle])
    };
    let (kernel, bias) = (tensor(Call::kernel), tensor(Call::bias));
    let prior = |tensor: Option<&Tensor>| Some(model.prior_text(tensor?.prior.as_ref()?));
    Layer {
        name: node.name.clone(),
        shape: kernel.map_or(vec![], |kernel| kernel.shape.0.clone()),
        fan_in: kernel.map_or(1, |kernel| kernel.fan_in),
        prior: prior(kernel),
        bias_prior: prior(bias),
        inputs_rms: root_mean(seen.iter().map(|seen| seen.inputs).collect()),
        pre_activations: Spread::new(seen.iter().map(|seen| &seen.pre), infinite),
        then: site.then.as_ref().and_then(|(node, activation)| {
            let layer = model.nodes[*node].call.as_ref()?.layer?;
            Some(then(layer.signature().name, activation, seen))
        }),
        node: site.layer,
    }
}

/// The root of the mean of the networks' mean squares; of the median one's where one network is most of it.
fn root_mean(mut squares: Vec<f64>) -> f64 {
    squares.sort_unstable_by(f64::total_cmp);
    let sum: f64 = squares.iter().sum();
    if one_dominates(&squares) || !sum.is_finite() {
        quantile(&squares, 0.5).sqrt()
    } else {
        (sum / squares.len() as f64).sqrt()
    }
}

fn then(name: &'static str, activation: &Activation, seen: &[&Seen]) -> Then {
    let shares = seen.iter().filter_map(|seen| seen.flat);
    let mean = |which: usize| {
        let sum: f64 = shares.clone().map(|share| share[which]).sum();
        sum / seen.len().max(1) as f64
    };
    let saturates = activation.saturates();
    let one_side = !saturates && activation.flat.contains(&true);
    Then {
        activation: name,
        saturates,
        saturated: saturates.then(|| mean(0)),
        dead: one_side.then(|| mean(1)),
    }
}

fn mean_square(values: &[f64]) -> f64 {
    values.iter().map(|x| x * x).sum::<f64>() / values.len().max(1) as f64
}

/// By node: whether its values have an infinite standard deviation under the prior. A bounded activation
/// ends that.
fn infinite(model: &Inference) -> Table<Node, bool> {
    let mut infinite = Table::default();
    for node in model.nodes.values() {
        let above = node.inputs.iter().any(|input| infinite[*input]);
        let own = |call: &Call| {
            let kernel = call.kernel();
            let factors = kernel.and_then(|kernel| model.tensors[kernel].factors);
            let mut own = call.tensors().chain(factors.into_iter().flatten());
            own.any(|tensor| draw::sd(model, tensor).is_none())
        };
        let bounded = activation(node).is_some_and(|activation| activation.saturates());
        infinite.push(!bounded && (above || node.call.as_ref().is_some_and(own)));
    }
    infinite
}
